/**
 * Metrics in the Prometheus protobuf exposition format. Pure.
 *
 * **Details**
 *
 * The only format of Prometheus 2 and of most of Prometheus 3 that has native
 * histograms: exponential histograms keep their resolution, at a fraction of the
 * bytes of classic buckets. Prometheus asks for it when its feature
 * `native-histograms` is on, or when `PrometheusProto` is the first of its
 * `scrape_protocols`.
 *
 * @see https://github.com/prometheus/client_model/blob/master/io/prometheus/client/metrics.proto
 * @since 0.1.0
 */
import { ProtobufWriter } from "../internal/ProtobufWriter.ts"
import type {
  Exemplar,
  ExponentialHistogramValue,
  FamilySnapshot,
  HistogramValue,
  MetricSnapshot,
  MetricType,
  SeriesSnapshot,
  SummaryValue
} from "./MetricSnapshot.ts"
import * as NativeHistogram from "./NativeHistogram.ts"

/**
 * Content type of the format: messages `MetricFamily`, each with its length in
 * front.
 *
 * @category constants
 * @since 0.1.0
 */
export const contentType =
  "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"

/** Bytes after which a chunk is handed out. */
const chunkBytes = 65_536
/** Most series need less than this, so a buffer rarely grows. */
const sparedBytes = 4096

const types: { readonly [Type in MetricType]: number } = {
  counter: 0,
  gauge: 1,
  upDownCounter: 1,
  info: 1,
  summary: 2,
  histogram: 4,
  exponentialHistogram: 4
}

/**
 * The exposition of a snapshot; empty for an empty snapshot.
 *
 * **Example** (One counter)
 *
 * ```ts
 * import * as PrometheusProtobufFormat from "tasker-telemetry/metrics/PrometheusProtobufFormat"
 *
 * const bytes = PrometheusProtobufFormat.format({
 *   timeMillis: 1_000,
 *   families: [{
 *     type: "counter",
 *     name: "jobs_total",
 *     help: "Jobs done.",
 *     unit: undefined,
 *     attributes: ["kind"],
 *     series: [{ attributes: { kind: "mail" }, startMillis: 0, value: 3, exemplars: [] }]
 *   }]
 * })
 * ```
 *
 * @category encoding
 * @since 0.1.0
 */
export const format = (snapshot: MetricSnapshot): Uint8Array<ArrayBuffer> => {
  const parts = Array.from(chunks(snapshot))
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0))
  let length = 0
  for (const part of parts) {
    whole.set(part, length)
    length += part.length
  }
  return whole
}

/**
 * The exposition of a snapshot in chunks of about 64 KiB, made as they are asked
 * for.
 *
 * **Details**
 *
 * The length of a family stands in front of it, so a large family can be handed
 * out only when it is complete. While it is made, empty chunks come in between:
 * whoever consumes the chunks can let others run after each of them.
 *
 * @category encoding
 * @since 0.1.0
 */
export function* chunks(snapshot: MetricSnapshot): Generator<Uint8Array<ArrayBuffer>, void> {
  const complete = new ProtobufWriter(chunkBytes + sparedBytes)
  const writer = new ProtobufWriter(chunkBytes + sparedBytes)
  for (const family of snapshot.families) {
    const parts: Array<Uint8Array<ArrayBuffer>> = []
    let length = 0
    writeHeader(writer, family)
    for (let index = 0; index < family.series.length; index++) {
      writeMetric(writer, family, index)
      if (writer.length < chunkBytes) continue
      length += writer.length
      parts.push(writer.take())
      yield nothing
    }
    complete.varint(length + writer.length)
    if (parts.length > 0) {
      yield complete.take()
      yield* parts
    }
    complete.move(writer)
    if (complete.length >= chunkBytes) yield complete.take()
  }
  if (complete.length > 0) yield complete.take()
}

const nothing = new Uint8Array(0)

const writeHeader = (writer: ProtobufWriter, family: FamilySnapshot): void => {
  writer.string(1, family.name)
  writer.string(2, family.help)
  writer.integer(3, types[family.type])
  if (family.unit !== undefined) writer.string(5, family.unit)
}

const writeMetric = (writer: ProtobufWriter, family: FamilySnapshot, index: number): void => {
  const metric = writer.open(4)
  writeLabels(writer, at<SeriesSnapshot>(family.series, index).attributes)
  switch (family.type) {
    case "counter":
      writeCounter(writer, at(family.series, index))
      break
    case "gauge":
    case "upDownCounter":
    case "info":
      writeGauge(writer, at(family.series, index))
      break
    case "histogram":
      writeClassicHistogram(writer, family.buckets, at(family.series, index))
      break
    case "exponentialHistogram":
      writeNativeHistogram(writer, at(family.series, index))
      break
    case "summary":
      writeSummary(writer, at(family.series, index))
      break
  }
  writer.close(metric)
}

