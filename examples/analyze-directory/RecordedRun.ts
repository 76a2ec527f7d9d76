/**
 * One run of the task with all its telemetry, and its JSON document.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as SqlError from "effect/sql/SqlError"
import {
  CriticalPath,
  PrometheusFormat,
  RunRecords,
  type Task,
  TaskRunner,
  TaskStore,
  Telemetry,
  TelemetryConfig
} from "tasker-telemetry"
import type { EventEnvelope } from "tasker-telemetry/events/EventEnvelope"
import type { RunRecord } from "tasker-telemetry/performance/RunRecord"
import type { TaskSnapshot } from "tasker-telemetry/workflow/TaskStore"
import { AnalyzeDirectory } from "./AnalyzeDirectory.ts"
import { describeRefusal } from "./Database.ts"
import { DemoError } from "./DemoError.ts"
import { Recorder, type Recording, type SpanData } from "./Recorder.ts"
import { adviceOf } from "./renderReport.ts"

export type Results = Task.Results<typeof AnalyzeDirectory>

export interface RecordedRun extends Recording {
  readonly task: TaskSnapshot
  /** The record that the report is made of; `undefined` if `performance.bottlenecks` is off. */
  readonly record: RunRecord | undefined
  /** The results of the steps, if the task is complete. */
  readonly results: Results | undefined
  /** Says in one sentence why the task failed, or why its spans were not delivered. */
  readonly problem: string | undefined
}

/** Runs the task once, waits until its spans are delivered, and gives the recording. */
export const run = Effect.fnUntraced(function*(input: Task.Input<typeof AnalyzeDirectory>) {
  const exit = yield* Effect.exit(TaskRunner.run(AnalyzeDirectory, input))
  if (Exit.isFailure(exit) && Cause.hasInterrupts(exit.cause)) return yield* Effect.failCause(exit.cause)
  const store = yield* TaskStore.TaskStore
  const [newest] = yield* store.list({ limit: 1 })
  const task = newest === undefined ? undefined : Option.getOrUndefined(yield* store.get(newest.id))
  if (task === undefined) {
    return yield* new DemoError({ message: Exit.isFailure(exit) ? describe(exit.cause) : "The run left no record." })
  }
  yield* Telemetry.flush
  const recording = yield* (yield* Recorder).recording
  const recorded: RecordedRun = {
    ...recording,
    task,
    record: Option.getOrUndefined(yield* (yield* RunRecords.RunRecords).get(task.id)),
    results: Exit.isSuccess(exit) ? exit.value.results : undefined,
    problem: Exit.isFailure(exit)
      ? `The analysis failed in ${failedSteps(task)}: ${describe(exit.cause)}`
      : yield* deliveryProblem(recording)
  }
  return recorded
})

const failedSteps = (task: TaskSnapshot) =>
  task.steps.filter((step) => step.state === "error").map((step) => step.name).join(", ") || task.name

const describe = (cause: Cause.Cause<unknown>): string => {
  const error = Cause.squash(cause)
  if (SqlError.isSqlError(error)) return describeRefusal(error)
  return error instanceof Error && error.message !== "" ? error.message : String(error)
}

/** Says how many spans the receiver did not take. The task is complete all the same. */
const deliveryProblem = Effect.fnUntraced(function*({ metrics }: Recording) {
  const { delivery } = yield* TelemetryConfig.Current
  const dropped = metrics.after.metrics.find((metric) => metric.name === "tasker_spans_dropped_total")
  const count = dropped?.series.reduce((sum, { value }) => typeof value === "number" ? sum + value : sum, 0) ?? 0
  if (count === 0) return undefined
  return `${count} spans could not be delivered to ${delivery.traces.endpoint ?? delivery.endpoint}; ` +
    "start the receiver, correct OTEL_EXPORTER_OTLP_ENDPOINT, or unset it."
})

// --- JSON ---

const milliseconds = (seconds: number) => Math.round(seconds * 1e6) / 1e3

const spanMilliseconds = (nanos: bigint) => Number(nanos / 1000n) / 1e3

const spanDocument = (span: SpanData) => ({
  name: span.name,
  traceId: span.traceId,
  spanId: span.spanId,
  parentSpanId: span.parentSpanId ?? null,
  startMs: spanMilliseconds(span.startTimeNanos),
  endMs: spanMilliseconds(span.endTimeNanos),
  attributes: Object.fromEntries(span.attributes),
  events: span.events.map(({ attributes, name, timeNanos }) => ({
    name,
    timeMs: spanMilliseconds(timeNanos),
    attributes
  })),
  status: span.statusCode
})

const eventDocument = ({ name, payload, time }: EventEnvelope) => ({
  name,
  stepName: "stepName" in payload ? payload.stepName : null,
  attempt: "attempt" in payload ? payload.attempt : null,
  time: new Date(time).toISOString()
})

const reportDocument = (record: RunRecord) => ({
  ...CriticalPath.analyze(record),
  recommendations: adviceOf(record).recommendations
})

/** Formats a run as one JSON document. */
export const toJson = ({ events, logs, metrics, problem, record, results, spans, task }: RecordedRun): string =>
  JSON.stringify(
    {
      task: {
        id: task.id,
        status: task.state,
        durationMs: milliseconds(task.durationSeconds ?? 0),
        steps: task.steps.map((step) => ({
          name: step.name,
          status: step.state,
          attempts: step.attempts,
          queueMs: milliseconds(step.queueSeconds),
          workMs: milliseconds(step.workSeconds)
        }))
      },
      result: results === undefined ? null : {
        files: results.summarize.files,
        bytes: results.summarize.bytes,
        linesByLanguage: Object.fromEntries(
          results.summarize.languages.map(({ language, lines }) => [language, lines])
        ),
        duplicateGroups: results.find_duplicates,
        unreadable: results.store_report.unreadable
      },
      ...(problem === undefined ? {} : { problem }),
      report: record === undefined ? null : reportDocument(record),
      spans: spans.map(spanDocument),
      events: events.map(eventDocument),
      logs: logs.map((line) => JSON.parse(line) as unknown),
      metrics: PrometheusFormat.format(metrics.after)
    },
    (_key, value: unknown) => typeof value === "bigint" ? value.toString() : value,
    2
  )
