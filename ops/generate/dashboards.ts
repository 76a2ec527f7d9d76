/**
 * The dashboards. Together they show every metric of the catalogs; what is written by hand are ratios and sums of them.
 */
import { Conventions } from "tasker-telemetry"
import type { CatalogMetric, CatalogMetrics } from "./CatalogMetric.ts"
import type { DashboardSpec, Panel, Row, Variable } from "./DashboardSpec.ts"
import { heatmap, metricPanel, quantile, select, type Selection } from "./metricPanel.ts"

const { MetricName, RuntimeMetricName, SqlMetricName } = Conventions

const instances = (metric: string): ReadonlyArray<Variable> => [{ name: "job", metric }, { name: "instance", metric }]

const named = (metrics: ReadonlyArray<CatalogMetric>, names: ReadonlyArray<string>): ReadonlyArray<CatalogMetric> =>
  names.map((name) => {
    const found = metrics.find((metric) => metric.name === name)
    if (found === undefined) throw new RangeError(`no metric is called ${name}`)
    return found
  })

const without = (metrics: ReadonlyArray<CatalogMetric>, names: ReadonlyArray<string>) =>
  metrics.filter(({ name }) => !names.includes(name))

const row = (title: string, metrics: ReadonlyArray<CatalogMetric>, selection: Selection = {}): Row => ({
  title,
  panels: metrics.map((metric) => metricPanel(metric, selection))
})

const number = (title: string, description: string, unit: string, expr: string, redFrom?: number): Panel => ({
  kind: "number",
  title,
  description,
  unit,
  width: 4,
  targets: [{ expr, legend: title }],
  ...(redFrom === undefined ? {} : { redFrom })
})

const increase = (name: string, more: ReadonlyArray<string> = []) =>
  `sum(increase(${select(name, {}, more)}[$__range]))`

const failed = ["status=\"error\""]

/** The share of failures. Without runs it is 0. */
const failureShare = (by: string, selection: Selection): string => {
  const ended = `sum by (${by}) (rate(${select(MetricName.tasks, selection)}[$__rate_interval]))`
  const errors = `sum by (${by}) (rate(${select(MetricName.tasks, selection, failed)}[$__rate_interval]))`
  return `${errors} / (${ended} > 0) or 0 * ${ended}`
}

const failureLines = (selection: Selection): Panel => ({
  kind: "lines",
  title: "Share of runs that failed",
  description: "Failed runs of all runs that ended. Without runs it is 0.",
  unit: "percentunit",
  targets: [{ expr: failureShare("task", selection), legend: "{{task}}" }]
})

const overview = ({ slots, steps, tasks }: CatalogMetrics): DashboardSpec => ({
  uid: "tasker-overview",
  title: "Tasker / Overview",
  description: "Are runs coming, ending, failing, slow? The other dashboards say why.",
  variables: instances(MetricName.tasks),
  rows: [
    {
      title: "Now",
      panels: [
        number(
          "In progress",
          "Runs that have started and not ended.",
          "short",
          `sum(${select(MetricName.tasksActive)})`
        ),
        number("Ended", "Runs that ended in the time range.", "short", increase(MetricName.tasks)),
        number(
          "Failed",
          "Share of the runs in the time range that failed.",
          "percentunit",
          `(${increase(MetricName.tasks, failed)} or vector(0)) / (${increase(MetricName.tasks)} > 0) or vector(0)`,
          0.05
        ),
        number(
          "Oldest run",
          "Age of the oldest run.",
          "s",
          `max(${select(MetricName.taskOldestAge)}) or vector(0)`,
          3600
        ),
        number(
          "Telemetry lost",
          "Spans and log records that were lost in the time range.",
          "short",
          `(${increase("tasker_spans_dropped_total")} or vector(0)) + (${
            increase("tasker_log_records_dropped_total")
          } or vector(0))`,
          1
        ),
        number(
          "Alerts",
          "Alerts of the rules of this package that fire.",
          "short",
          "count(ALERTS{alertname=~\"Tasker.+\", alertstate=\"firing\"}) or vector(0)",
          1
        )
      ]
    },
    {
      title: "Tasks",
      panels: [
        ...named(tasks, [MetricName.tasks]).map((metric) => metricPanel(metric)),
        failureLines({}),
        {
          kind: "lines",
          title: "Time of runs, p95",
          description: "95 of 100 runs take no longer.",
          unit: "s",
          targets: [{
            expr: quantile(0.95, MetricName.workflowDuration, {}, ["task"]),
            legend: "{{task}}",
            exemplars: true
          }]
        },
        ...named(tasks, [MetricName.tasksRequested, MetricName.tasksActive, MetricName.taskOldestAge])
          .map((metric) => metricPanel(metric))
      ]
    },
    {
      title: "Steps",
      panels: [
        ...named(steps, [MetricName.steps]).map((metric) => metricPanel(metric, {}, ["task", "status"])),
        ...named(steps, [MetricName.stepRetries, MetricName.stepRetriesExhausted])
          .map((metric) => metricPanel(metric, {}, ["task", "step"]))
      ]
    },
    row("Slots", slots)
  ]
})

