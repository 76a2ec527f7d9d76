/**
 * Keeps records of tasks: states, attempts, times. It does not keep inputs and
 * results, which belong to the program.
 *
 * **Details**
 *
 * The store is for inspection only: a run writes to it and never reads from it. A
 * run and a store agree on this:
 *
 * - A run does not wait for a call. It starts while its record is being saved.
 *   Steps, back-offs and retries go on while records are written. Only the end of
 *   a run waits until everything is written, for at most `execution.storeTimeout`
 *   (2 seconds by default).
 * - `saveTask` is the first call. The calls for one step come one after the
 *   other, in the order of the changes. Calls for different steps come at the
 *   same time, at most 64 for one run. `updateTask` comes alone: after the calls
 *   for all earlier changes, and before the calls for all later ones.
 * - If the store is slower than the run, it gets only the latest record of a
 *   step. If more than 64 records wait at the end of a run, one `saveTask` takes
 *   their place.
 * - A call that fails, throws, or takes longer than `execution.storeTimeout`
 *   does not harm the run. A late call is interrupted. The run logs one warning,
 *   and saves the task with all its steps once more at its end.
 * - The methods are called on the store itself, so the store may be an instance
 *   of a class. Calls for several runs may come at the same time.
 *
 * `TaskRunner.inspect`, `resolveStep` and `cancel` read the store for tasks that
 * do not run here. If the store does not answer in time, they fail with the
 * reason `StoreFailed`. Within one process, resolutions of an ended task come one
 * after the other. Several processes that share a store are not kept apart.
 *
 * **Gotchas**
 *
 * The memory store keeps all running tasks and the last `execution.storedTasks`
 * that ended, with at most `execution.storedSteps` steps together. Give a store
 * of your own to `Telemetry.layer` as its part `taskStore`.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as TelemetryConfig from "../config/TelemetryConfig.ts"
import { ErrorRecord } from "../redaction/internal/ErrorRecord.ts"
import * as immediateWrites from "./internal/immediateWrites.ts"
import { StepState } from "./internal/StepState.ts"
import { hasEnded, TaskState } from "./internal/TaskState.ts"

/**
 * The schema of the record of a step.
 *
 * **Details**
 *
 * Durations are in seconds of the monotonic clock, summed over the attempts:
 * queue (ready → start), work, back-off. Instants are epoch milliseconds of the
 * wall clock.
 *
 * @category schemas
 * @since 0.1.0
 */
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

/**
 * The record of a step.
 *
 * @category models
 * @since 0.1.0
 */
export type StepRecord = typeof StepRecord.Type

/**
 * The schema of the record of a run.
 *
 * @category schemas
 * @since 0.1.0
 */
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
  /** From creation to end, by the monotonic clock. */
  durationSeconds: Schema.UndefinedOr(Schema.Finite),
  /** The tags that the program gave to the run, if any; without secrets. */
  tags: Schema.optionalKey(Schema.Record(Schema.String, Schema.String)),
  /** Why the run failed: the error, its own fields, its causes and its stack; bounded and redacted. */
  error: Schema.UndefinedOr(ErrorRecord)
})

/**
 * The record of a run.
 *
 * @category models
 * @since 0.1.0
 */
export type TaskRecord = typeof TaskRecord.Type

/**
 * A run with its steps, in the order of the definition.
 *
 * @category models
 * @since 0.1.0
 */
export interface TaskSnapshot extends TaskRecord {
  readonly steps: ReadonlyArray<StepRecord>
}

/**
 * The store of task records.
 *
 * @category services
 * @since 0.1.0
 */
