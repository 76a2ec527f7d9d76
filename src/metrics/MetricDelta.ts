/**
 * Computes what was measured between two snapshots. Pure.
 *
 * @see https://opentelemetry.io/docs/specs/otel/metrics/data-model/#temporality
 * @since 0.1.0
 */
import * as TimeSlice from "../internal/TimeSlice.ts"
import * as aggregationOf from "./internal/aggregation/aggregationOf.ts"
import { joinSeries } from "./internal/combine/joinSeries.ts"
import { piece } from "./internal/combine/mergeSeries.ts"
import { emptySnapshot, haveOneKind, withSeries } from "./internal/model/metricData.ts"
import { isDelta, type MetricTemporality } from "./internal/model/MetricTemporality.ts"
import * as SeriesList from "./internal/model/SeriesList.ts"
import type { MetricData, MetricSnapshot, SeriesSnapshot } from "./MetricSnapshot.ts"

/**
 * The snapshot before the first one.
 *
 * @internal
 */
export const nothing: MetricSnapshot = emptySnapshot

/**
 * Gives the differences between two snapshots of one store.
 *
 * **Details**
 *
 * Counters and histograms become the amounts that were added since `previous`,
 * and count from its time on. Exponential histograms get the coarser of the two
 * scales and lose minimum and maximum, which belong to their whole time. Up-down
 * counters, gauges, infos and summaries stay as they are, because only their
 * present value has a meaning.
 *
 * A new series counts from its own start. So does a series with another start
 * than before, because it has expired and come back. If a value has become less,
 * it counts as a new beginning. No store of this package does that.
 *
 * A counter or histogram without change is left out, as in the OpenTelemetry
 * SDKs: no point means no change, and idle series cost nothing. A new series is
 * there even with the value zero, so that a receiver knows it.
 *
 * Only exemplars that `previous` did not have are kept.
 *
 * If the differences of a sequence of snapshots are merged, the result is the
 * last snapshot; see `MetricMerge`.
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
): MetricSnapshot => TimeSlice.runNow(steps(previous, current, temporality))

/**
 * {@link between} in pieces of work.
 *
 * @internal
 */
export function* steps(
  previous: MetricSnapshot,
  current: MetricSnapshot,
  temporality: MetricTemporality
): TimeSlice.Work<MetricSnapshot> {
  const before = new Map(previous.metrics.map((metric) => [metric.name, metric]))
  const metrics: Array<MetricData> = []
  for (const metric of current.metrics) {
    yield* SeriesList.make(metric)
    const difference = isDelta(temporality, metric)
      ? yield* metricBetween(before.get(metric.name), metric, previous.timeMillis)
      : metric
    if (difference.series.length > 0) metrics.push(difference)
  }
  return { timeMillis: current.timeMillis, metrics }
}

function* metricBetween(
  previous: MetricData | undefined,
  metric: MetricData,
  since: number
): TimeSlice.Work<MetricData> {
  const { amountOf, subtract } = aggregationOf.make(metric)
  const all: ReadonlyArray<SeriesSnapshot> = metric.series
  const known = previous !== undefined && haveOneKind(previous, metric) ? previous.series : []
  const before = yield* joinSeries<SeriesSnapshot["value"]>(known, all, metric.attributes)
  const changed: Array<SeriesSnapshot> = []
  for (const [index, series] of all.entries()) {
    if (index % piece === 0) yield
    const known = before[index]
    if (known === undefined || known.startMillis !== series.startMillis) {
      changed.push(series)
      continue
    }
    const difference = subtract(series.value, known.value)
    if (difference !== undefined && amountOf(difference) === 0) continue
    changed.push({
      attributes: series.attributes,
      startMillis: since,
      value: difference ?? series.value,
      exemplars: series.exemplars.length === 0 ? series.exemplars : newSince(series, known, since)
    })
  }
  return withSeries(metric, changed)
}

/**
 * An exemplar of the same millisecond as the previous reading may be older or newer. If the previous reading does not
 * have the exemplar, it is newer.
 */
const newSince = (series: SeriesSnapshot<unknown>, known: SeriesSnapshot<unknown>, since: number) =>
  series.exemplars.filter((exemplar) =>
    exemplar.timeMillis > since ||
    exemplar.timeMillis === since && !known.exemplars.some((other) =>
        other.timeMillis === exemplar.timeMillis && other.value === exemplar.value &&
        other.traceId === exemplar.traceId && other.spanId === exemplar.spanId
      )
  )
