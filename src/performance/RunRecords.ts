/**
 * Keeps the records of runs: all that run in this process, and the last ones that
 * have ended, in memory or in a database.
 *
 * **Details**
 *
 * The records come from events, with a sink that no sampling thins out. The
 * memory is bounded: `performance.storedRuns` ended runs, at most 200 000
 * attempts of ended runs, and 10 000 runs at the same time.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import type * as SqlClient from "effect/sql/SqlClient"
import { durationOf } from "../config/internal/durationInput.ts"
import * as TelemetryConfig from "../config/TelemetryConfig.ts"
import { EventBus } from "../events/EventBus.ts"
import type * as EventCatalog from "../events/EventCatalog.ts"
import { DetectedResource, instanceIdOf } from "../internal/DetectedResource.ts"
import * as TimeSlice from "../internal/TimeSlice.ts"
import type { DurationSuchAs } from "../internal/typeMessages.ts"
import { isChosen } from "./Bottlenecks.ts"
import * as LockWaits from "./internal/LockWaits.ts"
import * as RunFollower from "./internal/RunFollower.ts"
import * as RunHistory from "./internal/RunHistory.ts"
import * as RunTable from "./internal/RunTable.ts"
import { hasEnded, type RunRecord } from "./RunRecord.ts"
import type { Surroundings } from "./Why.ts"

/**
 * Which ended runs are asked for. A run is chosen if it fits all that is given.
 *
 * @category models
 * @since 0.1.0
 */
export type Choice = RunTable.Choice

/**
 * Options of {@link layerSql}.
 *
 * @category models
 * @since 0.1.0
 */
export interface SqlOptions {
  /** The table, which is created if it does not exist; `tasker_runs` by default. */
  readonly table?: string | undefined
  /** Number of runs that are kept, of all instances; 100 000 by default. One in a hundred more may stay for a while. */
  readonly maximumRuns?: number | undefined
  /** Time for which a run is kept after its end; 30 days by default. */
  readonly maximumAge?: DurationSuchAs<"30 days"> | undefined
}

/**
 * The records.
 *
 * **Example** (The durations of the runs that have ended)
 *
 * ```ts
 * import * as Effect from "effect/Effect"
 * import { RunRecords } from "tasker-telemetry"
 *
 * const durations = Effect.gen(function*() {
 *   const records = yield* RunRecords.RunRecords
 *   return (yield* records.ended).map((run) => run.endedAt)
 * })
 * ```
 *
 * @category services
 * @since 0.1.0
 */
export class RunRecords extends Context.Service<RunRecords, {
  /** The ended runs that are kept, in the order of their ends. */
  readonly ended: Effect.Effect<ReadonlyArray<RunRecord>>
  /** The ended runs of a task, of a version, or since an instant, in the order of their ends. */
  readonly find: (choice: Choice) => Effect.Effect<ReadonlyArray<RunRecord>>
  /** Copies of the runs that have not ended, in the order of their starts. */
  readonly unfinished: Effect.Effect<ReadonlyArray<RunRecord>>
  /** Finds a run by its id, whether it has ended or not. */
  readonly get: (runId: string) => Effect.Effect<Option.Option<RunRecord>>
  /** Seconds since an unfinished run was created: the present on the scale of the run's instants. */
  readonly age: (runId: string) => Effect.Effect<Option.Option<number>>
  /**
   * What `Why.explain` needs beside the record of an unfinished run: its age, whether what runs it has ended, and the
   * locks that its steps wait for. Empty for other runs.
   */
  readonly surroundings: (runId: string) => Effect.Effect<Surroundings>
  /** Number of runs that have no record, because too many ran at the same time. */
  readonly missed: Effect.Effect<number>
}>()("tasker-telemetry/performance/RunRecords") {
}

/**
 * Records the runs whose events the bus of the context gets, unless
 * `performance.bottlenecks` is off.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<RunRecords, never, EventBus> = Layer.unwrap(
  Effect.map(TelemetryConfig.Current, ({ performance }) => performance.bottlenecks ? recording(inMemory) : layerNoop)
)

/** Where ended runs are kept beside the memory of the process. */
interface History {
  readonly note: (record: RunRecord) => void
  readonly lost: () => number
  readonly find: (choice: Choice) => Effect.Effect<ReadonlyArray<RunRecord>>
  readonly get: (runId: string) => Effect.Effect<Option.Option<RunRecord>>
}

/** After these, a run has ended or has a new record. */
const endings: ReadonlySet<string> = new Set<EventCatalog.EventName>([
  "task.completed",
  "task.failed",
  "task.cancelled",
  "task.resolved_manually",
  "step.resolved_manually",
  "performance.query_finding"
])

