/**
 * A large snapshot as several small ones.
 *
 * @internal
 */
import type * as TimeSlice from "../../../internal/TimeSlice.ts"
import type { MetricData, MetricSnapshot, SeriesSnapshot } from "../../MetricSnapshot.ts"
import { mapSeries } from "../model/metricData.ts"
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
): TimeSlice.Work<ReadonlyArray<MetricSnapshot>> {
  const parts: Array<MetricSnapshot> = []
  let metrics: Array<MetricData> = []
  let weight = 0
  for (const metric of snapshot.metrics) {
    yield* SeriesList.make(metric)
    let from = 0
    const take = (to: number) => {
      if (to > from) metrics.push(slice(metric, from, to))
      from = to
    }
    const all: ReadonlyArray<SeriesSnapshot> = metric.series
    for (const [index, series] of all.entries()) {
      const next = weightOf(series)
      if (weight > 0 && weight + next > maximumSeries) {
        take(index)
        parts.push({ timeMillis: snapshot.timeMillis, metrics })
        metrics = []
        weight = 0
      }
      weight += next
      if (index % piece === piece - 1) yield
    }
    take(all.length)
  }
  if (metrics.length > 0) parts.push({ timeMillis: snapshot.timeMillis, metrics })
  return parts
}

const slice = (metric: MetricData, from: number, to: number): MetricData =>
  from === 0 && to >= metric.series.length ? metric : mapSeries(metric, (series) => series.slice(from, to))

/** The snapshot that was split. */
export const join = (parts: ReadonlyArray<MetricSnapshot>): MetricSnapshot => {
  const runs: Array<Array<MetricData>> = []
  for (const part of parts) {
    for (const metric of part.metrics) {
      const [first] = runs.at(-1) ?? []
      if (first?.name === metric.name && first.type === metric.type) runs.at(-1)?.push(metric)
      else runs.push([metric])
    }
  }
  return { timeMillis: parts[0]?.timeMillis ?? 0, metrics: runs.map(concat) }
}

/** Metrics of one name and type as one. */
const concat = (run: ReadonlyArray<MetricData>): MetricData => {
  const [metric] = run as [MetricData]
  // Metrics of one type have values of one kind.
  const series: ReadonlyArray<never> = run.flatMap((one) => one.series as ReadonlyArray<never>)
  return run.length === 1 ? metric : mapSeries(metric, () => series)
}
