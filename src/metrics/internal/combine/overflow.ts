/**
 * Moves series of a snapshot to the overflow series if there is no room for them.
 * Pure.
 */
import type * as TimeSlice from "../../../internal/TimeSlice.ts"
import type { MetricData, MetricSnapshot } from "../../MetricSnapshot.ts"
import { mapSeries } from "../model/metricData.ts"
import { isOverflow, keyer, overflowAttributes } from "../model/SeriesKey.ts"
import { piece } from "./mergeSeries.ts"

/** Gives the keys of all series of metrics. @param attributes keys of the attributes of the metrics */
export function* keysOf(
  metrics: Iterable<MetricData>,
  attributes: ReadonlyArray<string>
): TimeSlice.Work<ReadonlySet<string>> {
  const keyOf = keyer(attributes)
  const keys = new Set<string>()
  let seen = 0
  for (const { series } of metrics) {
    for (const one of series) {
      keys.add(keyOf(one.attributes))
      if (++seen % piece === 0) yield
    }
  }
  return keys
}

/**
 * Gives the metric with the series that are kept. Each other series becomes an
 * overflow series in a metric of its own. A merge adds the overflow series up.
 */
export function* moveToOverflow(
  metric: MetricData,
  isKept: ReadonlyArray<boolean>
): TimeSlice.Work<ReadonlyArray<MetricData>> {
  const metrics = [mapSeries(metric, (all) => all.filter((_, index) => isKept[index]))]
  for (const [index, kept] of isKept.entries()) {
    if (index % piece === 0) yield
    if (kept) continue
    metrics.push(
      mapSeries(metric, (all) => all.slice(index, index + 1).map((one) => ({ ...one, attributes: overflowAttributes })))
    )
  }
  return metrics
}

/** The highest number of series that are kept after the store has dropped them. */
const maximumForgotten = 2000

const seriesIn = (snapshots: ReadonlyArray<MetricSnapshot>): number =>
  snapshots.reduce((sum, { metrics }) => metrics.reduce((sum, { series }) => sum + series.length, sum), 0)

/**
 * Gives snapshots whose merge is the sum of the pending deltas. If the store has
 * dropped too many of their series, these series go to the overflow series.
 */
export function* foldPending(
  pending: ReadonlyArray<MetricSnapshot>,
  current: MetricSnapshot
): TimeSlice.Work<ReadonlyArray<MetricSnapshot>> {
  if (seriesIn(pending) <= seriesIn([current]) + maximumForgotten) return pending
  const present = new Map<string, (attributes: Readonly<Record<string, string>>) => boolean>()
  for (const metric of current.metrics) {
    const keyOf = keyer(metric.attributes)
    const keys = yield* keysOf([metric], metric.attributes)
    present.set(metric.name, (attributes) => keys.has(keyOf(attributes)))
  }
  const folded: Array<MetricSnapshot> = []
  for (const { metrics, timeMillis } of pending) {
    for (const metric of metrics) {
      const isPresent = present.get(metric.name)
      const isKept = metric.series.map(({ attributes }) => isOverflow(attributes) || isPresent?.(attributes) === true)
      for (const part of yield* moveToOverflow(metric, isKept)) folded.push({ timeMillis, metrics: [part] })
      yield
    }
  }
  return folded
}
