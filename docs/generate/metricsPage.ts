/**
 * The reference page of the metrics.
 */
import * as Effect from "effect/Effect"
import { MetricCatalog } from "tasker-telemetry"
import { type OriginalMetric, originalMetrics, type OriginalSource, temporalMetrics } from "./originalMetrics.ts"
import { type SelfMetric, selfMetrics } from "./selfMetrics.ts"

interface Entry extends SelfMetric {
  readonly buckets?: ReadonlyArray<number>
  readonly recorded: string
  readonly alias?: { readonly of: string; readonly original: string }
}

const { catalog, clusterCatalog, operationCatalog, resourceCatalog, runtimeCatalog, sqlCatalog } = MetricCatalog

const cell = (text: string) => text.replaceAll("|", "\\|").replaceAll("\n", " ")
const code = (text: string) => `\`${cell(text)}\``

const types: Readonly<Record<string, string>> = { upDownCounter: "up-down counter" }

const attributesOf = ({ attributes }: SelfMetric) => attributes.length === 0 ? "–" : attributes.map(code).join(", ")

const lead = (entry: SelfMetric) =>
  `| ${code(entry.name)} | ${types[entry.type] ?? entry.type} | ${entry.unit ?? "–"} | ${attributesOf(entry)} | ${
    cell(entry.help)
  } |`

const repeats = ({ alias }: Entry) =>
  alias === undefined ? "" : ` Repeats ${code(alias.of)} for the original's ${code(alias.original)}.`

const row = (entry: Entry): string => `${lead(entry)} ${cell(entry.recorded)}.${repeats(entry)} |`

const header = "| metric | type | unit | attributes | meaning |"
const rule = "| --- | --- | --- | --- | --- |"

const section = (title: string, entries: ReadonlyArray<Entry>): string =>
  [`## ${title}`, "", `${header} recorded |`, `${rule} --- |`, ...entries.map(row)].join("\n")

const workflow: ReadonlyArray<Entry> = Object.values(catalog)
const runtime: ReadonlyArray<Entry> = Object.values(runtimeCatalog)
const operations: ReadonlyArray<Entry> = Object.values(operationCatalog)
const sql: ReadonlyArray<Entry> = Object.values(sqlCatalog)
const ofTasks = workflow.filter(({ attributes }) => attributes.includes("task") && !attributes.includes("step"))
const ofSteps = workflow.filter(({ attributes }) => attributes.includes("step"))
const ofSlots = workflow.filter(({ attributes }) => !attributes.includes("task"))

const buckets = (): string => {
  const metrics = new Map<string, Array<string>>()
  for (const { buckets, name } of [...workflow, ...operations, ...runtime, ...sql]) {
    if (buckets === undefined) continue
    const shown = buckets.join(", ")
    metrics.set(shown, [...metrics.get(shown) ?? [], code(name)])
  }
  return [
    "| upper bounds | metrics |",
    "| --- | --- |",
    ...Array.from(metrics, ([bounds, names]) => `| ${bounds} | ${names.join(", ")} |`)
  ].join("\n")
}

const here = ({ by, note }: OriginalMetric): string =>
  by.length === 0 ? `not declared: ${cell(note)}` : `${by.map(code).join(", ")}${note === "" ? "" : `; ${cell(note)}`}`

const originals = ({ metrics, title }: OriginalSource, level = "###"): string =>
  [
    `${level} ${title}`,
    "",
    "| name | here |",
    "| --- | --- |",
    ...metrics.map((metric) => `| ${code(metric.name)} | ${here(metric)} |`)
  ].join("\n")

const page = (self: ReadonlyArray<SelfMetric>): string =>
  `# Metrics

Generated from \`src/metrics/MetricCatalog.ts\` by \`npm run docs:generate\`.

Names follow Prometheus: base units, \`_total\` on counters. Events are measured exactly: neither the
sampling of traces nor the level of logs has an influence. Ids are never attributes; a measurement
made in a sampled span keeps that span as its exemplar. Attributes are taken from the payloads of
[events](events.md): from the fields in bold, and no others.

Each metric has at most \`metrics.cardinalityLimit\` series; \`error_type\` has at most a hundred values,
the others are \`_OTHER\`. Views (\`metrics.views\`) deny, rename and thin out any of them, the ones that
repeat another above all.

Metrics of steps have no namespace. They get one from \`tasker_task_info\`, as long as a task is in one
namespace and version at a time:

\`\`\`promql
sum by (namespace) (rate(tasker_steps_total[5m]) * on (task) group_left (namespace) tasker_task_info)
\`\`\`

${section("Tasks", ofTasks)}

${section("Steps", ofSteps)}

${section("Execution slots", ofSlots)}

${section("Operations", operations)}

Off with \`performance.enabled\`.

${section("The Node process", runtime)}

On unless \`metrics.runtime\` is off. Names and attributes are OpenTelemetry's semantic conventions as
Prometheus writes them.

${section("SQL", sql)}

They come from \`SqlMonitor\`. Names that begin with \`db_client_\` and their attributes are OpenTelemetry's semantic
conventions as Prometheus writes them.

${section("Connections and caches", Object.values(resourceCatalog))}

They are there if the program puts \`SqlMonitor\`, \`ConnectionMetrics\` or \`CacheMetrics\` around a client, a server or a
cache.

${section("Clusters", Object.values(clusterCatalog))}

They are among the metrics of a cluster's primary process.

## The telemetry about itself

A counter appears when it has counted something. Views apply to these metrics as to any other. The names belong to the
telemetry: a counter that a program declares under one of them is not recorded, and the log says so.

${header}
${rule}
${self.map(lead).join("\n")}

## Buckets

${buckets()}

## Names of the original

What Tasker, its plan, its documentation, its generator and its successor call metrics, and what
carries each here.

${originalMetrics.map((source) => originals(source)).join("\n\n")}

${originals(temporalMetrics, "##")}
`

export const metricsPage = Effect.map(selfMetrics, page)
