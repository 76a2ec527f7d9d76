/**
 * The samples of histograms, as both text formats of Prometheus write them.
 *
 * @internal
 */
import type { Utf8Writer } from "../../internal/Utf8Writer.ts"
import type { ExponentialHistogramFamily, HistogramFamily } from "../MetricSnapshot.ts"
import type { PrometheusFamily } from "../PrometheusNames.ts"
import * as SeriesList from "../store/SeriesList.ts"
import * as CumulativeBuckets from "./CumulativeBuckets.ts"
import * as PrometheusLabels from "./PrometheusLabels.ts"
import { createdWriter, exemplarIn, sampleWriter, type Style, type Writer } from "./PrometheusSample.ts"
import * as PrometheusText from "./PrometheusText.ts"

export const explicitWriter = (
  family: PrometheusFamily,
  source: HistogramFamily,
  style: Style
): Writer => {
  const { name } = family
  const { buckets } = source
  const series = SeriesList.of(source)
  // Bounds that do not ascend, or are infinite, are no bounds; what they count is in the next bucket.
  let highest = -Infinity
  const ends = buckets.map((bound) => {
    if (!(bound > highest && bound < Infinity)) return undefined
    highest = bound
    return endOf(style.bound(bound))
  })
  const last = ends.length
  const totals = totalsWriter(family, style, buckets.some((bound) => bound < 0))
  return (out, index) => {
    const { attributes, exemplars, startMillis, value } = series.at(index)
    const { count, counts, sum } = value
    const labels = PrometheusLabels.text(attributes, "le")
    const exemplar = exemplars.length > 0 ? style.exemplar : undefined
    const start = out.length
    writeStart(out, name, labels)
    const end = out.length
    let total = 0
    let lowest = -Infinity
    for (let at = 0; at < last; at++) {
      total += counts[at] ?? 0
      const text = ends[at]
      if (text === undefined) continue
      out.text(text)
      writeCount(out, total)
      if (exemplar !== undefined) {
        const bound = buckets[at] as number
        out.text(exemplarIn(exemplars, exemplar, lowest, bound))
        lowest = bound
      }
      out.text("\n")
      out.again(start, end)
    }
    const all = Math.max(total + (counts[last] ?? 0), count)
    out.text(infinite)
    writeCount(out, all)
    if (exemplar !== undefined) out.text(exemplarIn(exemplars, exemplar, lowest, Infinity))
    out.text("\n")
    totals(out, labels, sum, all, startMillis)
  }
}

export const exponentialWriter = (
  family: PrometheusFamily,
  source: ExponentialHistogramFamily,
  style: Style
): Writer => {
  const { name } = family
  const series = SeriesList.of(source)
  const ends = new Map<number, string>()
  const totals = totalsWriter(family, style, false)
  const totalsOfNegative = totalsWriter(family, style, true)
  return (out, index) => {
    const { attributes, exemplars, startMillis, value } = series.at(index)
    const { bounds, counts } = CumulativeBuckets.make(value)
    const labels = PrometheusLabels.text(attributes, "le")
    const exemplar = exemplars.length > 0 ? style.exemplar : undefined
    const start = out.length
    writeStart(out, name, labels)
    const end = out.length
    let lowest = -Infinity
    for (let at = 0; at < bounds.length; at++) {
      const bound = bounds[at] as number
      let text = ends.get(bound)
      if (text === undefined) ends.set(bound, text = endOf(style.bound(bound)))
      out.text(text)
      writeCount(out, counts[at] as number)
      if (exemplar !== undefined) out.text(exemplarIn(exemplars, exemplar, lowest, bound))
      out.text("\n")
      out.again(start, end)
      lowest = bound
    }
    const all = Math.max(counts.at(-1) ?? 0, value.count)
    out.text(infinite)
    writeCount(out, all)
    if (exemplar !== undefined) out.text(exemplarIn(exemplars, exemplar, lowest, Infinity))
    out.text("\n")
    const write = (bounds[0] ?? 0) < 0 ? totalsOfNegative : totals
    write(out, labels, value.sum, all, startMillis)
  }
}

/** The sample of a bucket up to where the samples of other buckets of the series differ from it. */
const writeStart = (out: Utf8Writer, name: string, labels: string): void => {
  out.text(name)
  out.text("_bucket{")
  if (labels === "") return
  out.text(labels)
  out.text(",")
}

/** Nearly every count is a small whole number. */
const writeCount = (out: Utf8Writer, count: number): void => {
  if ((count | 0) === count && count >= 0) out.integer(count)
  else out.text(PrometheusText.integer(count))
}

/** What follows, up to the count. */
const endOf = (bound: string): string => `le="${bound}"} `

const infinite = endOf("+Inf")

/** Sum and count of a histogram. A sum that can fall is no counter: where the format minds, both are left out. */
const totalsWriter = (family: PrometheusFamily, style: Style, canFall: boolean) => {
  const { name } = family
  const writeSum = sampleWriter(`${name}_sum`)
  const writeTotal = sampleWriter(`${name}_count`)
  const created = createdWriter(family, style)
  return (out: Utf8Writer, labels: string, sum: number, count: number, startMillis: number): void => {
    if (style.lenient || (!canFall && sum >= 0)) {
      writeSum(out, labels, PrometheusText.number(sum))
      writeTotal(out, labels, PrometheusText.integer(count))
    }
    if (created !== undefined) created(out, labels, startMillis)
  }
}