export class TaskStore extends Context.Service<TaskStore, {
  /**
   * Adds a task with its steps, or replaces both. It is the first call of a run, and the last one if other calls
   * failed.
   */
  readonly saveTask: (task: TaskRecord, steps: ReadonlyArray<StepRecord>) => Effect.Effect<void>
  /** Replaces the record of a task. If the store does not have the task, it does nothing. */
  readonly updateTask: (task: TaskRecord) => Effect.Effect<void>
  /** Replaces the record of one step of a task. If the store does not have the task, it does nothing. */
  readonly updateStep: (taskId: string, step: StepRecord) => Effect.Effect<void>
  readonly get: (taskId: string) => Effect.Effect<Option.Option<TaskSnapshot>>
  /** Newest first, without their steps. */
  readonly list: (options?: {
    /** The highest number of records, 20 by default. */
    readonly limit?: number | undefined
    /** The number of newest records to leave out, 0 by default. */
    readonly offset?: number | undefined
  }) => Effect.Effect<ReadonlyArray<TaskRecord>>
  /** How many tasks are in which state. */
  readonly counts: Effect.Effect<Readonly<Partial<Record<TaskState, number>>>>
}>()("tasker-telemetry/workflow/TaskStore") {
}

/**
 * Keeps records in memory, bounded by `execution.storedTasks` and
 * `execution.storedSteps`.
 *
 * @since 0.1.0
 */
export const layerMemory: Layer.Layer<TaskStore> = Layer.effect(
  TaskStore,
  Effect.map(TelemetryConfig.Current, ({ execution }) => makeMemory(execution.storedTasks, execution.storedSteps))
)

/**
 * Keeps nothing: `get` finds nothing and `list` is empty.
 *
 * @since 0.1.0
 */
export const layerNoop: Layer.Layer<TaskStore> = Layer.succeed(TaskStore, {
  saveTask: () => Effect.void,
  updateTask: () => Effect.void,
  updateStep: () => Effect.void,
  get: () => Effect.succeedNone,
  list: () => Effect.succeed([]),
  counts: Effect.succeed({})
})

interface Entry {
  task: TaskRecord
  readonly steps: Map<string, StepRecord>
}

/**
 * @param mostTasks highest number of ended tasks
 * @param mostSteps highest number of steps of all ended tasks but the last one
 */
const makeMemory = (mostTasks: number, mostSteps: number): TaskStore["Service"] => {
  const entries = new Map<string, Entry>()
  /** Ended tasks in the order of their ends, with the numbers of their steps when they were counted. */
  const ended = new Map<string, number>()
  let endedSteps = 0

  const forgetEnd = (id: string) => {
    endedSteps -= ended.get(id) ?? 0
    ended.delete(id)
  }

  const noteEnd = ({ steps, task }: Entry) => {
    forgetEnd(task.id)
    if (!hasEnded(task.state)) return
    ended.set(task.id, steps.size)
    endedSteps += steps.size
    for (const oldest of ended.keys()) {
      if (ended.size <= mostTasks && (endedSteps <= mostSteps || ended.size === 1)) break
      forgetEnd(oldest)
      entries.delete(oldest)
    }
  }

  const writes: immediateWrites.ImmediateWrites<TaskRecord, StepRecord> = {
    saveTask: (task, steps) => {
      const entry = { task, steps: new Map(steps.map((step) => [step.name, step])) }
      entries.set(task.id, entry)
      noteEnd(entry)
    },
    updateTask: (task) => {
      const entry = entries.get(task.id)
      if (entry === undefined) return
      entry.task = task
      noteEnd(entry)
    },
    updateStep: (taskId, step) => void entries.get(taskId)?.steps.set(step.name, step)
  }

  return immediateWrites.attach({
    saveTask: (task, steps) => Effect.sync(() => writes.saveTask(task, steps)),
    updateTask: (task) => Effect.sync(() => writes.updateTask(task)),
    updateStep: (taskId, step) => Effect.sync(() => writes.updateStep(taskId, step)),
    get: (taskId) =>
      Effect.sync(() =>
        Option.map(
          Option.fromUndefinedOr(entries.get(taskId)),
          (entry): TaskSnapshot => ({ ...entry.task, steps: [...entry.steps.values()] })
        )
      ),
    list: ({ limit = 20, offset = 0 } = {}) =>
      Effect.sync(() => [...entries.values()].map((entry) => entry.task).reverse().slice(offset, offset + limit)),
    counts: Effect.sync(() => {
      const counts: Partial<Record<TaskState, number>> = {}
      for (const { task } of entries.values()) counts[task.state] = (counts[task.state] ?? 0) + 1
      return counts
    })
  }, writes)
}
