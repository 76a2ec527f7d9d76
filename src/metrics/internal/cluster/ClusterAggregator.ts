/**
 * Keeps the totals of a cluster. Changes run one after the other.
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Semaphore from "effect/Semaphore"
import * as TelemetryConfig from "../../../config/TelemetryConfig.ts"
import * as TimeSlice from "../../../internal/TimeSlice.ts"
import type * as MetricMerge from "../../MetricMerge.ts"
import type { MetricSnapshot } from "../../MetricSnapshot.ts"
import { emptySnapshot } from "../model/metricData.ts"
import * as ClusterTotals from "./ClusterTotals.ts"

export interface ClusterAggregator {
  /** Takes a new reading of a process. */
  readonly replace: (source: string, reading: MetricSnapshot) => Effect.Effect<void>
  /** Ends a process. */
  readonly remove: (source: string) => Effect.Effect<void>
  /** Reads the metrics of this process. */
  readonly readOwn: Effect.Effect<void>
  /** Merges the metrics of all processes with metrics about the processes. */
  readonly combine: (
    about: MetricSnapshot["metrics"],
    options: MetricMerge.Options
  ) => Effect.Effect<MetricSnapshot>
  /** Logs a sentence once, at the next {@link combine}, with the loggers of its fiber. */
  readonly report: (sentence: string) => void
}

/** The highest number of logged sentences in memory. Other processes choose the names in the sentences. */
const mostSentences = 1000

const ownSource = "own"
const aboutSource = "about"

export const make = Effect.fnUntraced(
  function*(own: Effect.Effect<MetricSnapshot>): Effect.fn.Return<ClusterAggregator> {
    const { metrics } = yield* TelemetryConfig.Current
    const limits: ClusterTotals.Limits = {
      cardinalityLimit: metrics.cardinalityLimit,
      retentionMillis: Duration.toMillis(metrics.retention)
    }
    // If two processes differ, the first reading counts, so this process comes first.
    const initial = ClusterTotals.replace(
      ClusterTotals.none(yield* Clock.currentTimeMillis),
      ownSource,
      emptySnapshot,
      limits
    )
    let totals = TimeSlice.runNow(initial)
    let previous = emptySnapshot
    const oneChange = Semaphore.makeUnsafe(1)
    const oneReading = Semaphore.makeUnsafe(1)

    const change = (work: (totals: ClusterTotals.Totals) => TimeSlice.Work<ClusterTotals.Totals>) =>
      Effect.suspend(() => TimeSlice.run(work(totals))).pipe(
        Effect.andThen((changed) =>
          Effect.sync(() => {
            totals = changed
          })
        ),
        oneChange.withPermits(1)
      )

    const reported = new Set<string>()
    let waiting: Array<string> = []
    const report = (sentence: string): void => {
      if (reported.has(sentence) || reported.size >= mostSentences) return
      reported.add(sentence)
      waiting.push(sentence)
    }
    const logWaiting = Effect.suspend(() => {
      const sentences = waiting
      waiting = []
      return Effect.forEach(sentences, (sentence) => Effect.logWarning(sentence), { discard: true })
    })

    return {
      report,
      replace: (source, reading) => change((totals) => ClusterTotals.replace(totals, source, reading, limits)),
      remove: (source) => change((totals) => ClusterTotals.remove(totals, source, limits)),
      // One at a time, because an older reading after a newer one would look like a reset.
      readOwn: Effect.flatMap(own, (reading) =>
        change(function*(totals) {
          const replaced = yield* ClusterTotals.replace(totals, ownSource, reading, limits)
          return yield* ClusterTotals.expire(replaced, reading.timeMillis, limits)
        })).pipe(oneReading.withPermits(1)),
      combine: (about, options) =>
        Effect.gen(function*() {
          const readings = new Map(totals.readings).set(aboutSource, { timeMillis: 0, metrics: about })
          const merged = yield* TimeSlice.run(ClusterTotals.combine({ ...totals, readings }, options))
          previous = yield* TimeSlice.run(ClusterTotals.keepStarts(previous, merged.snapshot))
          const combined = previous
          for (const { difference, name } of merged.conflicts) {
            report(
              `metric "${name}" is left out for some processes: its ${difference} differs between processes`
            )
          }
          yield* logWaiting
          return combined
        })
    }
  }
)
