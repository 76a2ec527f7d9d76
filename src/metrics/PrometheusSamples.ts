/**
 * The samples of a series, as both text formats of Prometheus write them.
 *
 * @internal
 */
import * as CumulativeBuckets from "./CumulativeBuckets.ts"
import type {
  Exemplar,
  ExponentialHistogramFamily,
  FamilySnapshot,
  HistogramFamily,
  NumberFamily,
  SummaryFamily
} from "./MetricSnapshot.ts"
import * as PrometheusLabels from "./PrometheusLabels.ts"
import type { PrometheusFamily } from "./PrometheusNames.ts"
import * as PrometheusText from "./PrometheusText.ts"

/** Where the formats differ. */
export interface Style {
  /** A bound or a quantile as the value of a label. */
  readonly bound: (value: number) => string
  /** Whether counts and sums that are negative or NaN may be written. */
  readonly lenient: boolean
  /** What follows the value of a sample: an exemplar, or nothing. */
  readonly exemplar: ((exemplar: Exemplar) => string) | undefined
  /** Whether the start of a series is written beside its values. */
  readonly created: boolean
}

/** Writes all samples of the series at an index. */
type Writer = (index: number) => string

export const writer = (family: PrometheusFamily, source: FamilySnapshot, style: Style): Writer => {
  switch (source.type) {
    case "histogram":
      return histogramWriter(family, source, style)
    case "exponentialHistogram":
      return exponentialWriter(family, source, style)
    case "summary":
      return summaryWriter(family, source, style)
    default:
      return numberWriter(family, source, style)
  }
}

/** `name` and `name{…`, up to where the labels begin. */
const sample = (name: string, labels: string): string => labels === "" ? `${name} ` : `${name}{${labels}} `

const numberWriter = (
  family: PrometheusFamily,
  { series, type }: NumberFamily,
  style: Style
): Writer => {
  const { name } = family
  const open = `${name}{`
  const isCounter = type === "counter"
  const exemplar = family.openMetrics.type === "counter" ? style.exemplar : undefined
  const created = createdWriter(family, style)
  return (index) => {
    const { attributes, exemplars, startMillis, value } = series[index] as NumberFamily["series"][number]
    if (isCounter && !(value >= 0) && !style.lenient) return ""
    const labels = PrometheusLabels.text(attributes)
    let lines = (labels === "" ? `${name} ` : open + labels + "} ") + PrometheusText.number(value)
    if (exemplar !== undefined && exemplars.length > 0) lines += exemplarIn(exemplars, exemplar, -Infinity, Infinity)
    return lines + (created === undefined ? "\n" : `\n${created(labels, startMillis)}`)
  }
}

const histogramWriter = (
  family: PrometheusFamily,
  { buckets, series }: HistogramFamily,
  style: Style
): Writer => {
  const { name } = family
  const open = `${name}_bucket{`
  const last = buckets.length
  // Bounds that do not ascend, or are infinite, are no bounds; what they count is in the next bucket.
  let highest = -Infinity
  const ends = buckets.map((bound) => {
    if (!(bound > highest && bound < Infinity)) return undefined
    highest = bound
    return `le="${style.bound(bound)}"} `
  })
  const { exemplar } = style
  const totals = totalsWriter(family, style, buckets.some((bound) => bound < 0))
  return (index) => {
    const { attributes, exemplars, startMillis, value } = series[index] as HistogramFamily["series"][number]
    const { count, counts, sum } = value
    const labels = PrometheusLabels.text(attributes, "le")
    const start = labels === "" ? open : `${open}${labels},`
    const hasExemplars = exemplar !== undefined && exemplars.length > 0
    let lines = ""
    let total = 0
    let shown = "0\n"
    let lowest = -Infinity
    for (let at = 0; at < last; at++) {
      const within = counts[at] ?? 0
      if (within !== 0) {
        total += within
        shown = `${PrometheusText.integer(total)}\n`
      }
      const end = ends[at]
      if (end === undefined) continue
      if (hasExemplars) {
        const bound = buckets[at] as number
        lines += `${start}${end}${PrometheusText.integer(total)}${exemplarIn(exemplars, exemplar, lowest, bound)}\n`
        lowest = bound
      } else lines = lines + start + end + shown
    }
    const all = PrometheusText.integer(Math.max(total + (counts[last] ?? 0), count))
    lines += start + `le="+Inf"} ` + all
    if (hasExemplars) lines += exemplarIn(exemplars, exemplar, lowest, Infinity)
    return lines + "\n" + totals(labels, sum, all, startMillis)
  }
}

