/**
 * Metrics in the Prometheus text exposition format 0.0.4. Pure.
 *
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
 * @since 0.1.0
 */
import * as PrometheusExposition from "./internal/exposition/PrometheusExposition.ts"
import type { Dropped } from "./internal/exposition/PrometheusFamilies.ts"
import { prometheusStyle } from "./internal/exposition/prometheusStyle.ts"
import type { MetricSnapshot } from "./MetricSnapshot.ts"

/**
 * Content type of the format.
 *
 * @category constants
 * @since 0.1.0
 */
export const contentType = "text/plain; version=0.0.4; charset=utf-8"

/**
 * Options of an exposition.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** Called for everything that is left out; does nothing by default. */
  readonly onDropped?: ((dropped: Dropped) => void) | undefined
}

/**
 * Gives the exposition of a snapshot, with a line break at its end. An empty snapshot gives the empty text.
 *
 * **Details**
 *
 * Names are changed to valid names of Prometheus, and values are escaped. So every snapshot has a valid exposition.
 * Up-down counters and infos are gauges. Exponential histograms get explicit buckets of the same resolution. The format
 * has no exemplars and no start of series.
 *
 * **Example** (One counter)
 *
 * ```ts
 * import * as PrometheusFormat from "tasker-telemetry/metrics/PrometheusFormat"
 *
 * PrometheusFormat.format({
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
 * // # HELP jobs_total Jobs done.
 * // # TYPE jobs_total counter
 * // jobs_total{kind="mail"} 3
 * ```
 *
 * @see {@link chunks} for large snapshots
 * @category encoding
 * @since 0.1.0
 */
export const format = (snapshot: MetricSnapshot, options?: Options): string =>
  PrometheusExposition.format(snapshot, prometheusStyle, options)

/**
 * Gives the exposition as UTF-8 in pieces of about 32 KiB. Each piece is made
 * when it is asked for, so that a caller can let other fibers run in between. A
 * piece is empty if work was done that could not be written yet.
 *
 * @category encoding
 * @since 0.1.0
 */
export const chunks = (snapshot: MetricSnapshot, options?: Options): Iterable<Uint8Array<ArrayBuffer>> =>
  PrometheusExposition.chunks(snapshot, prometheusStyle, options)
