/**
 * The samples of a series, as both text formats of Prometheus write them.
 *
 * @internal
 */
import type { MetricData, NumberData, SummaryData } from "../../MetricSnapshot.ts"
import * as PrometheusLabels from "../model/PrometheusLabels.ts"
import * as SeriesList from "../model/SeriesList.ts"
import * as PrometheusBuckets from "./PrometheusBuckets.ts"
import type { PrometheusFamily } from "./PrometheusNames.ts"
import { createdWriter, exemplarIn, sampleWriter, type Style, type Writer } from "./PrometheusSample.ts"
import * as PrometheusText from "./PrometheusText.ts"

export const writer = (family: PrometheusFamily, source: MetricData, style: Style): Writer => {
  switch (source.type) {
    case "histogram":
      return PrometheusBuckets.explicitWriter(family, source, style)
    case "exponentialHistogram":
      return PrometheusBuckets.exponentialWriter(family, source, style)
    case "summary":
      return summaryWriter(family, source, style)
    default:
      return numberWriter(family, source, style)
  }
}

const numberWriter = (family: PrometheusFamily, source: NumberData, style: Style): Writer => {
  const { type } = source
  const series = SeriesList.of(source)
  const mustCount = type === "counter" && !style.lenient
  const write = sampleWriter(family.name)
  const created = createdWriter(family, style)
  const exemplarOf = family.openMetrics.type === "counter" ? style.exemplar : undefined
  return (out, index) => {
    const { attributes, exemplars, startMillis, value } = series.at(index)
    if (mustCount && !(value >= 0)) return
    const labels = PrometheusLabels.text(attributes)
    const exemplar = exemplarOf === undefined || exemplars.length === 0
      ? ""
      : exemplarIn(exemplars, exemplarOf, -Infinity, Infinity)
    write(out, labels, PrometheusText.number(value), exemplar)
    if (created !== undefined) created(out, labels, startMillis)
  }
}

const summaryWriter = (family: PrometheusFamily, source: SummaryData, style: Style): Writer => {
  const series = SeriesList.of(source)
  const writeQuantile = sampleWriter(family.name)
  const writeSum = sampleWriter(`${family.name}_sum`)
  const writeCount = sampleWriter(`${family.name}_count`)
  const created = createdWriter(family, style)
  return (out, index) => {
    const { attributes, startMillis, value } = series.at(index)
    const labels = PrometheusLabels.text(attributes, "quantile")
    const start = labels === "" ? "" : `${labels},`
    let highest = -Infinity
    for (const [quantile, estimate] of value.quantiles) {
      if (!(quantile > highest && quantile >= 0 && quantile <= 1)) continue
      highest = quantile
      if (estimate < 0 && !style.lenient) continue
      const label = `${start}quantile="${style.bound(quantile)}"`
      writeQuantile(out, label, PrometheusText.number(estimate))
    }
    if (value.sum >= 0 || style.lenient) writeSum(out, labels, PrometheusText.number(value.sum))
    writeCount(out, labels, PrometheusText.integer(value.count))
    if (created !== undefined) created(out, labels, startMillis)
  }
}
