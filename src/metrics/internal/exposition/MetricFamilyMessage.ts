/**
 * Writes the message `MetricFamily` of Prometheus and its inner messages.
 *
 * @see https://github.com/prometheus/client_model/blob/master/io/prometheus/client/metrics.proto
 */
import type { ProtobufWriter } from "../../../encoding/ProtobufWriter.ts"
import type {
  Exemplar,
  ExponentialHistogramValue,
  HistogramData,
  MetricData,
  NumberData,
  SeriesSnapshot,
  SummaryData
} from "../../MetricSnapshot.ts"
import * as PrometheusLabels from "../model/PrometheusLabels.ts"
import * as CumulativeBuckets from "./CumulativeBuckets.ts"
import * as NativeHistogram from "./NativeHistogram.ts"
import type { PrometheusFamily } from "./PrometheusFamilies.ts"
import * as PrometheusSeries from "./PrometheusSeries.ts"

const types = { counter: 0, gauge: 1, summary: 2, histogram: 4 } as const

/** The highest number of characters of all names and values of an exemplar's labels. */
const exemplarLength = 128

/** Writes everything before the metrics. */
export const writeHeader = (writer: ProtobufWriter, { help, name, type, unit }: PrometheusFamily): void => {
  writer.string(1, name)
  writer.string(2, help)
  writer.integer(3, types[type])
  if (unit !== undefined) writer.string(5, unit)
}

/**
 * Writes series of one metric. Several metrics may share a family. Prometheus accepts native histograms only in
 * families without other histograms.
 */
export const metricWriter = (
  writer: ProtobufWriter,
  family: PrometheusFamily,
  source: MetricData,
  isNative: boolean
): (series: SeriesSnapshot) => void => {
  const writeLabels = labelsWriter(writer, source, PrometheusSeries.reservedOf(family))
  const writeValue = valueWriter(writer, source, isNative)
  return (series) => {
    const metric = writer.open(4)
    writeLabels(series.attributes)
    writeValue(series)
    writer.close(metric)
  }
}

/** The type of a metric decides the kind of its values. */
const valueWriter = (
  writer: ProtobufWriter,
  source: MetricData,
  isNative: boolean
): (series: SeriesSnapshot) => void => {
  switch (source.type) {
    case "histogram":
      return (series) => writeExplicit(writer, source.buckets, series as HistogramData["series"][number])
    case "exponentialHistogram":
      return (series) => writeExponential(writer, series as SeriesSnapshot<ExponentialHistogramValue>, isNative)
    case "summary":
      return (series) => writeSummary(writer, series as SummaryData["series"][number])
    default:
      return (series) => writeNumber(writer, source.type, series as NumberData["series"][number])
  }
}

// --- Labels ---

type WriteLabels = (attributes: SeriesSnapshot["attributes"]) => void

/** Mostly the keys of a family are valid labels. That is checked once. */
const labelsWriter = (
  writer: ProtobufWriter,
  { attributes: keys }: MetricData,
  reserved: PrometheusLabels.Reserved | undefined
): WriteLabels => {
  const names = new Map(keys.map((key) => [key, PrometheusLabels.nameOf(key, reserved)]))
  const areDistinct = new Set(names.values()).size === names.size
  const known = (own: ReadonlyArray<string>): boolean => {
    for (const key of own) if (!names.has(key)) return false
    return true
  }
  return (attributes) => {
    const own = Object.keys(attributes)
    if (areDistinct && known(own)) {
      for (const key of own) writeLabel(writer, names.get(key) as string, `${attributes[key]}`)
    } else {
      for (const [name, value] of PrometheusLabels.labelsOf(attributes, reserved)) writeLabel(writer, name, value)
    }
  }
}

const writeLabel = (writer: ProtobufWriter, name: string, value: string): void => {
  const label = writer.open(1)
  writer.string(1, name)
  writer.string(2, value)
  writer.close(label)
}

// --- Values ---

const writeNumber = (
  writer: ProtobufWriter,
  type: NumberData["type"],
  { exemplars, startMillis, value }: SeriesSnapshot<number>
): void => {
  if (type !== "counter") {
    const gauge = writer.open(2)
    writer.double(1, value)
    writer.close(gauge)
    return
  }
  const counter = writer.open(3)
  writer.double(1, value)
  const exemplar = newest(exemplars)
  if (exemplar !== undefined) writeExemplar(writer, 2, exemplar)
  writeTime(writer, 3, startMillis)
  writer.close(counter)
}

const writeSummary = (writer: ProtobufWriter, { startMillis, value }: SummaryData["series"][number]): void => {
  const summary = writer.open(4)
  writer.integer(1, value.count)
  writer.double(2, value.sum)
  let highest = -Infinity
  for (const [quantile, estimate] of value.quantiles) {
    if (!(quantile > highest && quantile >= 0 && quantile <= 1)) continue
    highest = quantile
    const message = writer.open(3)
    writer.double(1, quantile)
    writer.double(2, estimate)
    writer.close(message)
  }
  writeTime(writer, 4, startMillis)
  writer.close(summary)
}

