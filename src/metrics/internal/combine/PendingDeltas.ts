/**
 * Bounds what is owed to a receiver that cannot be reached for long, while
 * series come and go in the store.
 *
 * @internal
 */
import type * as Cooperation from "../../../internal/Cooperation.ts"
import type { FamilySnapshot, MetricSnapshot } from "../../MetricSnapshot.ts"
import { isOverflow, keyer, overflowAttributes } from "../model/SeriesKey.ts"
import { piece } from "./mergeSeries.ts"
import { mapSeries } from "./SnapshotParts.ts"

/** Series that are remembered after the store has forgotten them. */
const maximumForgotten = 2000

const seriesIn = (snapshots: ReadonlyArray<MetricSnapshot>): number =>
  snapshots.reduce((sum, { families }) => families.reduce((sum, { series }) => sum + series.length, sum), 0)

/**
 * Snapshots whose merge is the sum of what is owed. If there are too many series
 * that the store does not have any more, they count in the overflow series.
 */
export function* fold(
  owed: ReadonlyArray<MetricSnapshot>,
  current: MetricSnapshot
): Cooperation.Work<ReadonlyArray<MetricSnapshot>> {
  if (seriesIn(owed) <= seriesIn([current]) + maximumForgotten) return owed
  const present = new Map<string, (attributes: Readonly<Record<string, string>>) => boolean>()
  let gone = 0
  for (const family of current.families) {
    const keyOf = keyer(family.attributes)
    const keys = new Set<string>()
    for (const series of family.series) {
      keys.add(keyOf(series.attributes))
      if (++gone % piece === 0) yield
    }
    present.set(family.name, (attributes) => keys.has(keyOf(attributes)))
  }
  const folded: Array<MetricSnapshot> = []
  for (const { families, timeMillis } of owed) {
    for (const family of families) {
      const isPresent = present.get(family.name)
      const isKept = family.series.map(({ attributes }) => isOverflow(attributes) || isPresent?.(attributes) === true)
      const kept = mapSeries(family, (series) => series.filter((_, index) => isKept[index]))
      folded.push({ timeMillis, families: [kept] })
      for (const overflow of overflowing(family, isKept)) folded.push({ timeMillis, families: [overflow] })
      yield
    }
  }
  return folded
}

/** Each series that is not kept as an overflow series of its own; equal ones of several snapshots are added up. */
const overflowing = (family: FamilySnapshot, isKept: ReadonlyArray<boolean>): ReadonlyArray<FamilySnapshot> =>
  isKept.flatMap((kept, index) =>
    kept ? [] : [
      mapSeries(family, (series) =>
        series.slice(index, index + 1).map((one) => ({ ...one, attributes: overflowAttributes })))
    ]
  )
