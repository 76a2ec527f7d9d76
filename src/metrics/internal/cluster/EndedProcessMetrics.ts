/**
 * Keeps the counts of processes that have ended, so that sums over processes never
 * fall. Pure.
 *
 * **Details**
 *
 * Counters, histograms, and the count and sum of summaries are kept. A gauge or an
 * up-down counter ends with its process.
 *
 * The number of series is bounded by the cardinality limit; further series count
 * in the overflow series. The time is bounded by two generations. After each
 * retention period, the older generation keeps only the series that another process
 * still has. The other series expire, as in a store.
 *
 * @internal
 */
import type * as TimeSlice from "../../../internal/TimeSlice.ts"
import * as MetricMerge from "../../MetricMerge.ts"
import type { MetricData, MetricSnapshot, SeriesSnapshot } from "../../MetricSnapshot.ts"
import * as aggregationOf from "../aggregation/aggregationOf.ts"
import { joinSeries } from "../combine/joinSeries.ts"
import { keysOf, moveToOverflow } from "../combine/overflow.ts"
import { emptySnapshot, haveOneKind, mapSeries } from "../model/metricData.ts"
import { isOverflow, keyer } from "../model/SeriesKey.ts"

export interface Ended {
  /** What was ended in this retention period. */
  readonly young: MetricSnapshot
  /** What was ended before and is kept. */
  readonly old: MetricSnapshot
  /** When the period began, in milliseconds since the epoch. */
  readonly sinceMillis: number
}

export const none = (sinceMillis: number): Ended => ({ young: emptySnapshot, old: emptySnapshot, sinceMillis })

const accumulates = (metric: MetricData): boolean => aggregationOf.make(metric).accumulates

/** How much is in a series. It never falls while the series goes on. */
const amountOf = ({ value }: SeriesSnapshot): number => typeof value === "number" ? value : value.count

/** Whether a series goes on in another reading of its process. */
const goesOn = (previous: SeriesSnapshot, current: SeriesSnapshot | undefined): boolean =>
  current !== undefined && current.startMillis === previous.startMillis && amountOf(current) >= amountOf(previous)

/**
 * The series of `previous` that `current`, the next reading of the same process,
 * does not continue: they are gone, or have started again.
 */
export function* superseded(previous: MetricSnapshot, current: MetricSnapshot): TimeSlice.Work<MetricSnapshot> {
  const now = new Map(current.metrics.map((metric) => [metric.name, metric]))
  const metrics: Array<MetricData> = []
  for (const metric of previous.metrics) {
    if (!accumulates(metric)) continue
    const next = now.get(metric.name)
    const series: ReadonlyArray<SeriesSnapshot> = metric.series
    const counterparts = next === undefined || !haveOneKind(metric, next)
      ? []
      : yield* joinSeries<SeriesSnapshot["value"]>(next.series, series, metric.attributes)
    const isGone = series.map((one, index) => !goesOn(one, counterparts[index]))
    const gone = mapSeries(metric, (all) => all.filter((_, index) => isGone[index]))
    if (gone.series.length > 0) metrics.push(gone)
    yield
  }
  return { timeMillis: previous.timeMillis, metrics }
}

/**
 * Adds the last reading of a process.
 *
 * **Details**
 *
 * If a metric of the same name has another kind, for instance after the deployment
 * of another version, the newer one replaces it.
 *
 * @param limit series per metric; a process that had more of them in one keeps those
 */
export function* retire(ended: Ended, gone: MetricSnapshot, limit: number): TimeSlice.Work<Ended> {
  const metrics = gone.metrics.filter(accumulates).map(withoutNonsense)
  if (metrics.every(({ series }) => series.length === 0)) return ended
  const known = new Map(ended.young.metrics.map((metric) => [metric.name, metric]))
  const added: Array<MetricSnapshot> = []
  for (const metric of metrics) added.push(...yield* bounded(metric, known.get(metric.name), limit))
  const { snapshot } = yield* MetricMerge.steps([...added, ended.young])
  return { ...ended, young: snapshot }
}

/** Leaves out NaN, which would stay in a sum for good, and quantiles, which cannot be added up. */
const withoutNonsense = (metric: MetricData): MetricData => {
  const all: ReadonlyArray<SeriesSnapshot> = metric.series
  const isNumber = all.map((series) => Number.isFinite(amountOf(series)))
  const sound = isNumber.includes(false) ? mapSeries(metric, (some) => some.filter((_, at) => isNumber[at])) : metric
  return sound.type === "summary"
    ? { ...sound, series: sound.series.map((series) => ({ ...series, value: { ...series.value, quantiles: [] } })) }
    : sound
}

/** The metric; each series without room becomes an overflow series. */
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

/** Begins a new period once the retention is over. */
export function* rotate(
  ended: Ended,
  live: Iterable<MetricSnapshot>,
  nowMillis: number,
  retentionMillis: number
): TimeSlice.Work<Ended> {
  if (nowMillis - ended.sinceMillis < retentionMillis) return ended
  const others = [...live, ended.young]
  const kept: Array<MetricData> = []
  for (const metric of ended.old.metrics) {
    const same = others.flatMap(({ metrics }) => metrics.filter(({ name }) => name === metric.name))
    const keys = yield* keysOf(same, metric.attributes)
    const keyOf = keyer(metric.attributes)
    const used = mapSeries(metric, (all) => all.filter(({ attributes }) => keys.has(keyOf(attributes))))
    if (used.series.length > 0) kept.push(used)
    yield
  }
  const { snapshot } = yield* MetricMerge.steps([ended.young, { ...ended.old, metrics: kept }])
  return { young: emptySnapshot, old: snapshot, sinceMillis: nowMillis }
}
