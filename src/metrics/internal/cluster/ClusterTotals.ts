/**
 * The metrics of several processes: the last reading of each process, and the
 * counts of ended processes. Pure.
 *
 * @internal
 */
import type * as TimeSlice from "../../../internal/TimeSlice.ts"
import * as MetricMerge from "../../MetricMerge.ts"
import type { MetricData, MetricSnapshot, SeriesSnapshot } from "../../MetricSnapshot.ts"
import { joinSeries } from "../combine/joinSeries.ts"
import { piece } from "../combine/mergeSeries.ts"
import { mapSeries } from "../model/metricData.ts"
import * as EndedProcessMetrics from "./EndedProcessMetrics.ts"

export interface Totals {
  /** By what names the process; in the order of their first readings. */
  readonly readings: ReadonlyMap<string, MetricSnapshot>
  readonly ended: EndedProcessMetrics.Ended
}

export interface Limits {
  /** Series of ended processes per metric. */
  readonly cardinalityLimit: number
  /** How long series are kept that no process has any more, in milliseconds; up to twice as long. */
  readonly retentionMillis: number
}

export const none = (nowMillis: number): Totals => ({ readings: new Map(), ended: EndedProcessMetrics.none(nowMillis) })

/** Takes a new reading of a process. Series that the reading does not continue have ended. */
export function* replace(
  totals: Totals,
  source: string,
  reading: MetricSnapshot,
  limits: Limits
): TimeSlice.Work<Totals> {
  const previous = totals.readings.get(source)
  const readings = new Map(totals.readings).set(source, reading)
  if (previous === undefined) return { ...totals, readings }
  const gone = yield* EndedProcessMetrics.superseded(previous, reading)
  return { readings, ended: yield* EndedProcessMetrics.retire(totals.ended, gone, limits.cardinalityLimit) }
}

/** The process has ended: its last reading goes to the ended metrics. */
export function* remove(totals: Totals, source: string, limits: Limits): TimeSlice.Work<Totals> {
  const last = totals.readings.get(source)
  if (last === undefined) return totals
  const readings = new Map(totals.readings)
  readings.delete(source)
  return { readings, ended: yield* EndedProcessMetrics.retire(totals.ended, last, limits.cardinalityLimit) }
}

/** Drops the counts of ended processes that no process uses any more. */
export function* expire(totals: Totals, nowMillis: number, { retentionMillis }: Limits): TimeSlice.Work<Totals> {
  const ended = yield* EndedProcessMetrics.rotate(totals.ended, totals.readings.values(), nowMillis, retentionMillis)
  return ended === totals.ended ? totals : { ...totals, ended }
}

/** All processes as one, see {@link MetricMerge.merge}. Ended processes come last. */
export const combine = ({ readings, ended }: Totals, options: MetricMerge.Options) =>
  MetricMerge.steps([...readings.values(), ended.young, ended.old], options)

/**
 * Gives series that `previous` had no earlier start than there.
 *
 * **Details**
 *
 * A process may report a series that started before the series of other
 * processes. If the start moved, a receiver would read it as a reset.
 */
export function* keepStarts(previous: MetricSnapshot, current: MetricSnapshot): TimeSlice.Work<MetricSnapshot> {
  const before = new Map(previous.metrics.map((metric) => [metric.name, metric]))
  const metrics: Array<MetricData> = []
  for (const metric of current.metrics) {
    const known: ReadonlyArray<SeriesSnapshot> | undefined = before.get(metric.name)?.series
    metrics.push(known === undefined ? metric : yield* keepStartsOf(known, metric))
  }
  return { ...current, metrics }
}

function* keepStartsOf(known: ReadonlyArray<SeriesSnapshot>, metric: MetricData): TimeSlice.Work<MetricData> {
  const found = yield* joinSeries<SeriesSnapshot["value"]>(known, metric.series, metric.attributes)
  const starts = new Map<number, number>()
  for (const [index, { startMillis }] of metric.series.entries()) {
    const start = found[index]?.startMillis ?? startMillis
    if (start > startMillis) starts.set(index, start)
    if (index % piece === 0) yield
  }
  if (starts.size === 0) return metric
  return mapSeries(metric, (all) =>
    all.map((series, index) => {
      const startMillis = starts.get(index)
      return startMillis === undefined ? series : { ...series, startMillis }
    }))
}
