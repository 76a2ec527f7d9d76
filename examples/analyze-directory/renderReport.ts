/**
 * Shows where the time of a run went, and what to change. All figures come from
 * `CriticalPath` and `Bottlenecks`.
 */
import { Bottlenecks, CriticalPath } from "tasker-telemetry"
import type { RunRecord } from "tasker-telemetry/performance/RunRecord"
import type { SpanData } from "./Recorder.ts"
import {
  bar,
  cutEnd,
  duration,
  heading,
  padEnd,
  padStart,
  painter,
  percent,
  printable,
  quantity,
  type Terminal,
  wrap
} from "./terminalText.ts"

const toMs = (seconds: number) => seconds * 1000

const nameWidth = 18
const columnWidth = 10
const columns = ["queue", "work", "retries", "back-off", "slack"]

/** Changes that gain less are not shown, as a share of the makespan. */
const smallestGain = 0.01
const mostRecommendations = 3

/** The time of SQL statements, by their spans. */
const sqlOf = (spans: ReadonlyArray<SpanData>) => {
  const statements = spans.filter((span) => span.attributes.has("db.query.text"))
  return {
    statements: statements.length,
    ms: statements.reduce((sum, span) => sum + Number(span.endTimeNanos - span.startTimeNanos) / 1e6, 0)
  }
}

const row = (cells: ReadonlyArray<string>) =>
  `  ${padEnd(cells[0]!, nameWidth)}${cells.slice(1).map((cell) => padStart(cell, columnWidth)).join("")}`

/** What to change, by the analysis that a service makes of many runs. One run is all there is here. */
export const adviceOf = (run: RunRecord): Bottlenecks.Report =>
  Bottlenecks.analyze([run], { minimumRuns: 1, minimumGain: smallestGain, most: mostRecommendations })

/** Each recommendation with its evidence, or why there is none. */
const adviceLines = ({ insufficient, recommendations }: Bottlenecks.Report, terminal: Terminal) => {
  const paint = painter(terminal)
  if (recommendations.length === 0) {
    return [`  Nothing: ${insufficient[0]?.text ?? `no change gains ${percent(smallestGain)} of the run`}`]
  }
  return [
    ...recommendations.flatMap(({ text }, index) =>
      wrap(printable(text), terminal.width - 5).map((line, part) =>
        `${part === 0 ? `  ${index + 1}. ` : "     "}${line}`
      )
    ),
    ...recommendations.slice(0, 1).map(({ evidence: { runIds, runs } }) =>
      paint("dim", `  Evidence: ${quantity(runs, "run")}, ${runIds.join(", ")}`)
    )
  ]
}

export const renderReport = (
  run: RunRecord,
  spans: ReadonlyArray<SpanData>,
  terminal: Terminal
): ReadonlyArray<string> => {
  const paint = painter(terminal)
  const analysis = CriticalPath.analyze(run)
  const { makespanSeconds, parallelism, path, spent, steps } = analysis
  const total = Math.max(makespanSeconds, 1e-6)
  const barWidth = terminal.width - 2 - nameWidth - columns.length * columnWidth - 3
  const sql = sqlOf(spans)
  return [
    heading("Where the time went", `${duration(toMs(makespanSeconds))} in all`, terminal),
    paint("dim", row(["Step", ...columns])),
    ...steps.map((step) => {
      const isFailed = run.steps.some(({ name, state }) => name === step.name && state === "error")
      const cells = [step.queueSeconds, step.workSeconds, step.retrySeconds, step.backoffSeconds, step.slackSeconds]
      const share = bar((step.workSeconds + step.retrySeconds) / total, barWidth)
      return `${row([step.name, ...cells.map((seconds) => seconds === 0 ? "–" : duration(toMs(seconds)))])}   ${
        paint(isFailed ? "red" : step.critical ? "yellow" : "dim", share)
      }`.trimEnd()
    }),
    "",
    "Critical path",
    `  ${paint("yellow", cutEnd(path.join(" → "), terminal.width - 2))}`,
    `  ${duration(toMs(spent.workSeconds + spent.retrySeconds))} of work, ${
      duration(toMs(spent.backoffSeconds))
    } of back-off, ${duration(toMs(spent.queueSeconds))} in the queue, ${duration(toMs(spent.otherSeconds))} (${
      percent(spent.otherSeconds / total)
    }) around the steps`,
    `  ${parallelism.achieved.toFixed(1)} steps at the same time on average; ${
      parallelism.possible.toFixed(1)
    } were possible with any number of slots`,
    `SQL: ${quantity(sql.statements, "statement")}, ${duration(sql.ms)} (${percent(sql.ms / toMs(total))})`,
    "",
    "What to change",
    ...adviceLines(adviceOf(run), terminal)
  ]
}