const byTask: Selection = { labels: ["task"] }
const byStep: Selection = { labels: ["task", "step"] }

const loop: ReadonlyArray<string> = [
  MetricName.viableSteps,
  MetricName.discoveries,
  MetricName.batchSize,
  MetricName.batchDuration,
  MetricName.taskDeferral
]

/** Types of failures are only in the metrics that are kept for the names of the original. */
const failures = (title: string, name: string, by: ReadonlyArray<string>, selection: Selection): Panel => ({
  kind: "lines",
  title,
  description: `Failures by the type of the error.\n\n\`${name}\``,
  unit: "cps",
  targets: [{
    expr: `sum by (${by.join(", ")}) (rate(${select(name, selection)}[$__rate_interval]))`,
    legend: by.map((label) => `{{${label}}}`).join(" ")
  }]
})

const task = ({ tasks }: CatalogMetrics): DashboardSpec => ({
  uid: "tasker-task",
  title: "Tasker / Task",
  description: "The runs of a task: how many, how long, why they fail, and how their loop goes.",
  variables: [...instances(MetricName.tasks), { name: "task", metric: MetricName.tasks }],
  rows: [
    {
      title: "Runs",
      panels: [
        failureLines(byTask),
        failures("Failures", MetricName.taskFailed, ["task", "error_type"], byTask),
        ...named(tasks, [MetricName.workflowDuration]).map((metric) => heatmap(metric, byTask))
      ]
    },
    row("Metrics of runs", without(tasks, loop), byTask),
    row("The loop", named(tasks, loop), byTask)
  ]
})

const latency: ReadonlyArray<string> = [
  MetricName.stepQueue,
  MetricName.stepDuration,
  MetricName.stepBackoff,
  MetricName.stepEndToEnd,
  MetricName.stepAttempts
]

const stepLatency = ({ operations, steps }: CatalogMetrics): DashboardSpec => ({
  uid: "tasker-steps",
  title: "Tasker / Steps",
  description: "Where the time of steps goes: in the queue, at work, in back-off.",
  variables: [
    ...instances(MetricName.steps),
    { name: "task", metric: MetricName.steps },
    { name: "step", metric: MetricName.steps }
  ],
  rows: [
    {
      title: "Time",
      panels: [
        ...named(steps, [MetricName.stepDuration, MetricName.stepQueue]).map((metric) => heatmap(metric, byStep)),
        ...named(steps, latency).map((metric) => metricPanel(metric, byStep, ["step"]))
      ]
    },
    {
      title: "Attempts",
      panels: [
        failures("Failures", MetricName.stepFailed, ["step", "error_type", "final"], byStep),
        ...without(steps, latency).map((metric) => metricPanel(metric, byStep))
      ]
    },
    row("Operations", operations)
  ]
})

