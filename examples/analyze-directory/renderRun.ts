/**
 * Shows a run in a terminal.
 */
import { MetricCatalog, type MetricSnapshot } from "tasker-telemetry"
import type { RecordedRun } from "./RecordedRun.ts"
import { renderReport } from "./renderReport.ts"
import { renderResult } from "./renderResult.ts"
import { renderTrace } from "./renderTrace.ts"
import {
  count,
  cutEnd,
  duration,
  heading,
  padEnd,
  padStart,
  painter,
  printable,
  quantity,
  type Terminal
} from "./terminalText.ts"

const summary = ({ events, logs, results, task }: RecordedRun, terminal: Terminal): ReadonlyArray<string> => {
  const paint = painter(terminal)
  const isComplete = task.state === "complete"
  const state = paint(isComplete ? ["green", "bold"] : ["red", "bold"], isComplete ? "✓ complete" : `✗ ${task.state}`)
  const folder = results === undefined ? "" : ` of ${printable(results.summarize.folder)}`
  return [
    `${paint("bold", `${task.name}${folder}`)}  ${state} in ${duration((task.durationSeconds ?? 0) * 1000)}`,
    paint(
      "dim",
      `${quantity(events.length, "event")}, ${quantity(logs.length, "log line")}, correlation id ${task.correlationId}`
    )
  ]
}

// --- Metrics ---

const ofProcess: ReadonlySet<string> = new Set(Object.values(MetricCatalog.runtimeCatalog).map(({ name }) => name))

const keyOf = (attributes: Readonly<Record<string, string>>) => JSON.stringify(attributes)

interface Change {
  readonly name: string
  readonly series: number
  readonly text: string
}

const numberOf = (value: MetricSnapshot.SeriesSnapshot["value"] | undefined) => typeof value === "number" ? value : 0

const seriesOf = (metric: MetricSnapshot.MetricData | undefined): ReadonlyArray<MetricSnapshot.SeriesSnapshot> =>
  metric?.series ?? []

const changeOf = (
  after: MetricSnapshot.MetricData,
  before: MetricSnapshot.MetricData | undefined
): Change | undefined => {
  const known = new Map(seriesOf(before).map(({ attributes, value }) => [keyOf(attributes), value]))
  let series = 0
  let observations = 0
  let sum = 0
  const byStatus = new Map<string, number>()
  for (const { attributes, value } of seriesOf(after)) {
    const old = known.get(keyOf(attributes))
    if (typeof value === "number") {
      const change = value - numberOf(old)
      if (change === 0) continue
      series++
      sum += change
      const status = attributes["status"]
      if (status !== undefined) byStatus.set(status, (byStatus.get(status) ?? 0) + change)
    } else {
      const oldCount = typeof old === "object" ? old.count : 0
      if (value.count === oldCount) continue
      series++
      observations += value.count - oldCount
      sum += value.sum - (typeof old === "object" ? old.sum : 0)
    }
  }
  if (series === 0) return undefined
  const statuses = [...byStatus].map(([status, amount]) => `${status} ${count(amount)}`).join(", ")
  return {
    name: after.name,
    series,
    text: after.type === "histogram"
      ? `${quantity(observations, "observation")}, ${
        after.unit === "seconds" ? duration(sum * 1000) : count(sum)
      } in all`
      : `${sum > 0 ? "+" : ""}${count(sum)}${statuses === "" ? "" : `  (${statuses})`}`
  }
}

const metrics = ({ metrics: { after, before } }: RecordedRun, terminal: Terminal): ReadonlyArray<string> => {
  const paint = painter(terminal)
  const changes = after.metrics
    // Metrics of the store and of the process are left out: they do not belong to the run.
    .filter(({ name }) => !name.startsWith("tasker_metric_") && !ofProcess.has(name))
    .flatMap((metric) => changeOf(metric, before.metrics.find(({ name }) => name === metric.name)) ?? [])
  return changes.length === 0 ? [] : [
    heading("Metrics", `${changes.length} changed`, terminal),
    ...changes.map(({ name, series, text }) =>
      `${padEnd(cutEnd(name, 34), 36)}${padEnd(text, terminal.width - 36 - 10)}${
        paint("dim", padStart(quantity(series, "series", "series"), 10))
      }`
    )
  ]
}

// --- Time ---

const time = ({ record, spans }: RecordedRun, terminal: Terminal): ReadonlyArray<string> =>
  record === undefined ? [] : renderReport(record, spans, terminal)

/** 100 columns and no colours unless the terminal says otherwise. */
const thisTerminal = (): Terminal => {
  const { stdout } = process
  return {
    width: Math.min(120, Math.max(80, stdout.isTTY ? stdout.columns : 100)),
    colors: stdout.isTTY && (process.env["NO_COLOR"] ?? "") === ""
  }
}

export const renderRun = (outcome: RecordedRun, terminal: Terminal = thisTerminal()): string =>
  [
    summary(outcome, terminal),
    renderTrace(outcome.spans, terminal),
    ...(outcome.results === undefined ? [] : [renderResult(outcome.results, terminal)]),
    metrics(outcome, terminal),
    time(outcome, terminal)
  ].filter((part) => part.length > 0).map((part) => `${part.join("\n")}\n`).join("\n")
