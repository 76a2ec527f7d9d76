/**
 * Bounds the deltas that wait for a receiver that cannot be reached, while series
 * come and go in the store.
 *
 * @internal
 */
import type * as TimeSlice from "../../../internal/TimeSlice.ts"
import type { MetricSnapshot } from "../../MetricSnapshot.ts"
import { isOverflow, keyer } from "../model/SeriesKey.ts"
import { keysOf, moveToOverflow } from "./overflow.ts"

/** Series that are remembered after the store has forgotten them. */
const maximumForgotten = 2000

const seriesIn = (snapshots: ReadonlyArray<MetricSnapshot>): number =>
  snapshots.reduce((sum, { metrics }) => metrics.reduce((sum, { series }) => sum + series.length, sum), 0)

/**
 * Snapshots whose merge is the sum of the pending deltas. If too many of their
 * series are no longer in the store, these series go to the overflow series.
 */
export function* fold(
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
