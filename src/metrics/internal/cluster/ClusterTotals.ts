/**
 * The metrics of several processes: the last reading of each process, and the
 * counts of ended processes, so that sums over processes never fall. Pure.
 *
 * **Details**
 *
 * Counters, histograms, and the count and sum of summaries are kept. A gauge or an
 * up-down counter ends with its process.
 *
 * The cardinality limit bounds the number of series of ended processes; further
 * series count in the overflow series. Two generations bound the time. After each
 * retention period, the older generation keeps only the series that another process
 * still has. The other series expire, as in a store.
 */
import type * as TimeSlice from "../../../internal/TimeSlice.ts"
import * as MetricMerge from "../../MetricMerge.ts"
import type { MetricData, MetricSnapshot, SeriesSnapshot } from "../../MetricSnapshot.ts"
import * as aggregationOf from "../aggregation/aggregationOf.ts"
import { joinSeries } from "../combine/joinSeries.ts"
import { piece } from "../combine/mergeSeries.ts"
import { keysOf, moveToOverflow } from "../combine/overflow.ts"
import { emptySnapshot, haveOneKind, mapSeries } from "../model/metricData.ts"
import { isOverflow, keyer } from "../model/SeriesKey.ts"

export interface Totals {
  /** Readings by process, in the order of their first readings. */
  readonly readings: ReadonlyMap<string, MetricSnapshot>
  /** The counts of processes that ended in this retention period. */
  readonly young: MetricSnapshot
  /** The counts of processes that ended before. */
  readonly old: MetricSnapshot
  /** When the retention period began, in milliseconds since the epoch. */
  readonly sinceMillis: number
}

export interface Limits {
  /** Series of ended processes per metric. */
  readonly cardinalityLimit: number
  /** How long to keep series that no process has any more, in milliseconds. They may be kept twice as long. */
  readonly retentionMillis: number
}

export const none = (sinceMillis: number): Totals => ({
  readings: new Map(),
  young: emptySnapshot,
  old: emptySnapshot,
  sinceMillis
})

/**
 * Takes a new reading of a process. If the reading does not continue a series of the process, that series has ended.
 */
export function* replace(
  totals: Totals,
  source: string,
  reading: MetricSnapshot,
  limits: Limits
): TimeSlice.Work<Totals> {
  const previous = totals.readings.get(source)
  const replaced = { ...totals, readings: new Map(totals.readings).set(source, reading) }
  return previous === undefined
    ? replaced
    : yield* addEnded(replaced, yield* endedSeries(previous, reading), limits)
}

/** Ends a process: its last reading goes to the ended series. */
export function* remove(totals: Totals, source: string, limits: Limits): TimeSlice.Work<Totals> {
  const last = totals.readings.get(source)
  if (last === undefined) return totals
  const readings = new Map(totals.readings)
  readings.delete(source)
  return yield* addEnded({ ...totals, readings }, last, limits)
}

/** Begins a new retention period once the retention is over, and drops the old series that no process has. */
export function* expire(totals: Totals, nowMillis: number, { retentionMillis }: Limits): TimeSlice.Work<Totals> {
  const { old, readings, sinceMillis, young } = totals
  if (nowMillis - sinceMillis < retentionMillis) return totals
  const others = [...readings.values(), young]
  const kept: Array<MetricData> = []
  for (const metric of old.metrics) {
    const same = others.flatMap(({ metrics }) => metrics.filter(({ name }) => name === metric.name))
    const keys = yield* keysOf(same, metric.attributes)
    const keyOf = keyer(metric.attributes)
    const used = mapSeries(metric, (all) => all.filter(({ attributes }) => keys.has(keyOf(attributes))))
    if (used.series.length > 0) kept.push(used)
    yield
  }
  const { snapshot } = yield* MetricMerge.steps([young, { ...old, metrics: kept }])
  return { readings, young: emptySnapshot, old: snapshot, sinceMillis: nowMillis }
}

/** Merges all processes, see {@link MetricMerge.merge}. Ended processes come last. */
export const combine = (
  { old, readings, young }: Pick<Totals, "old" | "readings" | "young">,
  options: MetricMerge.Options
) => MetricMerge.steps([...readings.values(), young, old], options)

