/**
 * Metrics as OTLP has them, in JSON and in Protocol Buffers. Pure.
 *
 * @see https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/metrics/v1/metrics.proto
 * @see https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
 * @since 0.1.0
 */
import * as Otlp from "../delivery/Otlp.ts"
import type { MessageWriter } from "../encoding/MessageWriter.ts"
import { isDelta, type MetricTemporality } from "./internal/model/MetricTemporality.ts"
import { isOverflow } from "./internal/model/SeriesKey.ts"
import type {
  Exemplar,
  ExponentialBuckets,
  ExponentialHistogramValue,
  HistogramValue,
  MetricData,
  MetricSnapshot,
  SeriesSnapshot,
  SummaryValue
} from "./MetricSnapshot.ts"

/** Numbers of `AggregationTemporality`. */
const delta = 1
const cumulative = 2

/**
 * How a request is encoded.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** `http/protobuf` by default. */
  readonly protocol?: Otlp.Protocol | undefined
  /** The temporality of the snapshot: it has differences for `delta` and `lowmemory`. `cumulative` by default. */
  readonly temporality?: MetricTemporality | undefined
}

/**
 * Gives the body of a `POST /v1/metrics` request.
 *
 * **Details**
 *
 * Names do not change, so that a metric has one name in all systems. Units become units of UCUM: `seconds` is `s`,
 * `bytes` is `By`. A word without a UCUM unit is written in braces. An info is a non-monotonic sum of 1, as in the
 * document on Prometheus compatibility. The overflow series has the attribute `otel.metric.overflow`.
 *
 * All numbers are doubles, even whole ones, so that a metric has the same type in every request. They are exact up to
 * 2^53, as in the store. NaN and infinities are texts in JSON, as in the JSON of protocol buffers.
 *
 * **Example** (The body for a receiver of cumulative values)
 *
 * ```ts
 * import type { MetricSnapshot } from "tasker-telemetry/metrics/MetricSnapshot"
 * import * as OtlpMetricFormat from "tasker-telemetry/metrics/OtlpMetricFormat"
 *
 * const service = { name: "shop", version: "1.0.0", attributes: {} }
 * const bodyOf = (snapshot: MetricSnapshot) => OtlpMetricFormat.encode(snapshot, service, { protocol: "http/json" })
 * ```
 *
 * @category encoding
 * @since 0.1.0
 */
export const encode = (
  snapshot: MetricSnapshot,
  resource: Otlp.Resource,
  { protocol = "http/protobuf", temporality = "cumulative" }: Options = {}
): Uint8Array<ArrayBuffer> => {
  const to = Otlp.makeWriter(protocol)
  const time = nanos(snapshot.timeMillis)
  Otlp.writeRequest(to, names, resource, snapshot.metrics, (to, metric) => writeMetric(to, metric, time, temporality))
  return to.take()
}

const names: Otlp.RequestNames = { resources: "resourceMetrics", scopes: "scopeMetrics", records: "metrics" }

const writeMetric = (to: MessageWriter, metric: MetricData, time: bigint, temporality: MetricTemporality): void => {
  to.text(1, "name", metric.name)
  to.text(2, "description", metric.help)
  if (metric.unit !== undefined) to.text(3, "unit", ucum(metric.unit))
  const aggregationTemporality = isDelta(temporality, metric) ? delta : cumulative
  switch (metric.type) {
    case "gauge": {
      const gauge = to.open(5, "gauge")
      writePoints(to, metric.series, time, writeNumber)
      return to.close(gauge)
    }
    case "counter":
    case "upDownCounter":
    case "info": {
      const sum = to.open(7, "sum")
      writePoints(to, metric.series, time, writeNumber)
      to.integer(2, "aggregationTemporality", aggregationTemporality)
      to.flag(3, "isMonotonic", metric.type === "counter")
      return to.close(sum)
    }
    case "histogram": {
      const histogram = to.open(9, "histogram")
      writePoints(to, metric.series, time, (to, series, time) => writeHistogram(to, series, time, metric.buckets))
      to.integer(2, "aggregationTemporality", aggregationTemporality)
      return to.close(histogram)
    }
    case "exponentialHistogram": {
      const histogram = to.open(10, "exponentialHistogram")
      writePoints(to, metric.series, time, writeExponential)
      to.integer(2, "aggregationTemporality", aggregationTemporality)
      return to.close(histogram)
    }
    case "summary": {
      const summary = to.open(11, "summary")
      writePoints(to, metric.series, time, writeSummary)
      return to.close(summary)
    }
  }
}

const nanos = (millis: number): bigint => BigInt(Math.trunc(millis)) * 1_000_000n

