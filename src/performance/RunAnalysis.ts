/**
 * Analyses the runs that are recorded, and says what an unfinished run waits for.
 *
 * **Details**
 *
 * An analysis works in slices of a few milliseconds, so that steps, timers and
 * requests have their turn in between. Two analyses never work at the same time.
 *
 * At its end an analysis publishes `observability.analysis.completed`. A
 * recommendation is published as `observability.bottleneck.detected` the first
 * time, and again once its share of the makespan has doubled.
 *
 * @see Bottlenecks for the report
 * @see Compare for the differences
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Semaphore from "effect/Semaphore"
import { CurrentWorkflow } from "../Correlation.ts"
import * as EventBus from "../events/EventBus.ts"
import * as TimeSlice from "../internal/TimeSlice.ts"
import * as Bottlenecks from "./Bottlenecks.ts"
import * as Compare from "./Compare.ts"
import { DetectedBottlenecks } from "./internal/DetectedBottlenecks.ts"
import * as LockWaits from "./internal/LockWaits.ts"
import type { RunRecord } from "./RunRecord.ts"
import * as RunRecords from "./RunRecords.ts"
import * as Why from "./Why.ts"

/**
 * Which runs an analysis looks at.
 *
 * @category models
 * @since 0.1.0
 */
export type Choice = Pick<Bottlenecks.Options, "task" | "version" | "since">

/**
 * The analysis.
 *
 * **Example** (What to change, without a pause of the program)
 *
 * ```ts
 * import * as Effect from "effect/Effect"
 * import { RunAnalysis } from "tasker-telemetry"
 *
 * const advice = Effect.gen(function*() {
 *   const analysis = yield* RunAnalysis.RunAnalysis
 *   const { recommendations } = yield* analysis.bottlenecks({ task: "process_order" })
 *   return recommendations.map(({ text }) => text)
 * })
 * ```
 *
 * @category services
 * @since 0.1.0
 */
export class RunAnalysis extends Context.Service<RunAnalysis, {
  /** Says where time is lost and what a change is worth, as `Bottlenecks.analyze` does. */
  readonly bottlenecks: (options?: Bottlenecks.Options) => Effect.Effect<Bottlenecks.Report>
  /** The same without recommendations, which are the expensive part. */
  readonly durations: (choice?: Choice) => Effect.Effect<Bottlenecks.Report>
  /** Says what slow and failed runs have in common, as `Compare.compare` does. */
  readonly differences: (options?: Choice & Compare.Options) => Effect.Effect<ReadonlyArray<Compare.Difference>>
  /** Says what a run waits for now, if there is a record of the run. */
  readonly why: (runId: string) => Effect.Effect<Option.Option<Why.Why>>
}>()("tasker-telemetry/performance/RunAnalysis") {
}

/**
 * Analyses the runs of the `RunRecords` of the context.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<RunAnalysis, never, RunRecords.RunRecords | EventBus.EventBus> = Layer.effect(
  RunAnalysis,
  Effect.gen(function*() {
    const records = yield* RunRecords.RunRecords
    const bus = yield* EventBus.EventBus
    const turn = yield* Semaphore.make(1)
    const detected = new DetectedBottlenecks()

    /** Does the work when no other analysis works, and publishes that it is done. */
    const analyse = <A>(
      analysis: "bottlenecks" | "durations" | "differences",
      { since, task, version }: Choice,
      work: (runs: ReadonlyArray<RunRecord>) => TimeSlice.Work<A>,
      figures: (result: A, runs: ReadonlyArray<RunRecord>) => { readonly runs: number; readonly findings: number }
    ): Effect.Effect<A> =>
      Semaphore.withPermit(
        turn,
        Effect.gen(function*() {
          const start = yield* Clock.monotonicTimeNanos
          const runs = yield* records.find({ since, task, version })
          const result = yield* TimeSlice.run(work(runs))
          const durationSeconds = Number((yield* Clock.monotonicTimeNanos) - start) / 1e9
          yield* bus.publish("observability.analysis.completed", {
            analysis,
            ...figures(result, runs),
            durationSeconds
          })
          return result
        })
      )

    return RunAnalysis.of({
      bottlenecks: (options = {}) =>
        analyse(
          "bottlenecks",
          options,
          (runs) => Bottlenecks.work(runs, options),
          ({ recommendations, runs }) => ({ runs, findings: recommendations.length })
        ).pipe(
          Effect.tap(({ recommendations }) =>
            Effect.forEach(
              detected.newOf(recommendations),
              (payload) => bus.publish("observability.bottleneck.detected", payload),
              { discard: true }
            )
          )
        ),
      durations: (choice = {}) =>
        analyse(
          "durations",
          choice,
          (runs) => Bottlenecks.work(runs, { ...choice, minimumRuns: Infinity }),
          ({ runs }) => ({ runs, findings: 0 })
        ),
      differences: ({ since, task, version, ...options } = {}) =>
        analyse(
          "differences",
          { since, task, version },
          (runs) => Compare.work(runs, options),
          (differences, runs) => ({ runs: runs.length, findings: differences.length })
        ),
      why: (runId) =>
        Effect.gen(function*() {
          const run = yield* records.get(runId)
          const surroundings = yield* records.surroundings(runId)
          return Option.map(run, (record) => Why.explain(record, surroundings))
        })
    })
  })
)

/**
 * Analyses given records, for programs that read records from elsewhere, and for
 * tests. It publishes nothing.
 *
 * @param runs ended and unfinished runs
 * @category layers
 * @since 0.1.0
 */
export const layerMemory = (runs: ReadonlyArray<RunRecord>): Layer.Layer<RunAnalysis> =>
  Layer.provide(layer, [RunRecords.layerMemory(runs), EventBus.layerNoop])

/**
 * Finds nothing.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerNoop: Layer.Layer<RunAnalysis> = layerMemory([])

/**
 * Says that the current step waits for a lock while the effect runs, so that `why`
 * can name the lock. The effect's result, failure and context stay the same.
 *
 * **When to use**
 *
 * Use around the part that waits: the take of a semaphore or of a lease. Waits for
 * a connection, and for a lock of PostgreSQL, are known without it if `SqlMonitor`
 * observes the client. Outside of steps it does nothing.
 *
 * **Example** (A lock of a program)
 *
 * ```ts
 * import * as Effect from "effect/Effect"
 * import * as Semaphore from "effect/Semaphore"
 * import { RunAnalysis } from "tasker-telemetry"
 *
 * const exclusively = <A, E, R>(stock: Semaphore.Semaphore, work: Effect.Effect<A, E, R>) =>
 *   Effect.acquireUseRelease(
 *     RunAnalysis.waitingFor("the lock of the stock")(Semaphore.take(stock, 1)),
 *     () => work,
 *     () => Semaphore.release(stock, 1)
 *   )
 * ```
 *
 * @param lock the lock in words, such as `the lock of order o-7`
 * @category combinators
 * @since 0.1.0
 */
export const waitingFor = (lock: string) => <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.withFiber((fiber) => {
    const waits = fiber.getRef(LockWaits.Current)
    const workflow = fiber.getRef(CurrentWorkflow)
    if (waits === undefined || workflow?.stepName === undefined) return effect
    const sinceNanos = fiber.getRef(Clock.Clock).monotonicTimeNanosUnsafe()
    const end = waits.add({ workflow, lock, sinceNanos, heldBy: [] })
    return Effect.ensuring(effect, Effect.sync(end))
  })
