/**
 * Reads a store for one receiver, and knows what the receiver has got.
 *
 * **Details**
 *
 * {@link MetricReader.collect} hands over parts, and the exit of each delivery
 * decides. If it succeeds, the part is delivered and forgotten. If it fails, dies
 * or is interrupted, the part is pending. The next reading adds new measurements
 * to pending parts. So a failed export loses no delta, and if one of several
 * requests fails, the others are not sent twice.
 *
 * Readers are independent of each other. Concurrent collections of one reader run
 * one after the other.
 *
 * @see https://opentelemetry.io/docs/specs/otel/metrics/sdk/#metricreader
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Semaphore from "effect/Semaphore"
import * as TimeSlice from "../internal/TimeSlice.ts"
import { quoteValue } from "../redaction/internal/quoteValue.ts"
import * as ExponentialArithmetic from "./internal/aggregation/ExponentialArithmetic.ts"
import { foldPending } from "./internal/combine/overflow.ts"
import { split } from "./internal/combine/SnapshotParts.ts"
import { isDelta, type MetricTemporality } from "./internal/model/MetricTemporality.ts"
import * as MetricDelta from "./MetricDelta.ts"
import * as MetricMerge from "./MetricMerge.ts"
import type { MetricSnapshot } from "./MetricSnapshot.ts"

/**
 * Options of a reader.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** Gives the present values, such as `snapshot` of a `MetricStore`. */
  readonly snapshot: Effect.Effect<MetricSnapshot>
  /** `cumulative` by default. */
  readonly temporality?: MetricTemporality | undefined
  /**
   * The highest number of series in a part, 2000 by default. A series with many buckets counts as several. A function
   * is called for each collection.
   */
  readonly maximumSeries?: number | (() => number) | undefined
}

/**
 * A reader, which remembers what it has delivered.
 *
 * @category models
 * @since 0.1.0
 */
export interface MetricReader {
  readonly temporality: MetricTemporality
  /**
   * Reads, and hands over the result in parts, one after the other. If `deliver`
   * fails, the part stays pending. All parts are tried. Then the collection fails
   * with the first failure.
   */
  readonly collect: <E, R>(deliver: (part: MetricSnapshot) => Effect.Effect<unknown, E, R>) => Effect.Effect<void, E, R>
  /** What became of the data points. After a collection, `collected` is the sum of the others. */
  readonly accounts: () => ReaderAccounts
}

/**
 * The accounts of a reader, in data points. A delta that stays pending over
 * several collections counts once.
 *
 * @category models
 * @since 0.1.0
 */
export interface ReaderAccounts {
  /** Points that were read to be delivered. */
  readonly collected: number
  /** Points whose delivery succeeded. */
  readonly delivered: number
  /** Points that were not delivered and that the next collection reads anew: all but deltas. */
  readonly replaced: number
  /** Deltas that are not delivered yet. */
  readonly pending: number
}

/**
 * Makes a reader that has delivered nothing yet.
 *
 * **Details**
 *
 * With `delta` and `lowmemory` it keeps the last snapshot. While deliveries fail, it also keeps the sum of the pending
 * parts. The sum has at most the series of the store, and 2000 series that the store has dropped meanwhile. Further
 * dropped series are added to the overflow series of their metric.
 *
 * **Gotchas**
 *
 * The reader dies with a `RangeError` if `maximumSeries` is not a whole number of at least 1.
 *
 * If a receiver takes a request but does not answer, it gets the content again.
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
    const { maximumSeries: most = 2000, snapshot, temporality = "cumulative" } = options
    if (typeof most !== "function" && !(Number.isSafeInteger(most) && most >= 1)) {
      throw new RangeError(`expected a whole number of at least 1 at maximumSeries, got ${quoteValue(most)}`)
    }
    const maximumSeries = typeof most === "number" ? () => most : most
    const oneAtATime = Semaphore.makeUnsafe(1)
    let last = MetricDelta.nothing
    /** Pending differences. Each series occurs at most once. */
    let pending = new Set<MetricSnapshot>()
    let collected = 0
    let delivered = 0
    let replaced = 0
    const pendingPoints = () => {
      let points = 0
      for (const part of pending) points += pointsOf(differences(part))
      return points
    }

    const cumulative = Effect.flatMap(snapshot, (current) => TimeSlice.run(split(current, maximumSeries())))

    function* sumOf(current: MetricSnapshot): TimeSlice.Work<ReadonlyArray<MetricSnapshot>> {
      const before = yield* foldPending([...pending].map(differences), current)
      const since = yield* MetricDelta.steps(last, current, temporality)
      // The sum has as many buckets as the store has, so a merge must not make it coarser.
      const maximumBuckets = ExponentialArithmetic.widestSide([...before, current].flatMap(({ metrics }) => metrics))
      const sum = yield* MetricMerge.steps([...before, since], { maximumBuckets })
      return yield* split(sum.snapshot, maximumSeries())
    }

    const delta = Effect.gen(function*() {
      const current = yield* snapshot
      const parts = yield* TimeSlice.run(sumOf(current))
      // Set together, so that an interruption leaves a consistent state.
      last = current
      pending = new Set(parts)
      return parts
    })

    /** Only differences are pending. All other values are read again. */
    const differences = (part: MetricSnapshot): MetricSnapshot => ({
      ...part,
      metrics: part.metrics.filter((metric) => isDelta(temporality, metric))
    })

    /** The parts of a collection, counted; `open` are those that are not delivered yet. */
    const take = Effect.gen(function*() {
      const before = pendingPoints()
      const parts = yield* (temporality === "cumulative" ? cumulative : delta)
      const read = parts.reduce((sum, part) => sum + pointsOf(part), 0) - before
      // Pending series that the store has forgotten can become one overflow series.
      collected += Math.max(0, read)
      replaced += Math.max(0, -read)
      return { parts, open: new Set(parts) }
    })

    const settle = (open: Set<MetricSnapshot>, part: MetricSnapshot): void => {
      pending.delete(part)
      open.delete(part)
      delivered += pointsOf(part)
    }

    const giveUp = (open: ReadonlySet<MetricSnapshot>): void => {
      for (const part of open) replaced += pointsOf(part) - (pending.has(part) ? pointsOf(differences(part)) : 0)
    }

    return {
      temporality,
      collect: (deliver) =>
        Effect.gen(function*() {
          const { open, parts } = yield* take
          const exits = yield* Effect.forEach(parts, (part) =>
            deliver(part).pipe(
              Effect.onExit((exit) => Effect.sync(() => Exit.isSuccess(exit) && settle(open, part))),
              Effect.exit
            )).pipe(Effect.ensuring(Effect.sync(() => giveUp(open))))
          const failure = exits.find(Exit.isFailure)
          if (failure !== undefined) yield* failure
        }).pipe(oneAtATime.withPermits(1)),
      accounts: () => ({ collected, delivered, replaced, pending: pendingPoints() })
    }
  })

/** Each series is a data point. */
const pointsOf = ({ metrics }: MetricSnapshot): number =>
  metrics.reduce((points, { series }) => points + series.length, 0)
