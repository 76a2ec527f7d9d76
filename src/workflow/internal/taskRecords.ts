/**
 * The records that a task store keeps. `TaskStore` shows them to programs.
 */
import * as Schema from "effect/Schema"
import { ErrorRecord } from "../../redaction/internal/ErrorRecord.ts"
import { StepState } from "./StepState.ts"
import { TaskState } from "./TaskState.ts"

/** The schema of the record of a step. */
export const StepRecord = Schema.Struct({
  id: Schema.String,
  name: Schema.String,
  dependsOn: Schema.Array(Schema.String),
  state: StepState,
  attempts: Schema.Int,
  maximumAttempts: Schema.Int,
  queueSeconds: Schema.Finite,
  workSeconds: Schema.Finite,
  backoffSeconds: Schema.Finite,
  startedAt: Schema.UndefinedOr(Schema.Finite),
  endedAt: Schema.UndefinedOr(Schema.Finite),
  /** When a step in back-off will be tried again. */
  nextAttemptAt: Schema.UndefinedOr(Schema.Finite),
  /** Why the step failed: the error, its own fields, its causes and its stack; bounded and redacted. */
  error: Schema.UndefinedOr(ErrorRecord)
})

export type StepRecord = typeof StepRecord.Type

/** The schema of the record of a run. */
export const TaskRecord = Schema.Struct({
  id: Schema.String,
  name: Schema.String,
  namespace: Schema.String,
  version: Schema.String,
  correlationId: Schema.String,
  state: TaskState,
  createdAt: Schema.Finite,
  startedAt: Schema.UndefinedOr(Schema.Finite),
  endedAt: Schema.UndefinedOr(Schema.Finite),
  /** From creation, or from the planned start, to the end, by the monotonic clock. */
  durationSeconds: Schema.UndefinedOr(Schema.Finite),
  /** The tags that the program gave to the run, if any; without secrets. */
  tags: Schema.optionalKey(Schema.Record(Schema.String, Schema.String)),
  /** Why the run was started, and who started it, as the program says; without secrets. */
  reason: Schema.optionalKey(Schema.String),
  initiator: Schema.optionalKey(Schema.String),
  /** When a run starts that waits for its start. */
  scheduledFor: Schema.optionalKey(Schema.Finite),
  /** The attribute `service.instance.id` of the process that runs or ran it, if it is known. */
  instance: Schema.optionalKey(Schema.String),
  /** Highest number of steps that run at the same time. */
  concurrency: Schema.optionalKey(Schema.Int),
  /** Why the run failed: the error, its own fields, its causes and its stack; bounded and redacted. */
  error: Schema.UndefinedOr(ErrorRecord)
})

export type TaskRecord = typeof TaskRecord.Type

/** A run with its steps, in the order of the definition. */
export interface TaskSnapshot extends TaskRecord {
  readonly steps: ReadonlyArray<StepRecord>
}

/** What a store knows of the process that runs a task, or ran it. */
export interface RunnerSigns {
  /** The attribute `service.instance.id` of the process, if it is known. */
  readonly instance: string | undefined
  /** Since the last sign of life. */
  readonly silentSeconds: number
  /** From so many seconds without a sign of life on, the process counts as dead. */
  readonly deadAfterSeconds: number
  /** Whether the process has closed its store, and so runs nothing any more. */
  readonly hasEnded: boolean
}