const at = <A>(items: ReadonlyArray<A>, index: number): A => items[index] as A

const writeLabels = (writer: ProtobufWriter, attributes: SeriesSnapshot["attributes"]): void => {
  for (const key of Object.keys(attributes)) writeLabel(writer, key, attributes[key] as string)
}

const writeLabel = (writer: ProtobufWriter, name: string, value: string): void => {
  const label = writer.open(1)
  writer.string(1, name)
  writer.string(2, value)
  writer.close(label)
}

const writeCounter = (writer: ProtobufWriter, { exemplars, startMillis, value }: SeriesSnapshot<number>): void => {
  const counter = writer.open(3)
  writer.double(1, value)
  if (exemplars[0] !== undefined) writeExemplar(writer, 2, exemplars[0])
  writeTime(writer, 3, startMillis)
  writer.close(counter)
}

const writeGauge = (writer: ProtobufWriter, { value }: SeriesSnapshot<number>): void => {
  const gauge = writer.open(2)
  writer.double(1, value)
  writer.close(gauge)
}

const writeSummary = (writer: ProtobufWriter, { startMillis, value }: SeriesSnapshot<SummaryValue>): void => {
  const summary = writer.open(4)
  writer.integer(1, value.count)
  writer.double(2, value.sum)
  for (const [quantile, of] of value.quantiles) {
    const message = writer.open(3)
    writer.double(1, quantile)
    writer.double(2, of)
    writer.close(message)
  }
  writeTime(writer, 4, startMillis)
  writer.close(summary)
}

const writeClassicHistogram = (
  writer: ProtobufWriter,
  bounds: ReadonlyArray<number>,
  { exemplars, startMillis, value }: SeriesSnapshot<HistogramValue>
): void => {
  const histogram = writer.open(7)
  writer.integer(1, value.count)
  writer.double(2, value.sum)
  const exemplarOf = exemplars.length === 0 ? [] : byBucket(bounds, exemplars)
  let cumulative = 0
  for (let index = 0; index < value.counts.length; index++) {
    cumulative += at(value.counts, index)
    const exemplar = exemplarOf[index]
    // The count stands for the last bucket, unless that has something of its own to say.
    if (index === bounds.length && exemplar === undefined) break
    const bucket = writer.open(3)
    writer.integer(1, cumulative)
    writer.double(2, bounds[index] ?? Infinity)
    if (exemplar !== undefined) writeExemplar(writer, 3, exemplar)
    writer.close(bucket)
  }
  writeTime(writer, 15, startMillis)
  writer.close(histogram)
}

const byBucket = (bounds: ReadonlyArray<number>, exemplars: ReadonlyArray<Exemplar>): ReadonlyArray<Exemplar> => {
  const found: Array<Exemplar> = []
  for (const exemplar of exemplars) {
    const index = bounds.findIndex((bound) => exemplar.value <= bound)
    found[index === -1 ? bounds.length : index] = exemplar
  }
  return found
}

const writeNativeHistogram = (
  writer: ProtobufWriter,
  { exemplars, startMillis, value }: SeriesSnapshot<ExponentialHistogramValue>
): void => {
  const native = NativeHistogram.make(value)
  const histogram = writer.open(7)
  writer.integer(1, native.count)
  writer.double(2, value.sum)
  writer.signed(5, native.schema)
  writer.double(6, native.zeroThreshold)
  writer.integer(7, native.zeroCount)
  writeNativeBuckets(writer, 9, native.negative)
  writeNativeBuckets(writer, 12, native.positive)
  writeTime(writer, 15, startMillis)
  for (const exemplar of exemplars) writeExemplar(writer, 16, exemplar)
  writer.close(histogram)
}

/** The spans in one field, the deltas in the next. */
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

const writeExemplar = (writer: ProtobufWriter, field: number, exemplar: Exemplar): void => {
  const message = writer.open(field)
  writeLabel(writer, "trace_id", exemplar.traceId)
  writeLabel(writer, "span_id", exemplar.spanId)
  writer.double(2, exemplar.value)
  writeTime(writer, 3, exemplar.timeMillis)
  writer.close(message)
}

/** A `google.protobuf.Timestamp`. */
const writeTime = (writer: ProtobufWriter, field: number, millis: number): void => {
  const seconds = Math.floor(millis / 1000)
  const time = writer.open(field)
  writer.integer(1, seconds)
  writer.integer(2, Math.floor((millis - seconds * 1000) * 1e6))
  writer.close(time)
}
