/**
 * A strict decoder of OTLP/JSON metric requests, written from the protocol's description: unknown fields, wrong types,
 * counts that do not add up and series that occur twice are refused, as a receiver would.
 *
 * @see https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/metrics/v1/metrics.proto
 */
import { Schema } from "effect"
import { Double, Fixed64, Int64, KeyValues, orDefault, SpanId, Text, TraceId, values } from "./otlpDecoder.ts"
import * as otlpProtobuf from "./otlpProtobuf.ts"

const Sint32 = Schema.Int.check(Schema.isBetween({ minimum: -(2 ** 31), maximum: 2 ** 31 - 1 }))

const numberFields = { asInt: Schema.optionalKey(Int64), asDouble: Schema.optionalKey(Double) }

const hasOneNumber = Schema.makeFilter((point: { readonly asInt?: string; readonly asDouble?: number | string }) =>
  (point.asInt === undefined) !== (point.asDouble === undefined) || "either an integer or a double"
)

const Exemplar = Schema.Struct({
  timeUnixNano: Fixed64,
  ...numberFields,
  spanId: SpanId,
  traceId: TraceId
}).check(hasOneNumber)

const pointFields = {
  attributes: KeyValues,
  startTimeUnixNano: Fixed64,
  timeUnixNano: Fixed64,
  exemplars: Schema.optionalKey(Schema.NonEmptyArray(Exemplar))
}

const sum = (counts: ReadonlyArray<string>) => counts.reduce((total, count) => total + BigInt(count), 0n)

const NumberPoint = Schema.Struct({ ...pointFields, ...numberFields }).check(hasOneNumber)

const HistogramPoint = Schema.Struct({
  ...pointFields,
  count: Fixed64,
  sum: Double,
  bucketCounts: orDefault(Schema.Array(Fixed64), []),
  explicitBounds: orDefault(Schema.Array(Schema.Finite), [])
}).check(
  Schema.makeFilter(({ bucketCounts, count, explicitBounds }) =>
    bucketCounts.length === explicitBounds.length + 1 && sum(bucketCounts) === BigInt(count) &&
      explicitBounds.every((bound, index) => index === 0 || bound > explicitBounds[index - 1]!) ||
    "counts and bounds do not fit"
  )
)

const Buckets = Schema.Struct({ offset: Sint32, bucketCounts: orDefault(Schema.Array(Fixed64), []) })

const ExponentialPoint = Schema.Struct({
  ...pointFields,
  count: Fixed64,
  sum: Double,
  scale: Sint32,
  zeroCount: Fixed64,
  zeroThreshold: Schema.Finite,
  positive: Buckets,
  negative: Buckets,
  min: Schema.optionalKey(Double),
  max: Schema.optionalKey(Double)
}).check(
  Schema.makeFilter(({ count, negative, positive, zeroCount }) =>
    sum([...positive.bucketCounts, ...negative.bucketCounts, zeroCount]) === BigInt(count) || "counts do not add up"
  )
)

const SummaryPoint = Schema.Struct({
  attributes: KeyValues,
  startTimeUnixNano: Fixed64,
  timeUnixNano: Fixed64,
  count: Fixed64,
  sum: Double,
  quantileValues: orDefault(Schema.Array(Schema.Struct({ quantile: Schema.Finite, value: Double })), [])
})

/** Points of one metric: at least one, each of another series, none that ends before it starts. */
const points = <S extends Schema.Top>(point: S) =>
  Schema.Array(point).check(
    Schema.isMinLength(1),
    Schema.makeFilter((all: ReadonlyArray<unknown>) => {
      const found = all as ReadonlyArray<typeof SummaryPoint.Type>
      const keys = found.map(({ attributes }) =>
        Object.entries(values(attributes)).map((pair) => JSON.stringify(pair)).toSorted().join()
      )
      return new Set(keys).size !== keys.length
        ? "a series occurs twice"
        : found.every((one) => BigInt(one.startTimeUnixNano) <= BigInt(one.timeUnixNano)) ||
          "a point ends before it starts"
    })
  )

