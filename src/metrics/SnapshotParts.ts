/**
 * A large snapshot as several small ones.
 *
 * @internal
 */
import type { FamilySnapshot, MetricSnapshot, SeriesSnapshot } from "./MetricSnapshot.ts"

/** Parts of at most `maximumSeries` series each, in the order of the snapshot; none of an empty snapshot. */
export const split = (snapshot: MetricSnapshot, maximumSeries: number): ReadonlyArray<MetricSnapshot> => {
  const parts: Array<MetricSnapshot> = []
  let families: Array<FamilySnapshot> = []
  let room = maximumSeries
  const close = () => {
    if (families.length > 0) parts.push({ timeMillis: snapshot.timeMillis, families })
    families = []
    room = maximumSeries
  }
  for (const family of snapshot.families) {
    for (let from = 0; from < family.series.length;) {
      const taken = slice(family, from, from + room)
      families.push(taken)
      from += taken.series.length
      room -= taken.series.length
      if (room === 0) close()
    }
  }
  close()
  return parts
}

const slice = (family: FamilySnapshot, from: number, to: number): FamilySnapshot =>
  from === 0 && to >= family.series.length ? family : mapSeries(family, (series) => series.slice(from, to))

/** The family with other series, whatever the type of its values. */
export const mapSeries = (
  family: FamilySnapshot,
  f: <Value>(series: ReadonlyArray<SeriesSnapshot<Value>>) => ReadonlyArray<SeriesSnapshot<Value>>
): FamilySnapshot => {
  switch (family.type) {
    case "histogram":
      return { ...family, series: f(family.series) }
    case "exponentialHistogram":
      return { ...family, series: f(family.series) }
    case "summary":
      return { ...family, series: f(family.series) }
    default:
      return { ...family, series: f(family.series) }
  }
}
