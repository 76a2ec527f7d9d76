/**
 * What has been measured between two snapshots. Pure.
 *
 * @see https://opentelemetry.io/docs/specs/otel/metrics/data-model/#temporality
 * @since 0.1.0
 */
import * as Cooperation from "../internal/Cooperation.ts"
import * as ExponentialValue from "./internal/aggregation/ExponentialValue.ts"
import { joinSeries } from "./internal/combine/joinSeries.ts"
import { piece } from "./internal/combine/mergeSeries.ts"
import * as SeriesList from "./internal/model/SeriesList.ts"
import type {
  ExponentialHistogramValue,
  HistogramData,
  HistogramValue,
  MetricData,
  MetricSnapshot,
  SeriesSnapshot
} from "./MetricSnapshot.ts"
import { isDelta, type MetricTemporality } from "./MetricTemporality.ts"

/**
 * The snapshot before the first one.
 *
 * @category constants
 * @since 0.1.0
 */
export const nothing: MetricSnapshot = { timeMillis: 0, metrics: [] }

/**
 * The differences between two snapshots of one store.
 *
 * **Details**
 *
 * Counters and histograms become what was added since `previous`, and count from
 * its time on. Exponential histograms are brought to the coarser of the two
 * scales and lose their extremes, which are those of all time. Up-down counters,
 * gauges, infos and summaries stay as they are, because only their present value
 * says something.
 *
 * A series that is new counts from its own start; so does one with another start
 * than before, which has expired and come back. A value that has become less,
 * which no store of ours does, is taken as a new beginning.
 *
 * A counter or histogram to which nothing was added is left out, as the
 * OpenTelemetry SDKs do: no point means no change, and idle series cost nothing.
 * A new series is there even if it is still zero, so that it is known to exist.
 *
 * Exemplars are those that `previous` did not have.
 *
 * The differences of a sequence of snapshots, merged, are the last of them; see
 * `MetricMerge`.
 *
 * **Example** (Counting since a moment)
 *
 * ```ts
 * import * as Effect from "effect/Effect"
 * import * as MetricDelta from "tasker-telemetry/metrics/MetricDelta"
 * import { MetricStore } from "tasker-telemetry/metrics/MetricStore"
 *
 * const measuredDuring = Effect.fnUntraced(function*(work: Effect.Effect<void>) {
 *   const { snapshot } = yield* MetricStore
 *   const before = yield* snapshot
 *   yield* work
 *   return MetricDelta.between(before, yield* snapshot)
 * })
 * ```
 *
 * @category combinators
 * @since 0.1.0
 */
export const between = (
  previous: MetricSnapshot,
  current: MetricSnapshot,
  temporality: MetricTemporality = "delta"
): MetricSnapshot => Cooperation.runNow(steps(previous, current, temporality))

/**
 * {@link between} with stops on the way.
 *
 * @internal
 */
export function* steps(
  previous: MetricSnapshot,
  current: MetricSnapshot,
  temporality: MetricTemporality
): Cooperation.Work<MetricSnapshot> {
  const before = new Map(previous.metrics.map((metric) => [metric.name, metric]))
  const metrics: Array<MetricData> = []
  for (const metric of current.metrics) {
    yield* SeriesList.make(metric)
    const difference = isDelta(temporality, metric)
      ? yield* familyBetween(before.get(metric.name), metric, previous.timeMillis)
      : metric
    if (difference.series.length > 0) metrics.push(difference)
  }
  return { timeMillis: current.timeMillis, metrics }
}

/** `undefined` where the value cannot have grown out of the previous one. */
type Subtract<Value> = (current: Value, previous: Value) => Value | undefined

function* familyBetween(
  previous: MetricData | undefined,
  metric: MetricData,
  since: number
): Cooperation.Work<MetricData> {
  switch (metric.type) {
    case "counter": {
      const before = previous?.type === metric.type ? previous.series : []
      return { ...metric, series: yield* seriesBetween(before, metric, since, subtractNumbers, isZero) }
    }
    case "histogram": {
      const before = previous?.type === metric.type && haveSameBuckets(previous, metric) ? previous.series : []
      return { ...metric, series: yield* seriesBetween(before, metric, since, subtractHistograms, isEmpty) }
    }
    case "exponentialHistogram": {
      const before = previous?.type === metric.type ? previous.series : []
      return { ...metric, series: yield* seriesBetween(before, metric, since, subtractExponentials, isEmpty) }
    }
    default:
      return metric
  }
}

function* seriesBetween<Value>(
  previous: ReadonlyArray<SeriesSnapshot<Value>>,
  metric: { readonly attributes: ReadonlyArray<string>; readonly series: ReadonlyArray<SeriesSnapshot<Value>> },
  since: number,
  subtract: Subtract<Value>,
  isNothing: (difference: Value) => boolean
): Cooperation.Work<ReadonlyArray<SeriesSnapshot<Value>>> {
  const before = yield* joinSeries(previous, metric.series, metric.attributes)
  const changed: Array<SeriesSnapshot<Value>> = []
  for (const [index, series] of metric.series.entries()) {
    if (index % piece === 0) yield
    const known = before[index]
    if (known === undefined || known.startMillis !== series.startMillis) {
      changed.push(series)
      continue
    }
    const difference = subtract(series.value, known.value)
    if (difference !== undefined && isNothing(difference)) continue
    changed.push({
      attributes: series.attributes,
      startMillis: since,
      value: difference ?? series.value,
      exemplars: series.exemplars.length === 0 ? series.exemplars : newSince(series, known, since)
    })
  }
  return changed
}

/** An exemplar of the same millisecond as the reading before may be older or newer than it; the reading tells. */
const newSince = (series: SeriesSnapshot<unknown>, known: SeriesSnapshot<unknown>, since: number) =>
  series.exemplars.filter((exemplar) =>
    exemplar.timeMillis > since ||
    exemplar.timeMillis === since && !known.exemplars.some((other) =>
        other.timeMillis === exemplar.timeMillis && other.value === exemplar.value &&
        other.traceId === exemplar.traceId && other.spanId === exemplar.spanId
      )
  )

const haveSameBuckets = (left: HistogramData, right: HistogramData): boolean =>
  left.buckets.length === right.buckets.length && left.buckets.every((bound, index) => bound === right.buckets[index])

const difference = (current: number, previous: number): number => current === previous ? 0 : current - previous

const subtractNumbers: Subtract<number> = (current, previous) =>
  current < previous ? undefined : difference(current, previous)

const isZero = (value: number): boolean => value === 0

const subtractHistograms: Subtract<HistogramValue> = (current, previous) =>
  current.counts.some((count, bucket) => count < (previous.counts[bucket] ?? 0)) ? undefined : {
    counts: current.counts.map((count, bucket) => count - (previous.counts[bucket] ?? 0)),
    count: current.count - previous.count,
    sum: difference(current.sum, previous.sum)
  }

const subtractExponentials: Subtract<ExponentialHistogramValue> = ExponentialValue.subtract

const isEmpty = (value: { readonly count: number }): boolean => value.count === 0
