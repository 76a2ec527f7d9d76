/**
 * Metrics in the Prometheus text exposition format 0.0.4. Pure.
 *
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
 * @since 0.1.0
 */
import type { FamilySnapshot, HistogramValue, SeriesSnapshot } from "./MetricSnapshot.ts"

/**
 * Content type of the format.
 *
 * @category constants
 * @since 0.1.0
 */
export const contentType = "text/plain; version=0.0.4; charset=utf-8"

const types = { counter: "counter", upDownCounter: "gauge", gauge: "gauge", histogram: "histogram" } as const

/**
 * The exposition of a snapshot; empty for an empty snapshot, else it ends with a
 * line break.
 *
 * **Example** (One counter)
 *
 * ```ts
 * import * as PrometheusFormat from "tasker-telemetry/metrics/PrometheusFormat"
 *
 * PrometheusFormat.format([{
 *   name: "jobs_total",
 *   help: "Jobs done.",
 *   type: "counter",
 *   attributes: ["kind"],
 *   buckets: undefined,
 *   series: [{ attributes: { kind: "mail" }, value: 3 }]
 * }])
 * // # HELP jobs_total Jobs done.
 * // # TYPE jobs_total counter
 * // jobs_total{kind="mail"} 3
 * ```
 *
 * @category encoding
 * @since 0.1.0
 */
export const format = (snapshot: ReadonlyArray<FamilySnapshot>): string => snapshot.map(formatFamily).join("")

const formatFamily = (family: FamilySnapshot): string => {
  let text = `# HELP ${family.name} ${escapeHelp(family.help)}\n# TYPE ${family.name} ${types[family.type]}\n`
  for (const series of family.series) {
    text += typeof series.value === "number"
      ? sample(family.name, labelsOf(series), series.value)
      : histogram(family, labelsOf(series), series.value)
  }
  return text
}

const labelsOf = (series: SeriesSnapshot): string =>
  Object.keys(series.attributes).map((key) => `${key}="${escapeValue(series.attributes[key] ?? "")}"`).join(",")

const histogram = (family: FamilySnapshot, labels: string, value: HistogramValue): string => {
  const prefix = labels === "" ? "" : `${labels},`
  let cumulative = 0
  let text = ""
  value.counts.forEach((count, index) => {
    cumulative += count
    const bound = family.buckets?.[index]
    text += sample(
      `${family.name}_bucket`,
      `${prefix}le="${bound === undefined ? "+Inf" : formatNumber(bound)}"`,
      cumulative
    )
  })
  return text + sample(`${family.name}_sum`, labels, value.sum) + sample(`${family.name}_count`, labels, value.count)
}

const sample = (name: string, labels: string, value: number) =>
  `${name}${labels === "" ? "" : `{${labels}}`} ${formatNumber(value)}\n`

const formatNumber = (value: number): string =>
  Number.isNaN(value) ? "NaN" : value === Infinity ? "+Inf" : value === -Infinity ? "-Inf" : String(value)

const escapeHelp = (text: string) => text.replace(/\\/g, "\\\\").replace(/\n/g, "\\n")

/** Line feeds, quotes and backslashes are escaped; a lone surrogate is not UTF-8 and becomes U+FFFD. */
const escapeValue = (text: string) =>
  text.toWellFormed().replace(/\\/g, "\\\\").replace(/"/g, "\\\"").replace(/\n/g, "\\n")