/**
 * If a series has a later start in `previous`, keeps that start.
 *
 * **Details**
 *
 * A process may report a series that started before the same series of other
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

// --- Series that have ended ---

const accumulates = (metric: MetricData): boolean => aggregationOf.make(metric).accumulates

/** The amount in a series. It never falls while the series goes on. */
const amountOf = ({ value }: SeriesSnapshot): number => typeof value === "number" ? value : value.count

/** Whether a series goes on in another reading of its process. */
const continues = (previous: SeriesSnapshot, current: SeriesSnapshot | undefined): boolean =>
  current !== undefined && current.startMillis === previous.startMillis && amountOf(current) >= amountOf(previous)

/**
 * Gives the series of `previous` that `current`, the next reading of the same
 * process, does not continue: they are missing, or have started again.
 */
function* endedSeries(previous: MetricSnapshot, current: MetricSnapshot): TimeSlice.Work<MetricSnapshot> {
  const now = new Map(current.metrics.map((metric) => [metric.name, metric]))
  const metrics: Array<MetricData> = []
  for (const metric of previous.metrics) {
    if (!accumulates(metric)) continue
    const next = now.get(metric.name)
    const series: ReadonlyArray<SeriesSnapshot> = metric.series
    const counterparts = next === undefined || !haveOneKind(metric, next)
      ? []
      : yield* joinSeries<SeriesSnapshot["value"]>(next.series, series, metric.attributes)
    const isGone = series.map((one, index) => !continues(one, counterparts[index]))
    const gone = mapSeries(metric, (all) => all.filter((_, index) => isGone[index]))
    if (gone.series.length > 0) metrics.push(gone)
    yield
  }
  return { timeMillis: previous.timeMillis, metrics }
}

/**
 * Adds series that have ended to the young generation. If the generation has a
 * metric of the same name and another kind, the newer metric replaces it. That
 * happens after the deployment of another version.
 */
function* addEnded(totals: Totals, gone: MetricSnapshot, { cardinalityLimit }: Limits): TimeSlice.Work<Totals> {
  const metrics = gone.metrics.filter(accumulates).map(withoutNaN)
  if (metrics.every(({ series }) => series.length === 0)) return totals
  const known = new Map(totals.young.metrics.map((metric) => [metric.name, metric]))
  const added: Array<MetricSnapshot> = []
  for (const metric of metrics) added.push(...yield* bounded(metric, known.get(metric.name), cardinalityLimit))
  const { snapshot } = yield* MetricMerge.steps([...added, totals.young])
  return { ...totals, young: snapshot }
}

/** Removes NaN, which would stay in a sum for ever, and quantiles, which cannot be added up. */
const withoutNaN = (metric: MetricData): MetricData => {
  const all: ReadonlyArray<SeriesSnapshot> = metric.series
  const isNumber = all.map((series) => Number.isFinite(amountOf(series)))
  const sound = isNumber.includes(false) ? mapSeries(metric, (some) => some.filter((_, at) => isNumber[at])) : metric
  return sound.type === "summary"
    ? { ...sound, series: sound.series.map((series) => ({ ...series, value: { ...series.value, quantiles: [] } })) }
    : sound
}

/**
 * Gives the metric, in which each series without room becomes an overflow series. A process that had more than `limit`
 * series keeps them.
 */
function* bounded(
  metric: MetricData,
  known: MetricData | undefined,
  limit: number
): TimeSlice.Work<ReadonlyArray<MetricSnapshot>> {
  const { length } = metric.series
  const keys = yield* keysOf(known === undefined ? [] : [known], metric.attributes)
  const keyOf = keyer(metric.attributes)
  let room = Math.max(limit, length) - keys.size
  const hasRoom = metric.series.map(({ attributes }) =>
    isOverflow(attributes) || keys.has(keyOf(attributes)) || room-- > 0
  )
  const parts = yield* moveToOverflow(metric, hasRoom)
  return parts.map((part) => ({ timeMillis: 0, metrics: [part] }))
}
