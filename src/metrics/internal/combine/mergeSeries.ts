/**
 * Merges lists of series of one metric into one list without duplicates.
 */
import type * as TimeSlice from "../../../internal/TimeSlice.ts"
import { merge } from "../../../internal/timeSlicedSort.ts"
import type { SeriesSnapshot } from "../../MetricSnapshot.ts"
import { compare, keyer } from "../model/SeriesKey.ts"

/** Series in one piece of work. */
export const piece = 500

interface Cell<Value> {
  series: SeriesSnapshot<Value>
}

/**
 * Gives the union. If the lists are in the order of a snapshot, so is the union.
 * Equal series are combined from left to right.
 *
 * @param keys keys of the attributes of the metric
 */
export function* mergeSeries<Value>(
  lists: ReadonlyArray<ReadonlyArray<SeriesSnapshot<Value>>>,
  keys: ReadonlyArray<string>,
  combine: (left: SeriesSnapshot<Value>, right: SeriesSnapshot<Value>) => SeriesSnapshot<Value>
): TimeSlice.Work<ReadonlyArray<SeriesSnapshot<Value>>> {
  if (lists.length === 1) return lists[0] as ReadonlyArray<SeriesSnapshot<Value>>
  const keyOf = keyer(keys)
  const order = compare(keys)
  const byAttributes = (left: Cell<Value>, right: Cell<Value>) => order(left.series.attributes, right.series.attributes)
  const cells = new Map<string, Cell<Value>>()
  let sorted: ReadonlyArray<Cell<Value>> = []
  let gone = 0
  for (const list of lists) {
    const added: Array<Cell<Value>> = []
    for (const series of list) {
      const key = keyOf(series.attributes)
      const known = cells.get(key)
      if (known === undefined) {
        const cell = { series }
        cells.set(key, cell)
        added.push(cell)
      } else known.series = combine(known.series, series)
      if (++gone % piece === 0) yield
    }
    sorted = yield* merge(sorted, added, byAttributes)
  }
  return yield* seriesOf(sorted)
}

function* seriesOf<Value>(cells: ReadonlyArray<Cell<Value>>): TimeSlice.Work<ReadonlyArray<SeriesSnapshot<Value>>> {
  const all: Array<SeriesSnapshot<Value>> = []
  for (const { series } of cells) {
    all.push(series)
    if (all.length % piece === 0) yield
  }
  return all
}