const sql = (metrics: CatalogMetrics): DashboardSpec => ({
  uid: "tasker-sql",
  title: "Tasker / SQL",
  description: "Statements, transactions, and the wait for connections, as SqlMonitor sees them.",
  variables: instances(SqlMetricName.queries),
  rows: [
    { title: "All statements", panels: named(metrics.sql, [SqlMetricName.duration]).map((metric) => heatmap(metric)) },
    row("Metrics", metrics.sql)
  ]
})

/** Whether the account of a signal adds up, as in `tasker:spans_unaccounted` of the rules. */
const unaccounted = (signal: "spans" | "log_records"): string => {
  const one = (state: string) => select(`tasker_${signal}_${state}`)
  const all = (state: string) => `sum by (job, instance) (${select(`tasker_${signal}_${state}`)})`
  return `${one("ended_total")} + ${one("replayed_total")} - ${one("exported_total")} - ${one("sampled_out_total")}` +
    ` - on (job, instance) ${all("pending")} - on (job, instance) ${all("dropped_total")}`
}

const account = (title: string, signal: "spans" | "log_records"): Panel => ({
  kind: "lines",
  title: `${title} in no state`,
  description:
    "Every ended record is exported, left out, waiting or dropped. This is 0, or the telemetry has a defect.",
  unit: "short",
  targets: [{ expr: unaccounted(signal), legend: "{{instance}}" }]
})

const queue = (title: string, signal: "spans" | "log_records"): Panel => ({
  kind: "lines",
  title: `${title}: queue that is full`,
  description: "A full queue drops records, or spools them.",
  unit: "percentunit",
  targets: [{
    expr: `${select(`tasker_${signal}_pending`, {}, ["state=\"queued\""])} / ignoring (state) ${
      select(`tasker_${signal}_queue_capacity`)
    }`,
    legend: "{{instance}}"
  }]
})

const telemetry = ({ self }: CatalogMetrics): DashboardSpec => {
  const of = (pattern: RegExp) => self.filter(({ name }) => pattern.test(name))
  const rows: ReadonlyArray<readonly [title: string, names: RegExp]> = [
    ["Spans", /^tasker_(?:spans|runs)_/],
    ["Log records and lines", /^tasker_log_/],
    ["Metrics", /^tasker_metric_/],
    ["Exports", /^tasker_export/]
  ]
  const others = self.filter(({ name }) => !rows.some(([, names]) => names.test(name)))
  return {
    uid: "tasker-telemetry",
    title: "Tasker / Telemetry",
    description: "Whether the telemetry is complete: what was exported, what waits, what was lost and why.",
    variables: instances("tasker_metric_store_bytes"),
    rows: [
      {
        title: "Account",
        panels: [
          account("Spans", "spans"),
          account("Log records", "log_records"),
          queue("Spans", "spans"),
          queue("Log records", "log_records")
        ]
      },
      ...rows.map(([title, names]) => row(title, of(names))),
      row("Other parts", others)
    ]
  }
}

const processDashboard = ({ cluster, resources, runtime }: CatalogMetrics): DashboardSpec => ({
  uid: "tasker-process",
  title: "Tasker / Process",
  description: "The Node processes: event loop, heap, processor, connections, caches.",
  variables: instances(RuntimeMetricName.uptime),
  rows: [
    row("Event loop", runtime.filter(({ name }) => name.startsWith("nodejs_eventloop"))),
    row("Memory", runtime.filter(({ name }) => name.startsWith("v8js_") || name === RuntimeMetricName.memory)),
    row(
      "Process",
      runtime.filter(({ name }) => !/^(?:nodejs_eventloop|v8js_)/.test(name) && name !== RuntimeMetricName.memory)
    ),
    row("Connections and caches", resources),
    row("Cluster", cluster)
  ]
})

export const dashboards = (metrics: CatalogMetrics): ReadonlyArray<DashboardSpec> => [
  overview(metrics),
  task(metrics),
  stepLatency(metrics),
  sql(metrics),
  telemetry(metrics),
  processDashboard(metrics)
]
