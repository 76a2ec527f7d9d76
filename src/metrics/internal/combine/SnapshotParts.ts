/**
 * Splits a large snapshot into small ones, and joins them.
 */
import type * as TimeSlice from "../../../internal/TimeSlice.ts"
import type { MetricData, MetricSnapshot, SeriesSnapshot } from "../../MetricSnapshot.ts"
import { mapSeries } from "../model/metricData.ts"
import * as SeriesList from "../model/SeriesList.ts"
import { piece } from "./mergeSeries.ts"

/** So many buckets are as much work as one number with its attributes. */
const bucketsPerNumber = 20

/** The weight of a series, in numbers. */
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
 * Splits a snapshot into parts, in its order. A part has at most the weight of
 * `maximumSeries` series without buckets, or it has a single series. An empty
 * snapshot has no parts.
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

/** Joins the parts of a snapshot. */
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

/** Joins metrics of the same name and type. */
const concat = (run: ReadonlyArray<MetricData>): MetricData => {
  const [metric] = run as [MetricData]
  // Metrics of the same type have values of the same kind.
  const series: ReadonlyArray<never> = run.flatMap((one) => one.series as ReadonlyArray<never>)
  return run.length === 1 ? metric : mapSeries(metric, () => series)
}
