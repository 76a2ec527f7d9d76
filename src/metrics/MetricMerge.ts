/**
 * Merges snapshots: of the processes of a cluster, of the threads of a process,
 * or of readings that a receiver has missed. Pure.
 *
 * @since 0.1.0
 */
import * as TimeSlice from "../internal/TimeSlice.ts"
import * as aggregationOf from "./internal/aggregation/aggregationOf.ts"
import * as ExponentialArithmetic from "./internal/aggregation/ExponentialArithmetic.ts"
import type { GaugeMerge } from "./internal/aggregation/LastValue.ts"
import { mergeSeries } from "./internal/combine/mergeSeries.ts"
import { haveSameBuckets, withSeries } from "./internal/model/metricData.ts"
import * as SeriesList from "./internal/model/SeriesList.ts"
import type { Exemplar, MetricData, MetricSnapshot, SeriesSnapshot } from "./MetricSnapshot.ts"

export type { GaugeMerge } from "./internal/aggregation/LastValue.ts"

/**
 * Options of a merge.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** How to merge gauges, by name, in which `*` stands for any characters. The first matching name counts. */
  readonly gauges?: Readonly<Record<string, GaugeMerge>> | undefined
  /**
   * Buckets of an exponential histogram on each side of zero. The default is 160, or the number of the widest series.
   */
  readonly maximumBuckets?: number | undefined
}

/**
 * A metric that was left out, because another metric of its name is different.
 *
 * @category models
 * @since 0.1.0
 */
export interface MergeConflict {
  readonly name: string
  /** The property that differs. */
  readonly difference: "type" | "unit" | "attributes" | "buckets"
  /** Position of the snapshot whose metric was left out. */
  readonly snapshot: number
}

/**
 * The result of a merge.
 *
 * @category models
 * @since 0.1.0
 */
export interface Merged {
  readonly snapshot: MetricSnapshot
  /** Sorted by the name of the metric, then by the position of the snapshot. */
  readonly conflicts: ReadonlyArray<MergeConflict>
}

/**
 * Merges snapshots into one, with the latest time.
 *
 * **Details**
 *
 * Counters, up-down counters and histograms are added up. Exponential histograms
 * get the coarsest scale. An info stays 1. If a summary occurs more than once,
 * its quantiles are not known and become NaN. A series counts from the earliest
 * start and keeps the newest exemplar of each bucket.
 *
 * Gauges that are amounts are added up, such as running tasks or bytes of memory.
 * For ages, delays, points in time, shares and temperatures, a sum has no
 * meaning, so the maximum counts. The unit (`seconds`, `ratio`, …) or the last
 * word of the name decides, unless `options.gauges` does.
 *
 * If metrics of one name differ in type, unit, keys or buckets, the first one
 * stays and the others are reported.
 *
 * For metrics that agree, merging is associative, and commutative except for
 * `last`. Sums of fractions may differ by rounding. Merges of merges of
 * exponential histograms with more than 160 buckets may differ in scale.
 *
 * **Example** (Two processes)
 *
 * ```ts
 * import * as MetricMerge from "tasker-telemetry/metrics/MetricMerge"
 * import type { MetricSnapshot } from "tasker-telemetry/metrics/MetricSnapshot"
 *
 * declare const workers: ReadonlyArray<MetricSnapshot>
 *
 * const { conflicts, snapshot } = MetricMerge.merge(workers, {
 *   gauges: { "app_config_version": "max", "app_queue_*": "sum" }
 * })
 * ```
 *
 * @category combinators
 * @since 0.1.0
 */
export const merge = (snapshots: Iterable<MetricSnapshot>, options: Options = {}): Merged =>
  TimeSlice.runNow(steps(snapshots, options))

/**
 * {@link merge} in pieces of work.
 *
 * @internal
 */
