/**
 * One metric of Effect's own `Metric` as series of a snapshot. Pure.
 *
 * @internal
 */
import type * as Metric from "effect/Metric"
import type { MetricType, SeriesSnapshot } from "../../MetricSnapshot.ts"
import * as PrometheusName from "../model/PrometheusName.ts"

export type EffectMetric = Metric.Metric.Snapshot

export const typeOf = (metric: EffectMetric): MetricType => {
  switch (metric.type) {
    case "Counter":
      return metric.state.incremental ? "counter" : "upDownCounter"
    case "Frequency":
      return "counter"
    case "Gauge":
      return "gauge"
    case "Histogram":
      return "histogram"
    case "Summary":
      return "summary"
  }
}

/** Its name as Prometheus has it; that of a counter ends in `_total`. */
export const nameOf = (id: string, type: MetricType): string => {
  const name = PrometheusName.metricName(id)
  return type === "counter" && !name.endsWith("_total") ? `${name}_total` : name
}

export interface Options {
  /** The start of the series: Effect does not know their own start. */
  readonly startMillis: number
  readonly redact: (key: string, value: string) => string
  readonly redactName: (name: string) => string
  /** Whether an attribute is kept, by the name that Prometheus has for it; all are where it is `undefined`. */
  readonly keeps: ((key: string) => boolean) | undefined
}

/** The series of a metric; what is no text and cannot be made one throws. */
export const seriesOf = (metric: EffectMetric, options: Options): ReadonlyArray<SeriesSnapshot> => {
  const { startMillis } = options
  const series = (value: SeriesSnapshot["value"], more: Readonly<Record<string, string>> = {}): SeriesSnapshot => ({
    attributes: attributesOf({ ...metric.attributes, ...more }, options),
    startMillis,
    value,
    exemplars: []
  })
  switch (metric.type) {
    case "Counter":
      return [series(Number(metric.state.count))]
    case "Gauge":
      return [series(Number(metric.state.value))]
    case "Frequency":
      return Array.from(metric.state.occurrences, ([key, count]) => series(count, { key }))
    case "Summary": {
      const { count, quantiles, sum } = metric.state
      return [series({ count, sum, quantiles: quantiles.map(([quantile, value]) => [quantile, value ?? Number.NaN]) })]
    }
    case "Histogram": {
      const { buckets, count, sum } = metric.state
      let below = 0
      const counts = buckets.filter(([bound]) => bound < Infinity).map(([, cumulative]) => {
        const inBucket = cumulative - below
        below = cumulative
        return inBucket
      })
      return [series({ counts: [...counts, count - below], count, sum })]
    }
  }
}

/** Keys that become one name are one attribute: their values are joined in the order of the keys. */
const attributesOf = (
  given: Readonly<Record<string, unknown>>,
  { keeps, redact, redactName }: Options
): Readonly<Record<string, string>> => {
  const byName = new Map<string, string>()
  for (const key of Object.keys(given).toSorted()) {
    const label = PrometheusName.labelName(redactName(key))
    const name = reserved.has(label) ? `exported_${label}` : label
    if (keeps?.(name) === false) continue
    const value = redact(key, String(given[key]).toWellFormed())
    const before = byName.get(name)
    byName.set(name, before === undefined ? value : `${before};${value}`)
  }
  return Object.fromEntries(byName)
}

/** Labels that the samples of histograms and summaries have from the format. */
const reserved = new Set(["le", "quantile"])

export const boundsOf = ({ buckets }: Metric.HistogramState) =>
  buckets.map(([bound]) => bound).filter((bound) => bound < Infinity)
