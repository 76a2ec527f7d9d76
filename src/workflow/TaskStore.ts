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
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Option from "effect/Option"
import type * as SqlClient from "effect/sql/SqlClient"
import { durationOf } from "../config/internal/durationInput.ts"
import * as TelemetryConfig from "../config/TelemetryConfig.ts"
import type { DurationSuchAs } from "../internal/typeMessages.ts"
import * as memoryStore from "./internal/memoryStore.ts"
import * as sqlStore from "./internal/sql/sqlStore.ts"
import * as records from "./internal/taskRecords.ts"
import type * as taskSearch from "./internal/taskSearch.ts"
import type { TaskState } from "./internal/TaskState.ts"

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
export const StepRecord = records.StepRecord

/**
 * The record of a step.
 *
 * @category models
 * @since 0.1.0
 */
export type StepRecord = records.StepRecord

/**
 * The schema of the record of a run.
 *
 * @category schemas
 * @since 0.1.0
 */
export const TaskRecord = records.TaskRecord

/**
 * The record of a run.
 *
 * @category models
 * @since 0.1.0
 */
export type TaskRecord = records.TaskRecord

/**
 * A run with its steps, in the order of the definition.
 *
 * @category models
 * @since 0.1.0
 */
export type TaskSnapshot = records.TaskSnapshot

/**
 * What a search looks for: a run is found if it fits all that is given. `sort`,
 * `limit` and `cursor` say in which order, and which part.
 *
 * @category models
 * @since 0.1.0
 */
export type SearchOptions = taskSearch.SearchOptions

/**
 * A part of the runs that a search finds.
 *
 * @category models
 * @since 0.1.0
 */
export type SearchPage = taskSearch.SearchPage

/**
 * What a store knows of the process that runs a task, or ran it.
 *
 * @category models
 * @since 0.1.0
 */
export type RunnerSigns = records.RunnerSigns

/**
 * Options of {@link layerSql}.
 *
 * @category models
 * @since 0.1.0
 */
export interface SqlOptions {
  /**
   * The table of tasks, which is created if it does not exist; `tasker_tasks` by default. The tables of steps and of
   * processes have the same name with `_steps` and `_runners`.
   */
  readonly table?: string | undefined
  /** Number of ended tasks that are kept, of all instances; 100 000 by default. One in a hundred more may stay for a while. */
  readonly maximumTasks?: number | undefined
  /**
   * Time for which an ended task is kept, and an unfinished one that nothing is written about and whose process is silent;
   * 30 days by default.
   */
  readonly maximumAge?: DurationSuchAs<"30 days"> | undefined
  /**
   * Time between two signs of life of this process, 10 seconds by default. Each is one statement, however many tasks run.
   * After three that are missing, the process counts as dead. Choose it much shorter than `maximumAge`: the signs are what
   * keeps a task that goes on, or waits for its start, for longer than `maximumAge`.
   */
  readonly heartbeat?: DurationSuchAs<"10 seconds"> | undefined
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
  /**
   * What is known of the process that runs a task, or ran it. A store leaves the method out if it keeps the tasks of its
   * own process alone.
   */
  readonly runner?: (taskId: string) => Effect.Effect<Option.Option<RunnerSigns>>
  /** Newest first, without their steps. */
  readonly list: (options?: {
    /** The highest number of records, 20 by default. */
    readonly limit?: number | undefined
    /** The number of newest records to leave out, 0 by default. */
    readonly offset?: number | undefined
  }) => Effect.Effect<ReadonlyArray<TaskRecord>>
  /**
   * Finds runs, without their steps. A `cursor` that is none of a search with the same `sort`, and a duration that is
   * none, are defects.
   */
  readonly search: (options?: SearchOptions) => Effect.Effect<SearchPage>
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
  Effect.map(TelemetryConfig.Current, ({ execution }) => memoryStore.make(execution.storedTasks, execution.storedSteps))
)

/**
 * Keeps records in tables of PostgreSQL or SQLite, so that they survive the
 * process, and all instances that share the database are seen together.
 *
 * **When to use**
 *
 * Use as the part `taskStore` of `Telemetry.layer`. Give it a client of its own: on one with a single connection, such as
 * SQLite, a long transaction of the program keeps records waiting.
 *
 * **Details**
 *
 * The layer looks for the tables when it is first used, and creates them if they do not exist. While one batch of records
 * is written, the calls of all runs collect, and the next batch has them all: at most five statements in a transaction. A
 * batch that takes longer than `execution.storeTimeout` fails. Names, tags and errors are redacted before they are
 * written.
 *
 * While a process runs tasks, it writes a sign of life each `heartbeat`. So other processes know a task whose process has
 * died, and the task of one that is only slow is kept.
 *
 * If a task ends while the database does not answer, the record of its end waits, and is written when the database is back.
 * At most 10 000 ends wait. What is lost beyond is counted in `tasker_task_ends_lost_total`.
 *
 * The statements open no spans and belong to no run, so no step is charged with them. Statements of one's own may read the
 * tables; columns may be added in later versions.
 *
 * **Gotchas**
 *
 * If the process ends before the database is back, the ends that wait are lost. A client of another database than PostgreSQL and SQLite is a defect of the layer.
 *
 * **Example** (Runs in PostgreSQL)
 *
 * ```ts
 * import { PgClient } from "@effect/sql-pg"
 * import * as Layer from "effect/Layer"
 * import * as Telemetry from "tasker-telemetry/Telemetry"
 * import * as TaskStore from "tasker-telemetry/workflow/TaskStore"
 *
 * const Database = PgClient.layer({ host: "127.0.0.1", database: "telemetry" })
 * const TelemetryLayer = Telemetry.layer({ service: { name: "shop" } }, {
 *   taskStore: TaskStore.layerSql({ maximumAge: "7 days" }).pipe(Layer.provide(Database), Layer.orDie)
 * })
 * ```
 *
 * @since 0.1.0
 */
export const layerSql = (options: SqlOptions = {}): Layer.Layer<TaskStore, never, SqlClient.SqlClient> => {
  const {
    heartbeat = Duration.seconds(10),
    maximumAge = Duration.days(30),
    maximumTasks = 100_000,
    table = "tasker_tasks"
  } = options
  return Layer.effect(
    TaskStore,
    sqlStore.make({
      table,
      mostTasks: maximumTasks,
      longestAge: durationOf(maximumAge, "maximumAge of TaskStore.layerSql", "30 days"),
      heartbeat: durationOf(heartbeat, "heartbeat of TaskStore.layerSql", "10 seconds")
    })
  )
}

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
  search: () => Effect.succeed({ tasks: [], cursor: undefined }),
  counts: Effect.succeed({})
})
