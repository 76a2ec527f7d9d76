/**
 * A large snapshot as several small ones.
 *
 * @internal
 */
import type * as Cooperation from "../../../internal/Cooperation.ts"
import type { FamilySnapshot, MetricSnapshot, SeriesSnapshot } from "../../MetricSnapshot.ts"
import * as SeriesList from "../model/SeriesList.ts"
import { piece } from "./mergeSeries.ts"

/** Buckets that are as much work as a number with its attributes. */
const bucketsPerNumber = 20

/** How many numbers a series is worth. */
const weightOf = ({ value }: SeriesSnapshot): number => {
  if (typeof value === "number") return 1
  const buckets = "counts" in value
    ? value.counts.length
    : "scale" in value
    ? value.positive.counts.length + value.negative.counts.length
    : value.quantiles.length
  return Math.ceil(Math.max(buckets, 1) / bucketsPerNumber)
}

/**
 * Parts that are worth at most as much as a number of series without buckets, or
 * hold a single series; in the order of the snapshot, none of an empty one.
 */
export function* split(
  snapshot: MetricSnapshot,
  maximumSeries: number
): Cooperation.Work<ReadonlyArray<MetricSnapshot>> {
  const parts: Array<MetricSnapshot> = []
  let families: Array<FamilySnapshot> = []
  let weight = 0
  for (const family of snapshot.families) {
    yield* SeriesList.make(family)
    let from = 0
    const take = (to: number) => {
      if (to > from) families.push(slice(family, from, to))
      from = to
    }
    const all: ReadonlyArray<SeriesSnapshot> = family.series
    for (const [index, series] of all.entries()) {
      const next = weightOf(series)
      if (weight > 0 && weight + next > maximumSeries) {
        take(index)
        parts.push({ timeMillis: snapshot.timeMillis, families })
        families = []
        weight = 0
      }
      weight += next
      if (index % piece === piece - 1) yield
    }
    take(all.length)
  }
  if (families.length > 0) parts.push({ timeMillis: snapshot.timeMillis, families })
  return parts
}

const slice = (family: FamilySnapshot, from: number, to: number): FamilySnapshot =>
  from === 0 && to >= family.series.length ? family : mapSeries(family, (series) => series.slice(from, to))

/** The snapshot that was split. */
export const join = (parts: ReadonlyArray<MetricSnapshot>): MetricSnapshot => {
  const runs: Array<Array<FamilySnapshot>> = []
  for (const part of parts) {
    for (const family of part.families) {
      const [first] = runs.at(-1) ?? []
      if (first?.name === family.name && first.type === family.type) runs.at(-1)?.push(family)
      else runs.push([family])
    }
  }
  return { timeMillis: parts[0]?.timeMillis ?? 0, families: runs.map(concat) }
}

/** Families of one name and type as one. */
const concat = (run: ReadonlyArray<FamilySnapshot>): FamilySnapshot => {
  const [family] = run as [FamilySnapshot]
  // What is of one type has values of one kind.
  const series: ReadonlyArray<never> = run.flatMap((one) => one.series as ReadonlyArray<never>)
  return run.length === 1 ? family : mapSeries(family, () => series)
}

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