const writeExplicit = (
  writer: ProtobufWriter,
  bounds: ReadonlyArray<number>,
  { exemplars, startMillis, value }: HistogramData["series"][number]
): void => {
  const { counts, sum } = value
  let total = 0
  const cumulative = counts.map((count) => total += count)
  writeBuckets(writer, bounds, cumulative, Math.max(total, value.count), sum, exemplars, startMillis)
}

const writeExponential = (
  writer: ProtobufWriter,
  { exemplars, startMillis, value }: SeriesSnapshot<ExponentialHistogramValue>,
  isNative: boolean
): void => {
  if (isNative) {
    writeNative(writer, NativeHistogram.make(value), value.sum, exemplars, startMillis)
    return
  }
  const { bounds, counts } = CumulativeBuckets.make(value)
  writeBuckets(writer, bounds, counts, Math.max(counts.at(-1) ?? 0, value.count), value.sum, exemplars, startMillis)
}

const writeBuckets = (
  writer: ProtobufWriter,
  bounds: ReadonlyArray<number>,
  cumulative: ReadonlyArray<number>,
  count: number,
  sum: number,
  exemplars: ReadonlyArray<Exemplar>,
  startMillis: number
): void => {
  const histogram = writer.open(7)
  writer.integer(1, count)
  writer.double(2, sum)
  let lowest = -Infinity
  const writeBucket = (bound: number, upTo: number, exemplar: Exemplar | undefined): void => {
    const bucket = writer.open(3)
    writer.integer(1, upTo)
    writer.double(2, bound)
    if (exemplar !== undefined) writeExemplar(writer, 3, exemplar)
    writer.close(bucket)
    lowest = bound
  }
  for (let index = 0; index < bounds.length; index++) {
    const bound = bounds[index] as number
    // Bounds that do not ascend, or are infinite, are skipped. Their observations are in the next bucket.
    if (bound > lowest && bound < Infinity) {
      writeBucket(bound, cumulative[index] ?? 0, exemplarIn(exemplars, lowest, bound))
    }
  }
  // The total gives the count of the last bucket. It is written only for its exemplar.
  const last = exemplarIn(exemplars, lowest, Infinity)
  if (last !== undefined) writeBucket(Infinity, count, last)
  writeTime(writer, 15, startMillis)
  writer.close(histogram)
}

const writeNative = (
  writer: ProtobufWriter,
  native: NativeHistogram.NativeHistogram,
  sum: number,
  exemplars: ReadonlyArray<Exemplar>,
  startMillis: number
): void => {
  const histogram = writer.open(7)
  writer.integer(1, native.count)
  writer.double(2, sum)
  writer.signed(5, native.schema)
  writer.double(6, native.zeroThreshold)
  writer.integer(7, native.zeroCount)
  writeNativeBuckets(writer, 9, native.negative)
  writeNativeBuckets(writer, 12, native.positive)
  writeTime(writer, 15, startMillis)
  for (const exemplar of exemplars) if (isWritable(exemplar)) writeExemplar(writer, 16, exemplar)
  writer.close(histogram)
}

/** Writes the spans in one field and the deltas in the next one. */
const writeNativeBuckets = (
  writer: ProtobufWriter,
  field: number,
  { deltas, spans }: NativeHistogram.NativeBuckets
): void => {
  if (deltas.length === 0) return
  for (const [offset, length] of spans) {
    const span = writer.open(field)
    writer.signed(1, offset)
    writer.integer(2, length)
    writer.close(span)
  }
  const packed = writer.open(field + 1)
  for (const delta of deltas) writer.zigzag(delta)
  writer.close(packed)
}

// --- Exemplars and times ---

const exemplarIn = (exemplars: ReadonlyArray<Exemplar>, above: number, upTo: number): Exemplar | undefined =>
  exemplars.length === 0
    ? undefined
    : newest(exemplars.filter(({ value }) => value <= upTo && (value > above || above === -Infinity)))

const newest = (exemplars: ReadonlyArray<Exemplar>): Exemplar | undefined => {
  let found: Exemplar | undefined
  for (const exemplar of exemplars) {
    if (isWritable(exemplar) && !(found !== undefined && found.timeMillis > exemplar.timeMillis)) found = exemplar
  }
  return found
}

/**
 * Whether Prometheus accepts an exemplar. It counts characters, not units of UTF-16. An exemplar of a native histogram
 * needs a time.
 */
const isWritable = ({ spanId, timeMillis, traceId }: Exemplar): boolean =>
  Number.isFinite(timeMillis) && Array.from(`trace_id${traceId}span_id${spanId}`).length <= exemplarLength

const writeExemplar = (
  writer: ProtobufWriter,
  field: number,
  { spanId, timeMillis, traceId, value }: Exemplar
): void => {
  const message = writer.open(field)
  if (traceId !== "") writeLabel(writer, "trace_id", traceId)
  if (spanId !== "") writeLabel(writer, "span_id", spanId)
  writer.double(2, value)
  writeTime(writer, 3, timeMillis)
  writer.close(message)
}

/** Writes a `google.protobuf.Timestamp`. */
const writeTime = (writer: ProtobufWriter, field: number, millis: number): void => {
  if (!Number.isFinite(millis)) return
  const seconds = Math.floor(millis / 1000)
  const time = writer.open(field)
  writer.integer(1, seconds)
  writer.integer(2, Math.floor((millis - seconds * 1000) * 1e6))
  writer.close(time)
}
