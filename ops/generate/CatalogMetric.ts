/**
 * The metrics that dashboards show: those of the catalogs, and those of the telemetry about itself.
 */
import * as Effect from "effect/Effect"
import { MetricCatalog } from "tasker-telemetry"
import { type SelfMetric, selfMetrics } from "../../docs/generate/selfMetrics.ts"

export type CatalogMetric = SelfMetric

const { catalog, clusterCatalog, operationCatalog, resourceCatalog, runtimeCatalog, sqlCatalog } = MetricCatalog

/** Without the metrics that repeat another one. */
const withoutAliases = (metrics: ReadonlyArray<CatalogMetric & { readonly alias?: unknown }>) =>
  metrics.filter(({ alias }) => alias === undefined)

const workflow: ReadonlyArray<CatalogMetric> = withoutAliases(Object.values(catalog))

export interface CatalogMetrics {
  readonly tasks: ReadonlyArray<CatalogMetric>
  readonly steps: ReadonlyArray<CatalogMetric>
  readonly slots: ReadonlyArray<CatalogMetric>
  readonly operations: ReadonlyArray<CatalogMetric>
  readonly runtime: ReadonlyArray<CatalogMetric>
  readonly sql: ReadonlyArray<CatalogMetric>
  readonly resources: ReadonlyArray<CatalogMetric>
  readonly cluster: ReadonlyArray<CatalogMetric>
  readonly self: ReadonlyArray<CatalogMetric>
}

/** Reads the catalogs. The metrics of the telemetry about itself come from a telemetry that is built for this. */
export const read = Effect.map(selfMetrics, (self): CatalogMetrics => ({
  tasks: workflow.filter(({ attributes }) => attributes.includes("task") && !attributes.includes("step")),
  steps: workflow.filter(({ attributes }) => attributes.includes("step")),
  slots: workflow.filter(({ attributes }) => !attributes.includes("task")),
  operations: Object.values(operationCatalog),
  runtime: Object.values(runtimeCatalog),
  sql: Object.values(sqlCatalog),
  resources: Object.values(resourceCatalog),
  cluster: Object.values(clusterCatalog),
  self
}))

const acronyms: Readonly<Record<string, string>> = { sql: "SQL", db: "Database", cpu: "CPU", gc: "GC" }

/** What a panel is called: `tasker_step_queue_seconds` is `Step queue`. */
export const titleOf = ({ name }: CatalogMetric): string => {
  const words = name.replace(/^tasker_/, "").replace(/_total$/, "")
    .replace(/_(?:timestamp_)?(?:seconds|bytes|ratio|info)$/, "").split("_")
  const text = words.map((word) => acronyms[word] ?? word).join(" ")
  return text.charAt(0).toUpperCase() + text.slice(1)
}
