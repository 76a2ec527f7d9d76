/**
 * The samples of histograms, as both text formats of Prometheus write them.
 *
 * @internal
 */
import * as CumulativeBuckets from "./CumulativeBuckets.ts"
import type { ExponentialHistogramFamily, HistogramFamily } from "./MetricSnapshot.ts"
import * as PrometheusLabels from "./PrometheusLabels.ts"
import type { PrometheusFamily } from "./PrometheusNames.ts"
import { createdWriter, exemplarIn, sampleWriter, type Style, type Writer } from "./PrometheusSample.ts"
import * as PrometheusText from "./PrometheusText.ts"

export const explicitWriter = (
  family: PrometheusFamily,
  { buckets, series }: HistogramFamily,
  style: Style
): Writer => {
  const open = `${family.name}_bucket{`
  // Bounds that do not ascend, or are infinite, are no bounds; what they count is in the next bucket.
  let highest = -Infinity
  const ends = buckets.map((bound) => {
    if (!(bound > highest && bound < Infinity)) return undefined
    highest = bound
    return endOf(style.bound(bound))
  })
  const last = ends.length
  const lineEnd = lineEnds([...ends, endOf("+Inf")], series.length)
  const totals = totalsWriter(family, style, buckets.some((bound) => bound < 0))
  return (text, index) => {
    const { attributes, exemplars, startMillis, value } = series[index] as HistogramFamily["series"][number]
    const { count, counts, sum } = value
    const labels = PrometheusLabels.text(attributes, "le")
    const start = labels === "" ? open : `${open}${labels},`
    const exemplar = exemplars.length > 0 ? style.exemplar : undefined
    let lines = text
    let total = 0
    let lowest = -Infinity
    for (let at = 0; at < last; at++) {
      total += counts[at] ?? 0
      const end = ends[at]
      if (end === undefined) continue
      if (exemplar === undefined) {
        lines = lines + start + lineEnd(at, total)
        continue
      }
      const bound = buckets[at] as number
      lines += `${start}${end}${PrometheusText.integer(total)}${exemplarIn(exemplars, exemplar, lowest, bound)}\n`
      lowest = bound
    }
    const all = Math.max(total + (counts[last] ?? 0), count)
    lines = exemplar === undefined
      ? lines + start + lineEnd(last, all)
      : `${lines}${start}${infinite}${PrometheusText.integer(all)}${
        exemplarIn(exemplars, exemplar, lowest, Infinity)
      }\n`
    return totals(lines, labels, sum, all, startMillis)
  }
}

export const exponentialWriter = (
  family: PrometheusFamily,
  { series }: ExponentialHistogramFamily,
  style: Style
): Writer => {
  const open = `${family.name}_bucket{`
  const ends = new Map<number, string>()
  const totals = totalsWriter(family, style, false)
  const totalsOfNegative = totalsWriter(family, style, true)
  return (text, index) => {
    const { attributes, exemplars, startMillis, value } = series[index] as ExponentialHistogramFamily["series"][number]
    const { bounds, counts } = CumulativeBuckets.make(value)
    const labels = PrometheusLabels.text(attributes, "le")
    const start = labels === "" ? open : `${open}${labels},`
    const exemplar = exemplars.length > 0 ? style.exemplar : undefined
    let lines = text
    let lowest = -Infinity
    for (let at = 0; at < bounds.length; at++) {
      const bound = bounds[at] as number
      let end = ends.get(bound)
      if (end === undefined) ends.set(bound, end = endOf(style.bound(bound)))
      lines = lines + start + end + PrometheusText.integer(counts[at] as number)
      lines += exemplar === undefined ? "\n" : `${exemplarIn(exemplars, exemplar, lowest, bound)}\n`
      lowest = bound
    }
    const all = Math.max(counts.at(-1) ?? 0, value.count)
    lines = lines + start + infinite + PrometheusText.integer(all)
    lines += exemplar === undefined ? "\n" : `${exemplarIn(exemplars, exemplar, lowest, Infinity)}\n`
    return ((bounds[0] ?? 0) < 0 ? totalsOfNegative : totals)(lines, labels, value.sum, all, startMillis)
  }
}

/** What follows the labels of a series in the sample of a bucket, up to its count. */
const endOf = (bound: string): string => `le="${bound}"} `

const infinite = endOf("+Inf")

/**
 * The ends of lines, count and all. The series of a large family have many in common: those with low counts are kept
 * while the family is written, which saves a third of the memory that a line takes.
 */
const lineEnds = (
  ends: ReadonlyArray<string | undefined>,
  series: number
): (at: number, count: number) => string => {
  const keptBelow = Math.min(1024, series >> 2)
  const kept: ReadonlyArray<Array<string | undefined>> = ends.map(() => [])
  return (at, count) =>
    count < keptBelow
      ? (kept[at] as Array<string | undefined>)[count] ??= ends[at] + `${count}\n`
      : ends[at] + `${PrometheusText.integer(count)}\n`
}

/** Sum and count of a histogram. A sum that can fall is no counter: where the format minds, both are left out. */
const totalsWriter = (family: PrometheusFamily, style: Style, canFall: boolean) => {
  const { name } = family
  const writeSum = sampleWriter(`${name}_sum`)
  const writeCount = sampleWriter(`${name}_count`)
  const created = createdWriter(family, style)
  return (text: string, labels: string, sum: number, count: number, startMillis: number): string => {
    const lines = style.lenient || (!canFall && sum >= 0)
      ? writeCount(writeSum(text, labels, PrometheusText.number(sum)), labels, PrometheusText.integer(count))
      : text
    return created === undefined ? lines : created(lines, labels, startMillis)
  }
}
