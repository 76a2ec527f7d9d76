/**
 * Several lists of series of one metric as one list, in which every series
 * occurs once.
 *
 * @internal
 */
import type { Sliced } from "../internal/slices.ts"
import type { SeriesSnapshot } from "./MetricSnapshot.ts"
import { compare, keyOf } from "./SeriesKey.ts"

/** Series that are gone through between two stops. */
export const seriesPerSlice = 500

/**
 * The union in the order of a snapshot. Equal series are combined from left to
 * right.
 *
 * @param keys keys of the attributes of the metric
 */
export function* unite<Value>(
  lists: ReadonlyArray<ReadonlyArray<SeriesSnapshot<Value>>>,
  keys: ReadonlyArray<string>,
  combine: (left: SeriesSnapshot<Value>, right: SeriesSnapshot<Value>) => SeriesSnapshot<Value>
): Sliced<ReadonlyArray<SeriesSnapshot<Value>>> {
  if (lists.length === 1) return lists[0] as ReadonlyArray<SeriesSnapshot<Value>>
  const united = new Map<string, SeriesSnapshot<Value>>()
  let gone = 0
  for (const list of lists) {
    for (const series of list) {
      const key = keyOf(series.attributes)
      const known = united.get(key)
      united.set(key, known === undefined ? series : combine(known, series))
      if (++gone % seriesPerSlice === 0) yield
    }
  }
  const order = compare(keys)
  return [...united.values()].sort((left, right) => order(left.attributes, right.attributes))
}
