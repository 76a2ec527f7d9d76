/**
 * Bounds what is owed to a receiver that cannot be reached for long, while
 * series come and go in the store.
 *
 * @internal
 */
import type * as Cooperation from "../../../internal/Cooperation.ts"
import type { MetricData, MetricSnapshot } from "../../MetricSnapshot.ts"
import { mapSeries } from "../model/metricData.ts"
import { isOverflow, keyer, overflowAttributes } from "../model/SeriesKey.ts"
import { piece } from "./mergeSeries.ts"

/** Series that are remembered after the store has forgotten them. */
const maximumForgotten = 2000

const seriesIn = (snapshots: ReadonlyArray<MetricSnapshot>): number =>
  snapshots.reduce((sum, { metrics }) => metrics.reduce((sum, { series }) => sum + series.length, sum), 0)

/**
 * Snapshots whose merge is the sum of what is owed. If there are too many series
 * that the store does not have any more, they count in the overflow series.
 */
export function* fold(
  pending: ReadonlyArray<MetricSnapshot>,
  current: MetricSnapshot
): Cooperation.Work<ReadonlyArray<MetricSnapshot>> {
  if (seriesIn(pending) <= seriesIn([current]) + maximumForgotten) return pending
  const present = new Map<string, (attributes: Readonly<Record<string, string>>) => boolean>()
  let gone = 0
  for (const metric of current.metrics) {
    const keyOf = keyer(metric.attributes)
    const keys = new Set<string>()
    for (const series of metric.series) {
      keys.add(keyOf(series.attributes))
      if (++gone % piece === 0) yield
    }
    present.set(metric.name, (attributes) => keys.has(keyOf(attributes)))
  }
  const folded: Array<MetricSnapshot> = []
  for (const { metrics, timeMillis } of pending) {
    for (const metric of metrics) {
      const isPresent = present.get(metric.name)
      const isKept = metric.series.map(({ attributes }) => isOverflow(attributes) || isPresent?.(attributes) === true)
      const kept = mapSeries(metric, (series) => series.filter((_, index) => isKept[index]))
      folded.push({ timeMillis, metrics: [kept] })
      for (const overflow of overflowing(metric, isKept)) folded.push({ timeMillis, metrics: [overflow] })
      yield
    }
  }
  return folded
}

/** Each series that is not kept as an overflow series of its own; equal ones of several snapshots are added up. */
const overflowing = (metric: MetricData, isKept: ReadonlyArray<boolean>): ReadonlyArray<MetricData> =>
  isKept.flatMap((kept, index) =>
    kept ? [] : [
      mapSeries(metric, (series) =>
        series.slice(index, index + 1).map((one) => ({ ...one, attributes: overflowAttributes })))
    ]
  )
