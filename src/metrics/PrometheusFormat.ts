/**
 * Metrics in the Prometheus text exposition format 0.0.4. Pure.
 *
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
 * @since 0.1.0
 */
import * as PrometheusExposition from "./internal/exposition/PrometheusExposition.ts"
import type { Dropped } from "./internal/exposition/PrometheusFamilies.ts"
import * as PrometheusText from "./internal/exposition/PrometheusText.ts"
import type { MetricSnapshot } from "./MetricSnapshot.ts"

/**
 * Content type of the format.
 *
 * @category constants
 * @since 0.1.0
 */
export const contentType = "text/plain; version=0.0.4; charset=utf-8"

/**
 * What an exposition may be told.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** Called for everything that is left out; does nothing by default. */
  readonly onDropped?: ((dropped: Dropped) => void) | undefined
}

/**
 * The exposition of a snapshot; empty for an empty snapshot, else it ends with a
 * line break.
 *
 * **Details**
 *
 * Names are made fit for Prometheus and values escaped, so that every snapshot
 * has a valid exposition. Up-down counters and infos are gauges. Exponential
 * histograms get explicit buckets, at the resolution they were recorded with.
 * Exemplars and the start of series have no place in this format.
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
  PrometheusExposition.format(snapshot, style, options)

/**
 * The exposition as UTF-8 in pieces of about 32 KiB, each made when it is asked
 * for, so that a caller can let others run in between.
 *
 * **Gotchas**
 *
 * A piece may be empty: then work has been done that could not be written yet.
 *
 * @category encoding
 * @since 0.1.0
 */
export const chunks = (snapshot: MetricSnapshot, options?: Options): Iterable<Uint8Array<ArrayBuffer>> =>
  PrometheusExposition.chunks(snapshot, style, options)

const style: PrometheusExposition.Style = {
  head: ({ help, name, type }) =>
    `${help === "" ? "" : `# HELP ${name} ${PrometheusText.help(help)}\n`}# TYPE ${name} ${type}\n`,
  bound: PrometheusText.shortest,
  lenient: true,
  exemplar: undefined,
  created: false,
  foot: ""
}
