/**
 * Metrics in the OTLP/JSON encoding. Pure.
 *
 * @see https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/metrics/v1/metrics.proto
 * @see https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
 * @since 0.1.0
 */
import * as OtlpValue from "../delivery/OtlpValue.ts"
import { isDelta, type MetricTemporality } from "./internal/model/MetricTemporality.ts"
import { isOverflow } from "./internal/model/SeriesKey.ts"
import type {
  Exemplar,
  ExponentialBuckets,
  ExponentialHistogramValue,
  HistogramData,
  HistogramValue,
  MetricData,
  MetricSnapshot,
  NumberData,
  SeriesSnapshot,
  SummaryValue
} from "./MetricSnapshot.ts"

/** Numbers of `AggregationTemporality`. */
const delta = 1
const cumulative = 2

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
 * 2^53, as in the store. NaN and infinities are texts, as in the JSON of protocol buffers.
 *
 * **Example** (The body for a receiver of cumulative values)
 *
 * ```ts
 * import type { MetricSnapshot } from "tasker-telemetry/metrics/MetricSnapshot"
 * import * as OtlpMetricFormat from "tasker-telemetry/metrics/OtlpMetricFormat"
 *
 * const bodyOf = (snapshot: MetricSnapshot) =>
 *   OtlpMetricFormat.encode(snapshot, { name: "shop", version: "1.0.0", attributes: {} })
 * ```
 *
 * @param temporality the temporality of the snapshot: it has differences for `delta` and `lowmemory`
 * @category encoding
 * @since 0.1.0
 */
export const encode = (
  snapshot: MetricSnapshot,
  resource: OtlpValue.Resource,
  temporality: MetricTemporality = "cumulative"
): string =>
  JSON.stringify({
    resourceMetrics: [{
      resource: OtlpValue.resource(resource),
      scopeMetrics: [{
        scope: OtlpValue.scope,
        metrics: snapshot.metrics.map((metric) => encodeMetric(metric, nanos(snapshot.timeMillis), temporality))
      }]
    }]
  })

const encodeMetric = (metric: MetricData, time: string, temporality: MetricTemporality) => ({
  name: metric.name.toWellFormed(),
  description: metric.help.toWellFormed(),
  ...(metric.unit === undefined ? {} : { unit: ucum(metric.unit) }),
  ...data(metric, time, isDelta(temporality, metric) ? delta : cumulative)
})

const data = (metric: MetricData, timeUnixNano: string, aggregationTemporality: number) => {
  switch (metric.type) {
    case "gauge":
      return { gauge: { dataPoints: numberPoints(metric, timeUnixNano) } }
    case "counter":
    case "upDownCounter":
    case "info":
      return {
        sum: {
          dataPoints: numberPoints(metric, timeUnixNano),
          aggregationTemporality,
          isMonotonic: metric.type === "counter"
        }
      }
    case "histogram":
      return {
        histogram: {
          dataPoints: metric.series.map((series) => histogramPoint(metric, series, timeUnixNano)),
          aggregationTemporality
        }
      }
    case "exponentialHistogram":
      return {
        exponentialHistogram: {
          dataPoints: metric.series.map((series) => exponentialPoint(series, timeUnixNano)),
          aggregationTemporality
        }
      }
    case "summary":
      return { summary: { dataPoints: metric.series.map((series) => summaryPoint(series, timeUnixNano)) } }
  }
}

const nanos = (millis: number): string => millis === 0 ? "0" : `${Math.trunc(millis)}000000`

const point = (series: SeriesSnapshot, timeUnixNano: string) => ({
  attributes: isOverflow(series.attributes)
    ? [OtlpValue.keyValue("otel.metric.overflow", true)]
    : OtlpValue.keyValues(series.attributes),
  startTimeUnixNano: nanos(series.startMillis),
  timeUnixNano
})

const exemplars = (all: ReadonlyArray<Exemplar>) =>
  all.length === 0 ? {} : {
    exemplars: all.map(({ spanId, timeMillis, traceId, value }) => ({
      timeUnixNano: nanos(timeMillis),
      asDouble: OtlpValue.double(value),
      spanId,
      traceId
    }))
  }

const numberPoints = (metric: NumberData, timeUnixNano: string) =>
  metric.series.map((series) => ({
    ...point(series, timeUnixNano),
    // Later values may be fractions, even if these are whole.
    asDouble: OtlpValue.double(series.value),
    ...exemplars(series.exemplars)
  }))

const histogramPoint = (metric: HistogramData, series: SeriesSnapshot<HistogramValue>, timeUnixNano: string) => ({
  ...point(series, timeUnixNano),
  count: String(series.value.count),
  sum: OtlpValue.double(series.value.sum),
  bucketCounts: series.value.counts.map(String),
  explicitBounds: metric.buckets,
  ...exemplars(series.exemplars)
})

const exponentialPoint = (series: SeriesSnapshot<ExponentialHistogramValue>, timeUnixNano: string) => {
  const { count, max, min, negative, positive, scale, sum, zeroCount, zeroThreshold } = series.value
  return {
    ...point(series, timeUnixNano),
    count: String(count),
    sum: OtlpValue.double(sum),
    scale,
    zeroCount: String(zeroCount),
    zeroThreshold,
    positive: exponentialBuckets(positive),
    negative: exponentialBuckets(negative),
    ...(min === undefined ? {} : { min: OtlpValue.double(min) }),
    ...(max === undefined ? {} : { max: OtlpValue.double(max) }),
    ...exemplars(series.exemplars)
  }
}

const exponentialBuckets = ({ counts, offset }: ExponentialBuckets) => ({ offset, bucketCounts: counts.map(String) })

const summaryPoint = (series: SeriesSnapshot<SummaryValue>, timeUnixNano: string) => ({
  ...point(series, timeUnixNano),
  count: String(series.value.count),
  sum: OtlpValue.double(series.value.sum),
  quantileValues: series.value.quantiles.map(([quantile, value]) => ({ quantile, value: OtlpValue.double(value) }))
})

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