const exponentialWriter = (
  family: PrometheusFamily,
  { series }: ExponentialHistogramFamily,
  style: Style
): Writer => {
  const open = `${family.name}_bucket{`
  const ends = new Map<number, string>()
  const { exemplar } = style
  const totals = totalsWriter(family, style, false)
  const totalsOfNegative = totalsWriter(family, style, true)
  return (index) => {
    const { attributes, exemplars, startMillis, value } = series[index] as ExponentialHistogramFamily["series"][number]
    const { bounds, counts } = CumulativeBuckets.make(value)
    const labels = PrometheusLabels.text(attributes, "le")
    const start = labels === "" ? open : `${open}${labels},`
    const hasExemplars = exemplar !== undefined && exemplars.length > 0
    let lines = ""
    let lowest = -Infinity
    for (let at = 0; at < bounds.length; at++) {
      const bound = bounds[at] as number
      let end = ends.get(bound)
      if (end === undefined) ends.set(bound, end = `le="${style.bound(bound)}"} `)
      lines += start + end + PrometheusText.integer(counts[at] as number)
      if (hasExemplars) lines += exemplarIn(exemplars, exemplar, lowest, bound)
      lines += "\n"
      lowest = bound
    }
    const all = PrometheusText.integer(Math.max(counts.at(-1) ?? 0, value.count))
    lines += start + `le="+Inf"} ` + all
    if (hasExemplars) lines += exemplarIn(exemplars, exemplar, lowest, Infinity)
    return lines + "\n" + ((bounds[0] ?? 0) < 0 ? totalsOfNegative : totals)(labels, value.sum, all, startMillis)
  }
}

const summaryWriter = (
  family: PrometheusFamily,
  { series }: SummaryFamily,
  style: Style
): Writer => {
  const { name } = family
  const created = createdWriter(family, style)
  return (index) => {
    const { attributes, startMillis, value } = series[index] as SummaryFamily["series"][number]
    const labels = PrometheusLabels.text(attributes, "quantile")
    const start = labels === "" ? "" : `${labels},`
    let lines = ""
    let highest = -Infinity
    for (const [quantile, estimate] of value.quantiles) {
      if (!(quantile > highest && quantile >= 0 && quantile <= 1)) continue
      highest = quantile
      if (estimate < 0 && !style.lenient) continue
      lines += `${sample(name, `${start}quantile="${style.bound(quantile)}"`)}${PrometheusText.number(estimate)}\n`
    }
    if (value.sum >= 0 || style.lenient) {
      lines += `${sample(`${name}_sum`, labels)}${PrometheusText.number(value.sum)}\n`
    }
    lines += `${sample(`${name}_count`, labels)}${PrometheusText.integer(value.count)}\n`
    return created === undefined ? lines : lines + created(labels, startMillis)
  }
}

/** Sum and count of a histogram. A sum that can fall is no counter: where the format minds, both are left out. */
const totalsWriter = (family: PrometheusFamily, style: Style, canFall: boolean) => {
  const { name } = family
  const sumOpen = `${name}_sum`
  const countOpen = `${name}_count`
  const created = createdWriter(family, style)
  return (labels: string, sum: number, count: string, startMillis: number): string => {
    const totals = style.lenient || (!canFall && sum >= 0)
      ? `${sample(sumOpen, labels)}${PrometheusText.number(sum)}\n${sample(countOpen, labels)}${count}\n`
      : ""
    return created === undefined ? totals : totals + created(labels, startMillis)
  }
}

const createdWriter = ({ openMetrics }: PrometheusFamily, style: Style) => {
  if (!style.created || openMetrics.type === "gauge" || openMetrics.type === "info" || openMetrics.type === "unknown") {
    return undefined
  }
  const name = `${openMetrics.name}_created`
  return (labels: string, startMillis: number): string =>
    Number.isFinite(startMillis) ? `${sample(name, labels)}${PrometheusText.seconds(startMillis)}\n` : ""
}

/** The newest exemplar of a bucket. */
const exemplarIn = (
  exemplars: ReadonlyArray<Exemplar>,
  write: (exemplar: Exemplar) => string,
  above: number,
  upTo: number
): string => {
  let newest: Exemplar | undefined
  for (const exemplar of exemplars) {
    const isWithin = exemplar.value <= upTo && (exemplar.value > above || above === -Infinity)
    if (isWithin && !(newest !== undefined && newest.timeMillis > exemplar.timeMillis)) newest = exemplar
  }
  return newest === undefined ? "" : write(newest)
}
