/**
 * Several snapshots as one: the processes of a cluster, the threads of a
 * process, the readings that a receiver has missed. Pure.
 *
 * @since 0.1.0
 */
import * as TimeSlice from "../internal/TimeSlice.ts"
import * as aggregationOf from "./internal/aggregation/aggregationOf.ts"
import * as ExponentialValue from "./internal/aggregation/ExponentialValue.ts"
import type { GaugeMerge } from "./internal/aggregation/LastValue.ts"
import { mergeSeries } from "./internal/combine/mergeSeries.ts"
import { haveSameBuckets, withSeries } from "./internal/model/metricData.ts"
import * as SeriesList from "./internal/model/SeriesList.ts"
import type { Exemplar, MetricData, MetricSnapshot, SeriesSnapshot } from "./MetricSnapshot.ts"

export type { GaugeMerge } from "./internal/aggregation/LastValue.ts"

/**
 * What differs from the defaults of a merge.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** By name, in which `*` stands for any characters; the first that matches counts. */
  readonly gauges?: Readonly<Record<string, GaugeMerge>> | undefined
  /** Buckets of an exponential histogram on each side of zero; by default 160, or as many as the widest series has. */
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
  /** What is different. */
  readonly difference: "type" | "unit" | "attributes" | "buckets"
  /** Position of the snapshot whose metric was left out. */
  readonly snapshot: number
}

/**
 * What a merge gives.
 *
 * @category models
 * @since 0.1.0
 */
export interface Merged {
  readonly snapshot: MetricSnapshot
  /** By name, then by the position of the snapshot. */
  readonly conflicts: ReadonlyArray<MergeConflict>
}

/**
 * All snapshots as one, at the time of the latest.
 *
 * **Details**
 *
 * Counters, up-down counters and histograms are added up; exponential histograms
 * at the scale of the coarsest. An info stays 1. The quantiles of a summary that
 * occurs more than once are not known and become NaN. A series counts from the
 * earliest start and keeps the newest exemplar of each bucket.
 *
 * A gauge is a sum where it is an amount, such as running tasks or bytes of
 * memory, and the maximum where adding up has no meaning: ages, delays, points
 * in time, shares and temperatures, told by the unit (`seconds`, `ratio`, …) or
 * the last word of the name. `options.gauges` says otherwise.
 *
 * If metrics of one name differ in type, unit, keys or buckets, the first one
 * stays and the others are reported.
 *
 * Merging is associative, and commutative but for `last`, for metrics that
 * agree; adding up fractions rounds as adding up does, and merges of merges of
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
 * {@link merge} with stops on the way.
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
 * What keeps two metrics from being added up.
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

/** Metrics that agree, as one. */
function* mergeMetric(
  metrics: ReadonlyArray<MetricData>,
  { gauges, maximumBuckets }: Options
): TimeSlice.Work<MetricData> {
  const [first] = metrics as [MetricData]
  if (metrics.length === 1) return first
  for (const metric of metrics) yield* SeriesList.make(metric)
  const { add, positionOf } = aggregationOf.make(first, {
    gauges,
    maximumBuckets: maximumBuckets ?? ExponentialValue.widestSide(metrics)
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

/** Whether `left` is to be kept rather than `right`; the ids decide between exemplars of one moment. */
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
