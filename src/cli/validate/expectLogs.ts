/**
 * Compares the log lines of runs with the runs.
 */
import { orElse } from "../../internal/guard.ts"
import * as Finding from "./Finding.ts"
import type { ServiceRun } from "./ServiceClient.ts"

type Line = Readonly<Record<string, unknown>>

/** Reads lines of JSON. */
const parse = (text: string): { readonly lines: ReadonlyArray<Line>; readonly unreadable: number } => {
  const parsed = text.split("\n").filter((line) => line !== "").map((line): Line | undefined => {
    const value = orElse((): unknown => JSON.parse(line), () => undefined)
    return typeof value === "object" && value !== null ? value as Line : undefined
  })
  const lines = parsed.filter((line) => line !== undefined)
  return { lines, unreadable: parsed.length - lines.length }
}

const ends: Readonly<Record<string, string>> = {
  complete: "task.completed",
  error: "task.failed",
  cancelled: "task.cancelled",
  resolved_manually: "task.resolved_manually"
}

/** Events of attempts that ended. */
const settled: ReadonlySet<unknown> = new Set(["step.completed", "step.failed", "step.cancelled"])

/** A run, and the trace that it is in. */
export interface LoggedRun {
  readonly run: ServiceRun
  readonly traceId: string
}

/** Whether each run has its lines, once each, with its ids. */
export const expectLogs = (runs: ReadonlyArray<LoggedRun>, text: string): ReadonlyArray<Finding.Finding> => {
  const { lines, unreadable } = parse(text)
  if (lines.length === 0) {
    return [Finding.failed(
      "log lines",
      "lines of JSON",
      unreadable === 0 ? "no new line" : `${unreadable} lines that are no JSON`,
      "name the file of logging.file.path with --log-file, and set logging.format to json"
    )]
  }
  const byRun = Map.groupBy(lines, (line) => line["task_id"])
  const count = (holds: (line: Line, run: ServiceRun) => boolean) =>
    runs.reduce((sum, { run }) => sum + (byRun.get(run.taskId) ?? []).filter((line) => holds(line, run)).length, 0)
  const attempts = runs.reduce((sum, { run }) => sum + run.steps.reduce((sum, { attempts }) => sum + attempts, 0), 0)
  const foreign = runs.flatMap(({ run, traceId }) =>
    (byRun.get(run.taskId) ?? []).filter((line) =>
      line["correlation_id"] !== run.correlationId || (line["trace_id"] ?? traceId) !== traceId
    )
  )
  const advice = "look at logging.level, events.filtered, events.samplingRate and logging.rateLimit; more lines than " +
    "expected come from a second telemetry layer"
  return [
    Finding.equal(
      "lines of started runs",
      runs.length,
      count((line) => line["event"] === "task.start_requested"),
      advice
    ),
    Finding.equal("lines of ended runs", runs.length, count((line, run) => line["event"] === ends[run.status]), advice),
    Finding.equal("lines of ended attempts", attempts, count((line) => settled.has(line["event"])), advice),
    foreign.length === 0
      ? Finding.ok("ids in lines", "every line of a run has its correlation id and its trace id")
      : Finding.failed(
        "ids in lines",
        "every line of a run has its correlation id and its trace id",
        `${foreign.length} lines have others: ${JSON.stringify(foreign[0]?.["message"])}`,
        "look whether a proxy removes traceparent, and at tracing.propagators"
      )
  ]
}
