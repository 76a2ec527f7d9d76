/**
 * The metrics of several processes: the last reading of each, and what is left
 * of those that have ended. Pure.
 *
 * @internal
 */
import type * as Cooperation from "../../../internal/Cooperation.ts"
import * as MetricMerge from "../../MetricMerge.ts"
import type { FamilySnapshot, MetricSnapshot, SeriesSnapshot } from "../../MetricSnapshot.ts"
import { pairs } from "../combine/joinSeries.ts"
import { piece } from "../combine/mergeSeries.ts"
import { mapSeries } from "../combine/SnapshotParts.ts"
import * as RetiredMetrics from "./EndedProcessMetrics.ts"

export interface Totals {
  /** By what names the process; in the order of their first readings. */
  readonly readings: ReadonlyMap<string, MetricSnapshot>
  readonly retired: RetiredMetrics.Retired
}

export interface Limits {
  /** Series of ended processes per family. */
  readonly cardinalityLimit: number
  /** How long series are kept that no process has any more, in milliseconds; up to twice as long. */
  readonly retentionMillis: number
}

export const none = (nowMillis: number): Totals => ({ readings: new Map(), retired: RetiredMetrics.none(nowMillis) })

/** A new reading of a process; what it does not go on with is retired. */
export function* replace(
  totals: Totals,
  source: string,
  reading: MetricSnapshot,
  limits: Limits
): Cooperation.Work<Totals> {
  const previous = totals.readings.get(source)
  const readings = new Map(totals.readings).set(source, reading)
  if (previous === undefined) return { ...totals, readings }
  const gone = yield* RetiredMetrics.superseded(previous, reading)
  return { readings, retired: yield* RetiredMetrics.retire(totals.retired, gone, limits.cardinalityLimit) }
}

/** The process has ended: its last reading is retired. */
export function* remove(totals: Totals, source: string, limits: Limits): Cooperation.Work<Totals> {
  const last = totals.readings.get(source)
  if (last === undefined) return totals
  const readings = new Map(totals.readings)
  readings.delete(source)
  return { readings, retired: yield* RetiredMetrics.retire(totals.retired, last, limits.cardinalityLimit) }
}

/** Lets go of what has been retired for long and is not in use. */
export function* expire(totals: Totals, nowMillis: number, { retentionMillis }: Limits): Cooperation.Work<Totals> {
  const retired = yield* RetiredMetrics.rotate(totals.retired, totals.readings.values(), nowMillis, retentionMillis)
  return retired === totals.retired ? totals : { ...totals, retired }
}

/** All processes as one, see {@link MetricMerge.merge}; those that have ended come last. */
export const combine = ({ readings, retired }: Totals, options: MetricMerge.Options) =>
  MetricMerge.steps([...readings.values(), retired.young, retired.old], options)

/**
 * Gives series that `previous` had no earlier start than there.
 *
 * **Details**
 *
 * A process may bring along a series that counts since before the others had it.
 * To a receiver the start that moves would mean that the series began anew.
 */
export function* keepStarts(previous: MetricSnapshot, current: MetricSnapshot): Cooperation.Work<MetricSnapshot> {
  const before = new Map(previous.families.map((family) => [family.name, family]))
  const families: Array<FamilySnapshot> = []
  for (const family of current.families) {
    const known: ReadonlyArray<SeriesSnapshot> | undefined = before.get(family.name)?.series
    families.push(known === undefined ? family : yield* keepStartsOf(known, family))
  }
  return { ...current, families }
}

function* keepStartsOf(known: ReadonlyArray<SeriesSnapshot>, family: FamilySnapshot): Cooperation.Work<FamilySnapshot> {
  const found = yield* pairs<SeriesSnapshot["value"]>(known, family.series, family.attributes)
  const starts = new Map<number, number>()
  for (const [index, { startMillis }] of family.series.entries()) {
    const start = found[index]?.startMillis ?? startMillis
    if (start > startMillis) starts.set(index, start)
    if (index % piece === 0) yield
  }
  if (starts.size === 0) return family
  return mapSeries(family, (all) =>
    all.map((series, index) => {
      const startMillis = starts.get(index)
      return startMillis === undefined ? series : { ...series, startMillis }
    }))
}
