/**
 * Gives the series of a family without duplicates.
 */
import type { MetricData, SeriesSnapshot } from "../../MetricSnapshot.ts"
import * as aggregationOf from "../aggregation/aggregationOf.ts"
import { haveOneKind } from "../model/metricData.ts"
import * as PrometheusLabels from "../model/PrometheusLabels.ts"
import * as SeriesList from "../model/SeriesList.ts"
import type * as PrometheusFamilies from "./PrometheusFamilies.ts"

/** Series in one piece of work. */
const seriesPerStep = 1000

/**
 * Gives the metrics of a family, without series that have the labels of another
 * one.
 *
 * **Details**
 *
 * Counters, up-down counters and histograms with the same buckets are added up,
 * so nothing is lost. Other types have no sum, so the first series stays and
 * `onDropped` is called for the others. The compatibility document leaves this to
 * the exporter. But Prometheus refuses a scrape with the same series twice.
 *
 * It yields between pieces of work, so that the caller can let other fibers run.
 */
export function* distinct(
  family: PrometheusFamilies.PrometheusFamily,
  onDropped: (dropped: PrometheusFamilies.Dropped) => void
): Generator<undefined, ReadonlyArray<MetricData>> {
  const reserved = reservedOf(family)
  const [first, ...others] = family.sources
  if (first === undefined) return []
  if (others.length === 0 && !(yield* mayRepeat(first, reserved))) return family.sources

  const places = new Map<string, readonly [source: number, index: number]>()
  const kept: Array<Array<SeriesSnapshot>> = []
  let seen = 0
  for (const [at, source] of family.sources.entries()) {
    const series: Array<SeriesSnapshot> = []
    kept.push(series)
    let repeated = 0
    const candidates = SeriesList.of(source)
    for (let index = 0; index < candidates.length; index++) {
      if (++seen % seriesPerStep === 0) yield
      const candidate = candidates.at(index)
      const key = PrometheusLabels.identity(candidate.attributes, reserved)
      const place = places.get(key)
      if (place === undefined) {
        places.set(key, [at, series.length])
        series.push(candidate)
        continue
      }
      const before = kept[place[0]] as Array<SeriesSnapshot>
      const sum = add(family.sources[place[0]], before[place[1]], source, candidate)
      if (sum === undefined) repeated++
      else before[place[1]] = sum
    }
    if (repeated > 0) {
      onDropped({ name: source.name, part: "series", reason: `${repeated} with the labels of another series` })
    }
  }
  return family.sources.map((source, at) => ({ ...source, series: kept[at] }) as MetricData)
}

/** The label that the format adds to the samples of a family. */
export const reservedOf = (
  { type }: Pick<PrometheusFamilies.PrometheusFamily, "type">
): PrometheusLabels.Reserved | undefined => type === "histogram" ? "le" : type === "summary" ? "quantile" : undefined

/**
 * Whether two series may have the same labels. Series of declared attributes have different values. All other series
 * must be compared.
 */
function* mayRepeat(
  family: MetricData,
  reserved: PrometheusLabels.Reserved | undefined
): Generator<undefined, boolean> {
  const { attributes } = family
  const series = SeriesList.of(family)
  const { length } = series
  if (length < 2) return false
  const names = attributes.map((key) => PrometheusLabels.nameOf(key, reserved))
  if (names.length === 0 || new Set(names).size < names.length) return true
  if (series.areDistinct) return false
  const isAmbiguous = PrometheusLabels.ambiguityCheck()
  for (let start = 0; start < length; start += seriesPerStep) {
    if (start > 0) yield
    const end = Math.min(start + seriesPerStep, length)
    for (let index = start; index < end; index++) {
      if (isAmbiguous(series.attributesAt(index))) return true
    }
  }
  return false
}

/** Types whose values can be added up. The sum of two gauges has no meaning. */
const summable: ReadonlySet<MetricData["type"]> = new Set(["counter", "upDownCounter", "histogram"])

const add = (
  leftMetric: MetricData | undefined,
  left: SeriesSnapshot | undefined,
  rightMetric: MetricData,
  right: SeriesSnapshot
): SeriesSnapshot | undefined => {
  if (left === undefined || leftMetric === undefined) return undefined
  if (!summable.has(leftMetric.type) || !haveOneKind(leftMetric, rightMetric)) return undefined
  return {
    attributes: left.attributes,
    startMillis: Math.min(left.startMillis, right.startMillis),
    value: aggregationOf.make(leftMetric).add(left.value, right.value),
    exemplars: [...left.exemplars, ...right.exemplars]
  }
}