const writePoints = <S>(
  to: MessageWriter,
  series: ReadonlyArray<S>,
  time: bigint,
  writePoint: (to: MessageWriter, series: S, time: bigint) => void
): void => {
  to.openList("dataPoints")
  for (const one of series) {
    const point = to.openItem(1)
    writePoint(to, one, time)
    to.close(point)
  }
  to.closeList()
}

/** Writes the fields that all points have. The number of their attributes differs by the kind of the point. */
const writeHead = (to: MessageWriter, attributesField: number, series: SeriesSnapshot, time: bigint): void => {
  const attributes = isOverflow(series.attributes) ? { "otel.metric.overflow": true } : series.attributes
  Otlp.writeAttributes(to, attributesField, attributes)
  to.fixed64(2, "startTimeUnixNano", nanos(series.startMillis))
  to.fixed64(3, "timeUnixNano", time)
}

const writeExemplars = (to: MessageWriter, field: number, exemplars: ReadonlyArray<Exemplar>): void => {
  if (exemplars.length === 0) return
  to.openList("exemplars")
  for (const { spanId, timeMillis, traceId, value } of exemplars) {
    const exemplar = to.openItem(field)
    to.fixed64(2, "timeUnixNano", nanos(timeMillis))
    to.double(3, "asDouble", value)
    to.id(4, "spanId", spanId)
    to.id(5, "traceId", traceId)
    to.close(exemplar)
  }
  to.closeList()
}

const writeNumber = (to: MessageWriter, series: SeriesSnapshot<number>, time: bigint): void => {
  writeHead(to, 7, series, time)
  // Later values may be fractions, even if these are whole.
  to.double(4, "asDouble", series.value)
  writeExemplars(to, 5, series.exemplars)
}

const writeHistogram = (
  to: MessageWriter,
  series: SeriesSnapshot<HistogramValue>,
  time: bigint,
  buckets: ReadonlyArray<number>
): void => {
  writeHead(to, 9, series, time)
  to.fixed64(4, "count", BigInt(series.value.count))
  to.double(5, "sum", series.value.sum)
  to.fixed64s(6, "bucketCounts", series.value.counts)
  to.doubles(7, "explicitBounds", buckets)
  writeExemplars(to, 8, series.exemplars)
}

const writeExponential = (
  to: MessageWriter,
  series: SeriesSnapshot<ExponentialHistogramValue>,
  time: bigint
): void => {
  const { count, max, min, negative, positive, scale, sum, zeroCount, zeroThreshold } = series.value
  writeHead(to, 1, series, time)
  to.fixed64(4, "count", BigInt(count))
  to.double(5, "sum", sum)
  to.signed(6, "scale", scale)
  to.fixed64(7, "zeroCount", BigInt(zeroCount))
  writeBuckets(to, 8, "positive", positive)
  writeBuckets(to, 9, "negative", negative)
  writeExemplars(to, 11, series.exemplars)
  if (min !== undefined) to.double(12, "min", min)
  if (max !== undefined) to.double(13, "max", max)
  to.double(14, "zeroThreshold", zeroThreshold)
}

const writeBuckets = (to: MessageWriter, field: number, name: string, { counts, offset }: ExponentialBuckets): void => {
  const buckets = to.open(field, name)
  to.signed(1, "offset", offset)
  to.uint64s(2, "bucketCounts", counts)
  to.close(buckets)
}

const writeSummary = (to: MessageWriter, series: SeriesSnapshot<SummaryValue>, time: bigint): void => {
  writeHead(to, 7, series, time)
  to.fixed64(4, "count", BigInt(series.value.count))
  to.double(5, "sum", series.value.sum)
  to.openList("quantileValues")
  for (const [quantile, value] of series.value.quantiles) {
    const item = to.openItem(6)
    to.double(1, "quantile", quantile)
    to.double(2, "value", value)
    to.close(item)
  }
  to.closeList()
}

const units: Readonly<Record<string, string>> = {
  seconds: "s",
  milliseconds: "ms",
  microseconds: "us",
  nanoseconds: "ns",
  minutes: "min",
  hours: "h",
  days: "d",
  bytes: "By",
  bits: "bit",
  ratio: "1",
  percent: "%",
  celsius: "Cel",
  meters: "m",
  grams: "g",
  joules: "J",
  volts: "V",
  amperes: "A",
  hertz: "Hz"
}

/**
 * The case-sensitive UCUM code of a Prometheus unit. A unit without a code becomes an annotation of visible ASCII
 * without braces.
 */
const ucum = (unit: string): string => units[unit] ?? `{${unit.replaceAll(/[^!-~]|[{}]/g, "")}}`