const Temporality = Schema.Literals([1, 2])

const Metric = Schema.Struct({
  name: Text,
  description: Text,
  unit: Schema.optionalKey(Schema.String.check(Schema.isPattern(/^(?:[a-zA-Z%1]+|\{[!-z|~]+\})$/))),
  gauge: Schema.optionalKey(Schema.Struct({ dataPoints: points(NumberPoint) })),
  sum: Schema.optionalKey(Schema.Struct({
    dataPoints: points(NumberPoint),
    aggregationTemporality: Temporality,
    isMonotonic: Schema.Boolean
  })),
  histogram: Schema.optionalKey(
    Schema.Struct({ dataPoints: points(HistogramPoint), aggregationTemporality: Temporality })
  ),
  exponentialHistogram: Schema.optionalKey(
    Schema.Struct({ dataPoints: points(ExponentialPoint), aggregationTemporality: Temporality })
  ),
  summary: Schema.optionalKey(Schema.Struct({ dataPoints: points(SummaryPoint) }))
}).check(
  Schema.makeFilter(({ exponentialHistogram, gauge, histogram, sum, summary }) =>
    [exponentialHistogram, gauge, histogram, sum, summary].filter((data) => data !== undefined).length === 1 ||
    "data of exactly one kind"
  )
)

const Request = Schema.fromJsonString(Schema.Struct({
  resourceMetrics: Schema.Array(Schema.Struct({
    resource: Schema.Struct({ attributes: KeyValues }),
    scopeMetrics: Schema.Array(Schema.Struct({
      scope: Schema.Struct({ name: Text, version: Schema.optionalKey(Text) }),
      metrics: Schema.NonEmptyArray(Metric)
    }))
  }))
}))

export type DecodedMetric = typeof Metric.Type

/** The request in either encoding, or a throw that says what is malformed. */
export const decode = (body: string | Uint8Array): {
  readonly resource: Readonly<Record<string, unknown>>
  readonly scopes: ReadonlyArray<string>
  readonly metrics: ReadonlyArray<DecodedMetric>
} => {
  const json = typeof body === "string" ? body : otlpProtobuf.jsonOf(body)
  const { resourceMetrics: [only] } = Schema.decodeUnknownSync(Request)(json, { onExcessProperty: "error" })
  return {
    resource: values(only!.resource.attributes),
    scopes: only!.scopeMetrics.map(({ scope }) => scope.name),
    metrics: only!.scopeMetrics.flatMap(({ metrics }) => metrics)
  }
}

/** A point without its JSON dress: whole numbers as BigInt, to tell them from doubles. */
export interface DecodedPoint {
  readonly metric: string
  readonly attributes: Readonly<Record<string, unknown>>
  readonly start: bigint
  readonly time: bigint
  readonly delta: boolean
  readonly value: bigint | number | { readonly count: bigint; readonly sum: number }
}

/** Every point of every metric of a request. */
export const pointsOf = (body: string | Uint8Array): ReadonlyArray<DecodedPoint> =>
  decode(body).metrics.flatMap((metric) => {
    const data = (metric.gauge ?? metric.sum ?? metric.histogram ?? metric.exponentialHistogram ?? metric.summary)!
    return data.dataPoints.map((point): DecodedPoint => ({
      metric: metric.name,
      attributes: values(point.attributes),
      start: BigInt(point.startTimeUnixNano),
      time: BigInt(point.timeUnixNano),
      delta: "aggregationTemporality" in data && data.aggregationTemporality === 1,
      value: "count" in point
        ? { count: BigInt(point.count), sum: Number(point.sum) }
        : point.asInt !== undefined
        ? BigInt(point.asInt)
        : Number(point.asDouble)
    }))
  })