export function* steps(snapshots: Iterable<MetricSnapshot>, options: Options = {}): TimeSlice.Work<Merged> {
  const conflicts: Array<MergeConflict> = []
  const metrics = new Map<string, Array<MetricData>>()
  let timeMillis = 0
  let position = 0
  for (const snapshot of snapshots) {
    timeMillis = Math.max(timeMillis, snapshot.timeMillis)
    for (const metric of snapshot.metrics) {
      const known = metrics.get(metric.name)
      if (known === undefined) {
        metrics.set(metric.name, [metric])
        continue
      }
      const difference = differenceOf(known[0] as MetricData, metric)
      if (difference === undefined) known.push(metric)
      else conflicts.push({ name: metric.name, difference, snapshot: position })
    }
    position++
  }
  const merged: Array<MetricData> = []
  for (const same of metrics.values()) merged.push(yield* mergeMetric(same, options))
  return {
    snapshot: { timeMillis, metrics: merged.sort((left, right) => left.name < right.name ? -1 : 1) },
    conflicts: conflicts.sort((left, right) => left.name === right.name ? 0 : left.name < right.name ? -1 : 1)
  }
}

/**
 * Tells why two metrics cannot be added up.
 *
 * @internal
 */
export const differenceOf = (first: Comparable, other: Comparable): MergeConflict["difference"] | undefined => {
  if (first.type !== other.type) return "type"
  if (first.unit !== other.unit && first.unit !== undefined && other.unit !== undefined) return "unit"
  if (first.attributes.toSorted().join("\0") !== other.attributes.toSorted().join("\0")) return "attributes"
  return haveSameBuckets(first, other) ? undefined : "buckets"
}

interface Comparable extends Pick<MetricData, "type" | "unit" | "attributes"> {
  readonly buckets?: ReadonlyArray<number> | undefined
}

/** Merges metrics that agree. */
function* mergeMetric(
  metrics: ReadonlyArray<MetricData>,
  { gauges, maximumBuckets }: Options
): TimeSlice.Work<MetricData> {
  const [first] = metrics as [MetricData]
  if (metrics.length === 1) return first
  for (const metric of metrics) yield* SeriesList.make(metric)
  const { add, positionOf } = aggregationOf.make(first, {
    gauges,
    maximumBuckets: maximumBuckets ?? ExponentialArithmetic.widestSide(metrics)
  })
  const combine = (left: SeriesSnapshot, right: SeriesSnapshot): SeriesSnapshot => {
    const value = add(left.value, right.value)
    return {
      attributes: left.attributes,
      startMillis: Math.min(left.startMillis, right.startMillis),
      value,
      exemplars: newest([...left.exemplars, ...right.exemplars], (exemplar) => positionOf(exemplar.value, value))
    }
  }
  const lists = metrics.map((metric): ReadonlyArray<SeriesSnapshot> => metric.series)
  return withSeries(first, yield* mergeSeries(lists, first.attributes, combine))
}

/** Whether `left` is newer than `right`. Ids decide between exemplars of the same millisecond. */
const isNewer = (left: Exemplar, right: Exemplar): boolean =>
  left.timeMillis !== right.timeMillis
    ? left.timeMillis > right.timeMillis
    : left.traceId + left.spanId !== right.traceId + right.spanId
    ? left.traceId + left.spanId > right.traceId + right.spanId
    : left.value > right.value

/** The newest exemplar of each position of a series, by value. */
const newest = (
  exemplars: ReadonlyArray<Exemplar>,
  positionOf: (exemplar: Exemplar) => number | string
): ReadonlyArray<Exemplar> => {
  if (exemplars.length < 2) return exemplars
  const kept = new Map<number | string, Exemplar>()
  for (const exemplar of exemplars) {
    const position = positionOf(exemplar)
    const other = kept.get(position)
    if (other === undefined || isNewer(exemplar, other)) kept.set(position, exemplar)
  }
  return [...kept.values()].sort((left, right) => left.value - right.value || (isNewer(left, right) ? -1 : 1))
}
