/**
 * Finds the series of one reading in another reading.
 */
import type * as TimeSlice from "../../../internal/TimeSlice.ts"
import type { SeriesSnapshot } from "../../MetricSnapshot.ts"
import { compare, keyer } from "../model/SeriesKey.ts"
import { piece } from "./mergeSeries.ts"

/**
 * Finds for each current series the previous series with the same attributes, in
 * the order of `current`.
 *
 * **Details**
 *
 * Both lists are in the order of a snapshot, so they are read side by side. A
 * store mostly gives a series the same attributes object in every snapshot.
 * Series that are not found on the way are looked up. So the order changes the
 * time and not the result.
 *
 * @param keys keys of the attributes of the metric
 */
export function* joinSeries<Value>(
  previous: ReadonlyArray<SeriesSnapshot<Value>>,
  current: ReadonlyArray<SeriesSnapshot<Value>>,
  keys: ReadonlyArray<string>
): TimeSlice.Work<ReadonlyArray<SeriesSnapshot<Value> | undefined>> {
  const order = compare(keys)
  const found: Array<SeriesSnapshot<Value> | undefined> = []
  const missed: Array<SeriesSnapshot<Value>> = []
  const strangers: Array<number> = []
  let cursor = 0
  for (const { attributes } of current) {
    let known = previous[cursor]
    while (known !== undefined && known.attributes !== attributes) {
      const side = order(known.attributes, attributes)
      if (side === 0) break
      if (side > 0) known = undefined
      else {
        missed.push(known)
        known = previous[++cursor]
      }
    }
    if (known === undefined) strangers.push(found.length)
    else cursor++
    found.push(known)
    if (found.length % piece === 0) yield
  }
  if (strangers.length === 0) return found
  const keyOf = keyer(keys)
  const byKey = new Map<string, SeriesSnapshot<Value>>()
  for (const series of [...missed, ...previous.slice(cursor)]) {
    byKey.set(keyOf(series.attributes), series)
    if (byKey.size % piece === 0) yield
  }
  if (byKey.size === 0) return found
  for (const [count, index] of strangers.entries()) {
    found[index] = byKey.get(keyOf((current[index] as SeriesSnapshot<Value>).attributes))
    if (count % piece === 0) yield
  }
  return found
}
