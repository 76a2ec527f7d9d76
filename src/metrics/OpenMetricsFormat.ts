/**
 * Metrics in the OpenMetrics text format 1.0. Pure.
 *
 * @see https://prometheus.io/docs/specs/om/open_metrics_spec/
 * @since 0.1.0
 */
import * as PrometheusExposition from "./internal/exposition/PrometheusExposition.ts"
import type { Dropped } from "./internal/exposition/PrometheusFamilies.ts"
import * as PrometheusText from "./internal/exposition/PrometheusText.ts"
import * as PrometheusLabels from "./internal/model/PrometheusLabels.ts"
import type { MetricSnapshot } from "./MetricSnapshot.ts"

/**
 * Content type of the format.
 *
 * @category constants
 * @since 0.1.0
 */
export const contentType = "application/openmetrics-text; version=1.0.0; charset=utf-8"

/**
 * What an exposition may be told.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** Whether `_created` is written for every series that counts; `false` by default. */
  readonly created?: boolean | undefined
  /** Called for everything that is left out; does nothing by default. */
  readonly onDropped?: ((dropped: Dropped) => void) | undefined
}

/**
 * The exposition of a snapshot. It ends with `# EOF` and a line break.
 *
 * **Details**
 *
 * Names are made fit for Prometheus and values escaped, so that every snapshot
 * has a valid exposition. Counters and buckets carry their exemplars. Up-down
 * counters are gauges. Exponential histograms get explicit buckets, at the
 * resolution they were recorded with.
 *
 * **Gotchas**
 *
 * What the format forbids is not written: a counter that is negative or NaN, sum
 * and count of a histogram with negative bounds or a negative sum, a negative sum
 * or quantile of a summary, an exemplar of more than 128 characters.
 *
 * `_created` makes one more series of every counter, histogram and summary, and
 * Prometheus stores it as one.
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
  PrometheusExposition.format(snapshot, styleOf(options), options)

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
  PrometheusExposition.chunks(snapshot, styleOf(options), options)

/** How many characters the names and values of an exemplar's labels may have together. */
const exemplarLength = 128

const style: PrometheusExposition.Style = {
  head: ({ help, openMetrics: { name, type }, unit }) =>
    `# TYPE ${name} ${type}\n` +
    (unit !== undefined && name.endsWith(`_${unit}`) ? `# UNIT ${name} ${unit}\n` : "") +
    (help === "" ? "" : `# HELP ${name} ${PrometheusText.help(help).replace(/"/g, "\\\"")}\n`),
  bound: (value) => PrometheusText.shortest(value).replace(/^-?\d+$/, "$&.0"),
  lenient: false,
  exemplar: ({ spanId, timeMillis, traceId, value }) => {
    const ids = [["trace_id", traceId], ["span_id", spanId]] as const
    const labels = ids.filter(([, id]) => id !== "")
    const characters = labels.flat().join("")
    // The format allows a zero character; Prometheus refuses the whole scrape over one in an exemplar.
    if (Array.from(characters).length > exemplarLength || characters.includes("\0")) return ""
    const text = labels.map(([name, id]) => `${name}="${PrometheusLabels.escape(id)}"`).join(",")
    const time = Number.isFinite(timeMillis) ? ` ${PrometheusText.seconds(timeMillis)}` : ""
    return ` # {${text}} ${PrometheusText.number(value)}${time}`
  },
  created: false,
  foot: "# EOF\n"
}

const styleWithCreated: PrometheusExposition.Style = { ...style, created: true }

const styleOf = (options: Options | undefined) => options?.created === true ? styleWithCreated : style
