/**
 * Writes the samples of a series, as both text formats of Prometheus do.
 */
import type { Utf8Writer } from "../../../encoding/Utf8Writer.ts"
import type {
  Exemplar,
  ExponentialHistogramData,
  HistogramData,
  MetricData,
  NumberData,
  SummaryData
} from "../../MetricSnapshot.ts"
import * as PrometheusLabels from "../model/PrometheusLabels.ts"
import * as SeriesList from "../model/SeriesList.ts"
import * as CumulativeBuckets from "./CumulativeBuckets.ts"
import type { PrometheusFamily } from "./PrometheusFamilies.ts"
import * as PrometheusText from "./PrometheusText.ts"

/** The differences between the formats. */
export interface Style {
  /** Writes a bound or a quantile as the value of a label. */
  readonly bound: (value: number) => string
  /** Whether counts and sums that are negative or NaN may be written. */
  readonly lenient: boolean
  /** Writes an exemplar after the value of a sample; `undefined` if the format has none. */
  readonly exemplar: ((exemplar: Exemplar) => string) | undefined
  /** Whether the start of a series is written beside its values. */
  readonly created: boolean
}

/** Writes all samples of the series at an index. */
export type Writer = (out: Utf8Writer, index: number) => void

export const writer = (family: PrometheusFamily, source: MetricData, style: Style): Writer => {
  switch (source.type) {
    case "histogram":
      return explicitWriter(family, source, style)
    case "exponentialHistogram":
      return exponentialWriter(family, source, style)
    case "summary":
      return summaryWriter(family, source, style)
    default:
      return numberWriter(family, source, style)
  }
}

// --- Numbers and summaries ---

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

// --- Histograms ---

const explicitWriter = (
  family: PrometheusFamily,
  source: HistogramData,
  style: Style
): Writer => {
  const { name } = family
  const { buckets } = source
  const series = SeriesList.of(source)
  // Bounds that do not ascend, or are infinite, are skipped. Their observations are in the next bucket.
  let highest = -Infinity
  const ends = buckets.map((bound) => {
    if (!(bound > highest && bound < Infinity)) return undefined
    highest = bound
    return endOf(style.bound(bound))
  })
  const last = ends.length
  const totals = totalsWriter(family, style, buckets.some((bound) => bound < 0))
  return (out, index) => {
    const { attributes, exemplars, startMillis, value } = series.peek(index)
    const { count, counts, sum } = value
    const labels = PrometheusLabels.text(attributes, "le")
    const exemplar = exemplars.length > 0 ? style.exemplar : undefined
    const start = out.length
    const labelsStart = writeStart(out, name, labels)
    const end = out.length
    const labelsEnd = labels === "" ? end : end - 1
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
    totals(out, labels, labelsStart, labelsEnd, sum, all, startMillis)
  }
}

const exponentialWriter = (
  family: PrometheusFamily,
  source: ExponentialHistogramData,
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
    const labelsStart = writeStart(out, name, labels)
    const end = out.length
    const labelsEnd = labels === "" ? end : end - 1
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
    write(out, labels, labelsStart, labelsEnd, value.sum, all, startMillis)
  }
}

/** Writes the start of a sample, which all buckets of the series share. Gives the position of the labels. */
const writeStart = (out: Utf8Writer, name: string, labels: string): number => {
  out.text(name)
  out.text("_bucket{")
  const start = out.length
  if (labels === "") return start
  out.text(labels)
  out.text(",")
  return start
}

const isSmall = (value: number): boolean => (value | 0) === value && value >= 0

/** Nearly every count is a small whole number. */
const writeCount = (out: Utf8Writer, count: number): void => {
  if (isSmall(count)) out.integer(count)
  else out.text(PrometheusText.integer(count))
}

const writeNumber = (out: Utf8Writer, value: number): void => {
  if (isSmall(value)) out.integer(value)
  else out.text(PrometheusText.number(value))
}

/** The end of the labels, up to the count. */
const endOf = (bound: string): string => `le="${bound}"} `

const infinite = endOf("+Inf")

/**
 * Writes sum and count of a histogram, and repeats the labels. If the sum may fall, it is no counter, and a strict
 * format leaves both out.
 */
const totalsWriter = (family: PrometheusFamily, style: Style, canFall: boolean) => {
  const { name } = family
  const nameOfSum = `${name}_sum`
  const nameOfCount = `${name}_count`
  const created = createdWriter(family, style)
  const writeName = (out: Utf8Writer, nameOfTotal: string, labelsStart: number, labelsEnd: number): void => {
    out.text(nameOfTotal)
    if (labelsStart === labelsEnd) return out.text(" ")
    out.text("{")
    out.again(labelsStart, labelsEnd)
    out.text("} ")
  }
  return (
    out: Utf8Writer,
    labels: string,
    labelsStart: number,
    labelsEnd: number,
    sum: number,
    count: number,
    startMillis: number
  ): void => {
    if (style.lenient || (!canFall && sum >= 0)) {
      writeName(out, nameOfSum, labelsStart, labelsEnd)
      writeNumber(out, sum)
      out.text("\n")
      writeName(out, nameOfCount, labelsStart, labelsEnd)
      writeCount(out, count)
      out.text("\n")
    }
    if (created !== undefined) created(out, labels, startMillis)
  }
}

// --- Parts of samples ---

/** Writes a sample, with an exemplar or without. */
const sampleWriter = (name: string) => {
  const open = `${name}{`
  return (out: Utf8Writer, labels: string, value: string, exemplar = ""): void => {
    out.line(labels === "" ? `${name} ${value}${exemplar}\n` : open + labels + "} " + value + exemplar + "\n")
  }
}

/** Writes the start of a series, if the style asks for it and the type has one. */
const createdWriter = ({ openMetrics: { name, type } }: PrometheusFamily, style: Style) => {
  if (!style.created || type === "gauge" || type === "info" || type === "unknown") return undefined
  const write = sampleWriter(`${name}_created`)
  return (out: Utf8Writer, labels: string, startMillis: number): void => {
    if (Number.isFinite(startMillis)) write(out, labels, PrometheusText.seconds(startMillis))
  }
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
