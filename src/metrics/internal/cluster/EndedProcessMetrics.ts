/**
 * What processes counted that have ended, so that sums over processes never
 * fall. Pure.
 *
 * **Details**
 *
 * Only what accumulates is kept: counters, histograms, and the count and sum of
 * summaries. A level, such as a gauge or an up-down counter, ends with its
 * process.
 *
 * What is kept is bounded. In number: a family has at most as many series as the
 * cardinality limit allows; those beyond it count in the overflow series. In
 * time: there are two generations, and each retention period the older one keeps
 * only the series that are still in use elsewhere; of the others nobody misses
 * the sum, as with a series that expires in a store.
 *
 * @internal
 */
import type * as Cooperation from "../../../internal/Cooperation.ts"
import * as MetricMerge from "../../MetricMerge.ts"
import type { FamilySnapshot, MetricSnapshot, SeriesSnapshot } from "../../MetricSnapshot.ts"
import { pairs } from "../combine/joinSeries.ts"
import { piece } from "../combine/mergeSeries.ts"
import { mapSeries } from "../combine/SnapshotParts.ts"
import { isOverflow, keyer, overflowAttributes } from "../model/SeriesKey.ts"

export interface Retired {
  /** What was retired in this retention period. */
  readonly young: MetricSnapshot
  /** What was retired before and is kept. */
  readonly old: MetricSnapshot
  /** When the period began, in milliseconds since the epoch. */
  readonly sinceMillis: number
}

const nothing: MetricSnapshot = { timeMillis: 0, families: [] }

export const none = (sinceMillis: number): Retired => ({ young: nothing, old: nothing, sinceMillis })

const accumulates = ({ type }: FamilySnapshot): boolean =>
  type === "counter" || type === "histogram" || type === "exponentialHistogram" || type === "summary"

/** How much is in a series: it never becomes less while the series goes on. */
const amountOf = ({ value }: SeriesSnapshot): number => typeof value === "number" ? value : value.count

/** Whether a series goes on in another reading of its process. */
const goesOn = (previous: SeriesSnapshot, current: SeriesSnapshot | undefined): boolean =>
  current !== undefined && current.startMillis === previous.startMillis && amountOf(current) >= amountOf(previous)

/**
 * What `previous` counted and `current`, the next reading of the same process,
 * does not count any more: series that are gone, and those that began anew.
 */
export function* superseded(previous: MetricSnapshot, current: MetricSnapshot): Cooperation.Work<MetricSnapshot> {
  const now = new Map(current.families.map((family) => [family.name, family]))
  const families: Array<FamilySnapshot> = []
  for (const family of previous.families) {
    if (!accumulates(family)) continue
    const next = now.get(family.name)
    const series: ReadonlyArray<SeriesSnapshot> = family.series
    const counterparts = next === undefined || isAnother(family, next)
      ? []
      : yield* pairs<SeriesSnapshot["value"]>(next.series, series, family.attributes)
    const isGone = series.map((one, index) => !goesOn(one, counterparts[index]))
    const gone = mapSeries(family, (all) => all.filter((_, index) => isGone[index]))
    if (gone.series.length > 0) families.push(gone)
    yield
  }
  return { timeMillis: previous.timeMillis, families }
}

const isAnother = (family: FamilySnapshot, next: FamilySnapshot): boolean =>
  next.type !== family.type ||
  next.type === "histogram" && family.type === "histogram" && next.buckets.join() !== family.buckets.join()

/**
 * Adds a reading that nobody continues.
 *
 * **Details**
 *
 * Where the same family looked different before, as after the deployment of
 * another version, only the newer one is kept.
 *
 * @param limit series per family; a process that had more of them in one keeps those
 */
export function* retire(retired: Retired, gone: MetricSnapshot, limit: number): Cooperation.Work<Retired> {
  const families = gone.families.filter(accumulates).map(withoutNonsense)
  if (families.every(({ series }) => series.length === 0)) return retired
  const known = new Map(retired.young.families.map((family) => [family.name, family]))
  const added: Array<MetricSnapshot> = []
  for (const family of families) added.push(...yield* bounded(family, known.get(family.name), limit))
  const { snapshot } = yield* MetricMerge.steps([...added, retired.young])
  return { ...retired, young: snapshot }
}

/** Once not a number, a sum would stay so for good; and quantiles of what has ended say nothing. */
const withoutNonsense = (family: FamilySnapshot): FamilySnapshot => {
  const all: ReadonlyArray<SeriesSnapshot> = family.series
  const isNumber = all.map((series) => Number.isFinite(amountOf(series)))
  const sound = isNumber.includes(false) ? mapSeries(family, (some) => some.filter((_, at) => isNumber[at])) : family
  return sound.type === "summary"
    ? { ...sound, series: sound.series.map((series) => ({ ...series, value: { ...series.value, quantiles: [] } })) }
    : sound
}

/** The family, with series for which there is no room as an overflow series each. */
function* bounded(
  family: FamilySnapshot,
  known: FamilySnapshot | undefined,
  limit: number
): Cooperation.Work<ReadonlyArray<MetricSnapshot>> {
  const { length } = family.series
  const keys = yield* keysOf(known === undefined ? [] : [known], family.attributes)
  const keyOf = keyer(family.attributes)
  let room = Math.max(limit, length) - keys.size
  const hasRoom = family.series.map(({ attributes }) =>
    isOverflow(attributes) || keys.has(keyOf(attributes)) || room-- > 0
  )
  yield
  const parts = [mapSeries(family, (all) => all.filter((_, index) => hasRoom[index]))]
  for (const [index, has] of hasRoom.entries()) {
    if (has) continue
    parts.push(
      mapSeries(family, (all) => all.slice(index, index + 1).map((one) => ({ ...one, attributes: overflowAttributes })))
    )
    if (index % piece === 0) yield
  }
  return parts.map((part) => ({ timeMillis: 0, families: [part] }))
}

/** Begins a new period once the retention is over. */
export function* rotate(
  retired: Retired,
  live: Iterable<MetricSnapshot>,
  nowMillis: number,
  retentionMillis: number
): Cooperation.Work<Retired> {
  if (nowMillis - retired.sinceMillis < retentionMillis) return retired
  const others = [...live, retired.young]
  const kept: Array<FamilySnapshot> = []
  for (const family of retired.old.families) {
    const same = others.flatMap(({ families }) => families.filter(({ name }) => name === family.name))
    const keys = yield* keysOf(same, family.attributes)
    const keyOf = keyer(family.attributes)
    const used = mapSeries(family, (all) => all.filter(({ attributes }) => keys.has(keyOf(attributes))))
    if (used.series.length > 0) kept.push(used)
    yield
  }
  const { snapshot } = yield* MetricMerge.steps([retired.young, { ...retired.old, families: kept }])
  return { young: nothing, old: snapshot, sinceMillis: nowMillis }
}

function* keysOf(
  families: ReadonlyArray<FamilySnapshot>,
  attributes: ReadonlyArray<string>
): Cooperation.Work<ReadonlySet<string>> {
  const keyOf = keyer(attributes)
  const keys = new Set<string>()
  let gone = 0
  for (const { series } of families) {
    for (const one of series) {
      keys.add(keyOf(one.attributes))
      if (++gone % piece === 0) yield
    }
  }
  return keys
}
