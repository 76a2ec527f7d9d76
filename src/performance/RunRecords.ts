/**
 * Keeps the records of the runs of this process: all that run, and the last ones
 * that have ended.
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
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as TelemetryConfig from "../config/TelemetryConfig.ts"
import { EventBus } from "../events/EventBus.ts"
import { DetectedResource } from "../internal/DetectedResource.ts"
import * as TimeSlice from "../internal/TimeSlice.ts"
import * as LockWaits from "./internal/LockWaits.ts"
import * as RunFollower from "./internal/RunFollower.ts"
import type { RunRecord } from "./RunRecord.ts"
import type { Surroundings } from "./Why.ts"

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
  Effect.map(TelemetryConfig.Current, ({ performance }) => performance.bottlenecks ? recording : layerNoop)
)

const recording: Layer.Layer<RunRecords, never, EventBus> = Layer.effectContext(
  Effect.gen(function*() {
    const { performance, service } = yield* TelemetryConfig.Current
    const detected = (yield* DetectedResource)["service.instance.id"]
    const instance = service.attributes["service.instance.id"] ?? detected
    const follower = new RunFollower.RunFollower({
      storedRuns: performance.storedRuns,
      instance: instance === undefined ? undefined : String(instance)
    })
    const locks = new LockWaits.LockWaits()
    const bus = yield* EventBus
    yield* bus.register({
      name: "run records",
      signal: "all",
      accepts: RunFollower.accepts,
      handle: (envelope, fiber) => follower.handle(envelope, fiber)
    })
    const records = RunRecords.of({
      ended: Effect.sync(() => follower.endedRuns()),
      unfinished: Effect.suspend(() => TimeSlice.run(follower.unfinishedRuns())),
      get: (runId) => Effect.sync(() => Option.fromUndefinedOr(follower.find(runId))),
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
      missed: Effect.sync(() => follower.missed)
    })
    return Context.make(RunRecords, records).pipe(Context.add(LockWaits.Current, locks))
  })
)

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