const recording = <R>(
  historyOf: (follower: RunFollower.RunFollower) => Effect.Effect<History, never, R>
): Layer.Layer<RunRecords, never, EventBus | Exclude<R, Scope.Scope>> =>
  Layer.effectContext(
    Effect.gen(function*() {
      const { performance, service } = yield* TelemetryConfig.Current
      const follower = new RunFollower.RunFollower({
        storedRuns: performance.storedRuns,
        instance: instanceIdOf(service.attributes, yield* DetectedResource)
      })
      const history = yield* historyOf(follower)
      const locks = new LockWaits.LockWaits()
      const bus = yield* EventBus
      yield* bus.register({
        name: "run records",
        signal: "all",
        accepts: RunFollower.accepts,
        handle: (envelope, fiber) => {
          follower.handle(envelope, fiber)
          if (!endings.has(envelope.name)) return
          const run = follower.find((envelope.payload as { readonly taskId?: string }).taskId ?? "")
          if (run !== undefined && hasEnded(run)) history.note(run)
        }
      })
      const records = RunRecords.of({
        ended: history.find({}),
        find: history.find,
        unfinished: Effect.suspend(() => TimeSlice.run(follower.unfinishedRuns())),
        get: (runId) =>
          Effect.suspend(() => {
            const run = follower.find(runId)
            return run === undefined ? history.get(runId) : Effect.succeedSome(run)
          }),
        age: (runId) =>
          Clock.clockWith((clock) => Effect.sync(() => Option.fromUndefinedOr(follower.signsOf(runId, clock)?.now))),
        surroundings: (runId) =>
          Effect.gen(function*() {
            const clock = yield* Clock.Clock
            const known = yield* locks.of(runId)
            const signs = follower.signsOf(runId, clock)
            if (signs === undefined) return {}
            const { now, runnerEnded, silentSeconds } = signs
            // A run of this process needs no heartbeat to be alive: while its fiber has not ended, it is.
            return runnerEnded ? { now, locks: known, runnerEnded, silentSeconds } : { now, locks: known }
          }),
        missed: Effect.sync(() => follower.missed + history.lost())
      })
      return Context.make(RunRecords, records).pipe(Context.add(LockWaits.Current, locks))
    })
  )

/** The memory of the process is all there is. */
const inMemory = (follower: RunFollower.RunFollower): Effect.Effect<History> =>
  Effect.succeed({
    note: () => {},
    lost: () => 0,
    find: (choice) => Effect.sync(() => follower.endedRuns().filter(isChosen(choice))),
    get: () => Effect.succeedNone
  })

/**
 * Records the runs of this process as {@link layer} does, and keeps ended ones in a
 * table of PostgreSQL or SQLite. So an analysis survives the process, and sees the
 * runs of all instances that share the database.
 *
 * **When to use**
 *
 * Use as the part `runRecords` of `Telemetry.layer`, beside `TaskStore.layerSql`.
 *
 * **Details**
 *
 * Records are written together, a second after the ends of their runs and when the layer closes. No run waits for them.
 * While the database does not answer, a warning of the writes and one of the reads say so, up to 10 000 records wait,
 * and the runs of this process are found. Names and texts are redacted before they are written.
 *
 * `ended` and `find` read the runs that ended last, at most `performance.storedRuns`. `get` finds any run that is kept.
 * `unfinished` has the runs of this process alone: `TaskStore.search` finds those of all instances.
 *
 * The statements open no spans and belong to no run. A process that is killed loses the records of its last second.
 *
 * **Gotchas**
 *
 * Without `service.instance.id` among the attributes of the service, the instance of a run is a new random id in each
 * process. A client of another database than PostgreSQL and SQLite is a defect of the layer.
 *
 * **Example** (An analysis of all instances)
 *
 * ```ts
 * import { PgClient } from "@effect/sql-pg"
 * import * as Layer from "effect/Layer"
 * import { RunRecords, Telemetry } from "tasker-telemetry"
 *
 * const Database = PgClient.layer({ host: "127.0.0.1", database: "telemetry" }).pipe(Layer.orDie)
 * const TelemetryLayer = Telemetry.layer({}, {
 *   runRecords: RunRecords.layerSql({ maximumAge: "7 days" }).pipe(Layer.provide(Database))
 * })
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layerSql = (
  options: SqlOptions = {}
): Layer.Layer<RunRecords, never, EventBus | SqlClient.SqlClient> => {
  const { maximumAge = Duration.days(30), maximumRuns = 100_000, table = "tasker_runs" } = options
  const longestAge = durationOf(maximumAge, "maximumAge of RunRecords.layerSql", "30 days")
  return Layer.unwrap(Effect.map(TelemetryConfig.Current, ({ execution, performance }) =>
    performance.bottlenecks
      ? recording((follower) =>
        Effect.flatMap(RunTable.make({ table, mostRuns: maximumRuns, longestAge }), (runs) =>
          RunHistory.make(runs, {
            timeout: execution.storeTimeout,
            mostFound: performance.storedRuns,
            local: () => follower.endedRuns()
          }))
      )
      : layerNoop))
}

/**
 * Keeps given records, for programs that read records from elsewhere, and for
 * tests.
 *
 * @param runs ended and unfinished runs; an unfinished run has the age of its last change
 * @category layers
 * @since 0.1.0
 */
export const layerMemory = (runs: ReadonlyArray<RunRecord>): Layer.Layer<RunRecords> =>
  Layer.sync(RunRecords, () => {
    const byId = new Map(runs.map((run) => [run.id, run]))
    const find = (runId: string) => Option.fromUndefinedOr(byId.get(runId))
    const select = (ended: boolean) => Effect.sync(() => runs.filter((run) => (run.endedAt !== undefined) === ended))
    return RunRecords.of({
      ended: select(true),
      find: (choice) => Effect.map(select(true), (ended) => ended.filter(isChosen(choice))),
      unfinished: select(false),
      get: (runId) => Effect.sync(() => find(runId)),
      age: (runId) =>
        Effect.sync(() =>
          Option.flatMap(find(runId), (run) => run.endedAt === undefined ? Option.some(run.changedAt) : Option.none())
        ),
      surroundings: (runId) =>
        Effect.sync(() =>
          Option.match(find(runId), { onNone: () => ({}), onSome: (run) => ({ now: run.endedAt ?? run.changedAt }) })
        ),
      missed: Effect.succeed(0)
    })
  })

/**
 * Keeps nothing.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerNoop: Layer.Layer<RunRecords> = layerMemory([])
