/**
 * Metrics in the OpenMetrics text format 1.0. Pure.
 *
 * @see https://prometheus.io/docs/specs/om/open_metrics_spec/
 * @since 0.1.0
 */
import { openMetricsStyle } from "./internal/exposition/openMetricsStyle.ts"
import * as PrometheusExposition from "./internal/exposition/PrometheusExposition.ts"
import type { Dropped } from "./internal/exposition/PrometheusFamilies.ts"
import type { MetricSnapshot } from "./MetricSnapshot.ts"

/**
 * Content type of the format.
 *
 * @category constants
 * @since 0.1.0
 */
export const contentType = "application/openmetrics-text; version=1.0.0; charset=utf-8"

/**
 * Options of an exposition.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** Whether every counting series gets a sample `_created`; `false` by default. */
  readonly created?: boolean | undefined
  /** Called for everything that is left out; does nothing by default. */
  readonly onDropped?: ((dropped: Dropped) => void) | undefined
}

/**
 * Gives the exposition of a snapshot, which ends with `# EOF` and a line break.
 *
 * **Details**
 *
 * Names are changed to valid names of Prometheus, and values are escaped. So every snapshot has a valid exposition.
 * Counters and buckets carry their exemplars. Up-down counters are gauges. Exponential histograms get explicit buckets
 * of the same resolution.
 *
 * **Gotchas**
 *
 * The exposition leaves out what the format forbids: a counter that is negative or NaN, a negative sum or quantile of a
 * summary, and an exemplar of more than 128 characters. It also leaves out sum and count of a histogram with negative
 * bounds or a negative sum.
 *
 * `_created` is one more series for every counter, histogram and summary, and Prometheus stores it as one.
 *
 * **Example** (One counter)
 *
 * ```ts
 * import * as OpenMetricsFormat from "tasker-telemetry/metrics/OpenMetricsFormat"
 *
 * OpenMetricsFormat.format({
 *   timeMillis: 0,
 *   metrics: [{
 *     name: "jobs_total",
 *     help: "Jobs done.",
 *     type: "counter",
 *     unit: undefined,
 *     attributes: ["kind"],
 *     series: [{ attributes: { kind: "mail" }, startMillis: 0, value: 3, exemplars: [] }]
 *   }]
 * })
 * // # TYPE jobs counter
 * // # HELP jobs Jobs done.
 * // jobs_total{kind="mail"} 3
 * // # EOF
 * ```
 *
 * @see {@link chunks} for large snapshots
 * @category encoding
 * @since 0.1.0
 */
export const format = (snapshot: MetricSnapshot, options?: Options): string =>
  PrometheusExposition.format(snapshot, openMetricsStyle(options?.created === true), options)

/**
 * Gives the exposition as UTF-8 in pieces of about 32 KiB. Each piece is made
 * when it is asked for, so that a caller can let other fibers run in between. A
 * piece is empty if work was done that could not be written yet.
 *
 * @category encoding
 * @since 0.1.0
 */
export const chunks = (snapshot: MetricSnapshot, options?: Options): Iterable<Uint8Array<ArrayBuffer>> =>
  PrometheusExposition.chunks(snapshot, openMetricsStyle(options?.created === true), options)
