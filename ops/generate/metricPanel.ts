/**
 * The panel of a metric of the catalog: its type decides the query, its declaration gives unit, labels and description.
 */
import { type CatalogMetric, titleOf } from "./CatalogMetric.ts"
import type { Panel, Target } from "./DashboardSpec.ts"

/** Labels that a dashboard can select by, beside job and instance. */
export interface Selection {
  readonly labels?: ReadonlyArray<string>
}

export const select = (name: string, { labels = [] }: Selection = {}, more: ReadonlyArray<string> = []): string =>
  `${name}{${[...["job", "instance", ...labels].map((label) => `${label}=~"$${label}"`), ...more].join(", ")}}`

const selectedBy = ({ attributes }: CatalogMetric, { labels = [] }: Selection): Selection => ({
  labels: labels.filter((label) => attributes.includes(label))
})

const sumBy = (labels: ReadonlyArray<string>, expr: string, function_ = "sum"): string =>
  labels.length === 0 ? `${function_}(${expr})` : `${function_} by (${labels.join(", ")}) (${expr})`

const legendOf = (labels: ReadonlyArray<string>, otherwise: string): string =>
  labels.length === 0 ? otherwise : labels.map((label) => `{{${label}}}`).join(" ")

/** The attributes that tell the lines of a panel apart: at most three. */
const linesOf = ({ attributes }: CatalogMetric): ReadonlyArray<string> => attributes.slice(0, mostLabels)

const mostLabels = 3

export const quantile = (share: number, name: string, selection: Selection, by: ReadonlyArray<string>): string =>
  `histogram_quantile(${share}, ${
    sumBy([...by, "le"], `rate(${select(`${name}_bucket`, selection)}[$__rate_interval])`)
  })`

const units: Readonly<Record<string, { readonly value: string; readonly rate: string }>> = {
  seconds: { value: "s", rate: "percentunit" },
  bytes: { value: "bytes", rate: "Bps" },
  ratio: { value: "percentunit", rate: "percentunit" }
}

const counts = { value: "short", rate: "cps" }

const targetsOf = (metric: CatalogMetric, selection: Selection, by: ReadonlyArray<string>): ReadonlyArray<Target> => {
  const { name, type } = metric
  const selected = select(name, selectedBy(metric, selection))
  switch (type) {
    case "counter":
      return [{ expr: sumBy(by, `rate(${selected}[$__rate_interval])`), legend: legendOf(by, "a second") }]
    case "histogram":
      return [0.5, 0.95, 0.99].map((share) => ({
        expr: quantile(share, name, selectedBy(metric, selection), by),
        legend: `p${share * 100} ${legendOf(by, "")}`.trimEnd(),
        exemplars: true
      }))
    case "upDownCounter":
      return [{ expr: sumBy(by, selected), legend: legendOf(by, "now") }]
    default: {
      const labels = ["instance", ...by]
      const value = name.endsWith("_timestamp_seconds") ? `time() - ${selected}` : selected
      return [{ expr: sumBy(labels, value, "max"), legend: legendOf(labels, "now") }]
    }
  }
}

/** The panel of a metric. `by` are the labels that tell its lines apart; its first three attributes unless given. */
export const metricPanel = (
  metric: CatalogMetric,
  selection: Selection = {},
  by: ReadonlyArray<string> = linesOf(metric)
): Panel => {
  const unit = units[metric.unit ?? ""] ?? counts
  return {
    kind: "lines",
    title: titleOf(metric),
    description: `${metric.help}\n\n\`${metric.name}\``,
    unit: metric.type === "counter" ? unit.rate : unit.value,
    targets: targetsOf(metric, selection, by)
  }
}

/** Where the values of a histogram lie, over time. */
export const heatmap = (metric: CatalogMetric, selection: Selection = {}): Panel => ({
  kind: "heatmap",
  title: `${titleOf(metric)}, all values`,
  description: `${metric.help}\n\n\`${metric.name}\``,
  unit: (units[metric.unit ?? ""] ?? counts).value,
  targets: [{
    expr: sumBy(
      ["le"],
      `increase(${select(`${metric.name}_bucket`, selectedBy(metric, selection))}[$__rate_interval])`
    ),
    legend: "{{le}}"
  }]
})
