/**
 * Reads a store for one receiver and knows what that receiver has got.
 *
 * **Details**
 *
 * There is one way to read: {@link MetricReader.collect} hands over what is to be
 * delivered, and what the handed-over effect says by its exit decides. If it
 * succeeds, the part is delivered and forgotten; if it fails, dies or is
 * interrupted, it is owed and comes with the next reading, added to what has
 * been measured since. So a failed export loses no delta, and one of several
 * requests can fail without the others being sent twice.
 *
 * Readers are independent of each other. Concurrent collections of one reader
 * wait for each other, so that nothing is handed over twice.
 *
 * @see https://opentelemetry.io/docs/specs/otel/metrics/sdk/#metricreader
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Semaphore from "effect/Semaphore"
import * as TimeSlice from "../internal/TimeSlice.ts"
import * as ExponentialValue from "./internal/aggregation/ExponentialValue.ts"
import { foldPending } from "./internal/combine/overflow.ts"
import { split } from "./internal/combine/SnapshotParts.ts"
import { isDelta, type MetricTemporality } from "./internal/model/MetricTemporality.ts"
import * as MetricDelta from "./MetricDelta.ts"
import * as MetricMerge from "./MetricMerge.ts"
import type { MetricSnapshot } from "./MetricSnapshot.ts"

/**
 * What is read, and how.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** The present values, such as `snapshot` of a `MetricStore`. */
  readonly snapshot: Effect.Effect<MetricSnapshot>
  /** `cumulative` by default. */
  readonly temporality?: MetricTemporality | undefined
  /** Series that are handed over at once, 2000 by default; one of many buckets counts as several. */
  readonly maximumSeries?: number | undefined
}

/**
 * A reader with its own view of what it has delivered.
 *
 * @category models
 * @since 0.1.0
 */
export interface MetricReader {
  readonly temporality: MetricTemporality
  /**
   * Reads and hands over what is to be delivered, in parts, one after the other.
   * A part is delivered if `deliver` succeeds with it, and owed otherwise. All
   * parts are tried; then the first failure is that of the collection.
   */
  readonly collect: <E, R>(deliver: (part: MetricSnapshot) => Effect.Effect<unknown, E, R>) => Effect.Effect<void, E, R>
}

/**
 * Makes a reader that has delivered nothing yet.
 *
 * **Details**
 *
 * With `delta` and `lowmemory` it keeps the snapshot read last, and while
 * deliveries fail the sum of what is owed: at most the series of the store and
 * 2000 which the store has forgotten in the meantime. Beyond that the forgotten
 * ones are added to the overflow series of their metric.
 *
 * **Gotchas**
 *
 * A receiver that takes a request without saying so gets its content again.
 *
 * **Example** (Writing what was measured since the last time)
 *
 * ```ts
 * import * as Effect from "effect/Effect"
 * import * as Schedule from "effect/Schedule"
 * import * as MetricReader from "tasker-telemetry/metrics/MetricReader"
 * import type { MetricSnapshot } from "tasker-telemetry/metrics/MetricSnapshot"
 * import { MetricStore } from "tasker-telemetry/metrics/MetricStore"
 *
 * declare const write: (snapshot: MetricSnapshot) => Effect.Effect<void, Error>
 *
 * const program = Effect.gen(function*() {
 *   const { snapshot } = yield* MetricStore
 *   const reader = yield* MetricReader.make({ snapshot, temporality: "delta" })
 *   yield* Effect.schedule(Effect.ignoreCause(reader.collect(write)), Schedule.spaced("1 minute"))
 * })
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (options: Options): Effect.Effect<MetricReader> =>
  Effect.sync(() => {
    const { maximumSeries = 2000, snapshot, temporality = "cumulative" } = options
    const oneAtATime = Semaphore.makeUnsafe(1)
    let last = MetricDelta.nothing
    /** Differences that are not delivered, each series at most once. */
    let pending = new Set<MetricSnapshot>()

    const cumulative = Effect.flatMap(snapshot, (current) => TimeSlice.run(split(current, maximumSeries)))

    function* sumOf(current: MetricSnapshot): TimeSlice.Work<ReadonlyArray<MetricSnapshot>> {
      const before = yield* foldPending([...pending].map(differences), current)
      const since = yield* MetricDelta.steps(last, current, temporality)
      // The store has these buckets for the sum of both, which is not to become coarser on the way.
      const maximumBuckets = ExponentialValue.widestSide([...before, current].flatMap(({ metrics }) => metrics))
      const sum = yield* MetricMerge.steps([...before, since], { maximumBuckets })
      return yield* split(sum.snapshot, maximumSeries)
    }

    const delta = Effect.gen(function*() {
      const current = yield* snapshot
      const parts = yield* TimeSlice.run(sumOf(current))
      // Both at once: an interruption finds the state before or the state after.
      last = current
      pending = new Set(parts)
      return parts
    })

    /** Only differences are pending; of everything else the present value is read again. */
    const differences = (part: MetricSnapshot): MetricSnapshot => ({
      ...part,
      metrics: part.metrics.filter((metric) => isDelta(temporality, metric))
    })

    return {
      temporality,
      collect: (deliver) =>
        Effect.gen(function*() {
          const parts = yield* (temporality === "cumulative" ? cumulative : delta)
          const exits = yield* Effect.forEach(parts, (part) =>
            deliver(part).pipe(
              Effect.onExit((exit) => Effect.sync(() => Exit.isSuccess(exit) && pending.delete(part))),
              Effect.exit
            ))
          const failure = exits.find(Exit.isFailure)
          if (failure !== undefined) yield* failure
        }).pipe(oneAtATime.withPermits(1))
    }
  })
