/**
 * Moves series of a snapshot to the overflow series, where there is no room for
 * them. Pure.
 *
 * @internal
 */
import type * as TimeSlice from "../../../internal/TimeSlice.ts"
import type { MetricData } from "../../MetricSnapshot.ts"
import { mapSeries } from "../model/metricData.ts"
import { keyer, overflowAttributes } from "../model/SeriesKey.ts"
import { piece } from "./mergeSeries.ts"

/** The keys of all series of metrics. @param attributes keys of the attributes of the metrics */
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
 * The metric with the series that are kept, and each other series as an overflow
 * series in a metric of its own. A merge adds the overflow series up.
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
