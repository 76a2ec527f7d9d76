/**
 * The metrics of several processes: the last reading of each, and what is left
 * of those that have ended. Pure.
 *
 * @internal
 */
import type * as Cooperation from "../../../internal/Cooperation.ts"
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
  /** Series of ended processes per family. */
  readonly cardinalityLimit: number
  /** How long series are kept that no process has any more, in milliseconds; up to twice as long. */
  readonly retentionMillis: number
}

export const none = (nowMillis: number): Totals => ({ readings: new Map(), ended: EndedProcessMetrics.none(nowMillis) })

/** A new reading of a process; what it does not go on with is ended. */
export function* replace(
  totals: Totals,
  source: string,
  reading: MetricSnapshot,
  limits: Limits
): Cooperation.Work<Totals> {
  const previous = totals.readings.get(source)
  const readings = new Map(totals.readings).set(source, reading)
  if (previous === undefined) return { ...totals, readings }
  const gone = yield* EndedProcessMetrics.superseded(previous, reading)
  return { readings, ended: yield* EndedProcessMetrics.retire(totals.ended, gone, limits.cardinalityLimit) }
}

/** The process has ended: its last reading is ended. */
export function* remove(totals: Totals, source: string, limits: Limits): Cooperation.Work<Totals> {
  const last = totals.readings.get(source)
  if (last === undefined) return totals
  const readings = new Map(totals.readings)
  readings.delete(source)
  return { readings, ended: yield* EndedProcessMetrics.retire(totals.ended, last, limits.cardinalityLimit) }
}

/** Lets go of what has been ended for long and is not in use. */
export function* expire(totals: Totals, nowMillis: number, { retentionMillis }: Limits): Cooperation.Work<Totals> {
  const ended = yield* EndedProcessMetrics.rotate(totals.ended, totals.readings.values(), nowMillis, retentionMillis)
  return ended === totals.ended ? totals : { ...totals, ended }
}

/** All processes as one, see {@link MetricMerge.merge}; those that have ended come last. */
export const combine = ({ readings, ended }: Totals, options: MetricMerge.Options) =>
  MetricMerge.steps([...readings.values(), ended.young, ended.old], options)

/**
 * Gives series that `previous` had no earlier start than there.
 *
 * **Details**
 *
 * A process may bring along a series that counts since before the others had it.
 * To a receiver the start that moves would mean that the series began anew.
 */
export function* keepStarts(previous: MetricSnapshot, current: MetricSnapshot): Cooperation.Work<MetricSnapshot> {
  const before = new Map(previous.metrics.map((metric) => [metric.name, metric]))
  const metrics: Array<MetricData> = []
  for (const metric of current.metrics) {
    const known: ReadonlyArray<SeriesSnapshot> | undefined = before.get(metric.name)?.series
    metrics.push(known === undefined ? metric : yield* keepStartsOf(known, metric))
  }
  return { ...current, metrics }
}

function* keepStartsOf(known: ReadonlyArray<SeriesSnapshot>, metric: MetricData): Cooperation.Work<MetricData> {
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
