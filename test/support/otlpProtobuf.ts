/**
 * OTLP requests in Protocol Buffers, turned into the JSON of OTLP. Written from the protocol's description with tables
 * of fields, and independent of our writer.
 *
 * @see https://github.com/open-telemetry/opentelemetry-proto/tree/main/opentelemetry/proto
 */
import * as Protobuf from "./protobufReader.ts"

type Json = unknown

interface Field {
  readonly name: string
  readonly type: Protobuf.FieldType<Json>
  readonly isRepeated: boolean
}

const map = <A, B>(type: Protobuf.FieldType<A>, convert: (value: A) => B): Protobuf.FieldType<B> => ({
  ...type,
  read: (cursor) => convert(type.read(cursor))
})

const text = Protobuf.string
const hex = map(Protobuf.bytes, (bytes) => Buffer.from(bytes).toString("hex"))
const bool = map(Protobuf.uint64, (value) => value === 1n)
const small = map(Protobuf.uint64, Number)
const sint32 = map(Protobuf.sint64, Number)
const int64 = map(Protobuf.int64, String)
const uint64 = map(Protobuf.uint64, String)
const fixed64 = map(Protobuf.unsignedFixed64, String)
const double = map(Protobuf.double, (value) => Number.isFinite(value) ? value : String(value))

const one = (name: string, type: Protobuf.FieldType<Json>): Field => ({ name, type, isRepeated: false })
const many = (name: string, type: Protobuf.FieldType<Json>): Field => ({ name, type, isRepeated: true })

const message = (fields: () => Readonly<Record<number, Field>>): Protobuf.FieldType<Json> =>
  Protobuf.message((bytes) => {
    const known = fields()
    const types = Object.fromEntries(Object.entries(known).map(([number, { type }]) => [number, type]))
    const found = Protobuf.readMessage(types, bytes)
    return Object.fromEntries(
      Object.entries(known).flatMap(([number, { isRepeated, name }]) => {
        const values = found[Number(number)] ?? []
        if (values.length === 0) return []
        if (!isRepeated && values.length > 1) throw new Error(`field ${name} stands twice`)
        return [[name, isRepeated ? values : values[0]]]
      })
    )
  })

const anyValue: Protobuf.FieldType<Json> = message(() => ({
  1: one("stringValue", text),
  2: one("boolValue", bool),
  3: one("intValue", int64),
  4: one("doubleValue", double),
  5: one("arrayValue", arrayValue)
}))

const withValues = (type: Protobuf.FieldType<Json>): Protobuf.FieldType<Json> =>
  map(type, (array) => ({ values: [], ...array as object }))

const arrayValue = withValues(message(() => ({ 1: many("values", anyValue) })))

const attributes = many("attributes", message(() => ({ 1: one("key", text), 2: one("value", anyValue) })))

const dropped = one("droppedAttributesCount", small)

const resource = one("resource", message(() => ({ 1: attributes, 2: dropped })))
const scope = one(
  "scope",
  message(() => ({ 1: one("name", text), 2: one("version", text), 3: attributes, 4: dropped }))
)

const event = message(() => ({
  1: one("timeUnixNano", fixed64),
  2: one("name", text),
  3: attributes,
  4: one("droppedAttributesCount", small)
}))

const link = message(() => ({
  1: one("traceId", hex),
  2: one("spanId", hex),
  3: one("traceState", text),
  4: attributes,
  5: one("droppedAttributesCount", small),
  6: one("flags", Protobuf.fixed32)
}))

const span = message(() => ({
  1: one("traceId", hex),
  2: one("spanId", hex),
  3: one("traceState", text),
  4: one("parentSpanId", hex),
  5: one("name", text),
  6: one("kind", small),
  7: one("startTimeUnixNano", fixed64),
  8: one("endTimeUnixNano", fixed64),
  9: attributes,
  10: one("droppedAttributesCount", small),
  11: many("events", event),
  12: one("droppedEventsCount", small),
  13: many("links", link),
  14: one("droppedLinksCount", small),
  15: one("status", message(() => ({ 2: one("message", text), 3: one("code", small) }))),
  16: one("flags", Protobuf.fixed32)
}))

const exemplar = message(() => ({
  2: one("timeUnixNano", fixed64),
  3: one("asDouble", double),
  4: one("spanId", hex),
  5: one("traceId", hex)
}))

const times = { 2: one("startTimeUnixNano", fixed64), 3: one("timeUnixNano", fixed64) }

const numberPoint = message(() => ({
  ...times,
  4: one("asDouble", double),
  5: many("exemplars", exemplar),
  7: attributes
}))

const histogramPoint = message(() => ({
  ...times,
  4: one("count", fixed64),
  5: one("sum", double),
  6: many("bucketCounts", fixed64),
  7: many("explicitBounds", double),
  8: many("exemplars", exemplar),
  9: attributes
}))

const buckets = message(() => ({ 1: one("offset", sint32), 2: many("bucketCounts", uint64) }))

const exponentialPoint = message(() => ({
  1: attributes,
  ...times,
  4: one("count", fixed64),
  5: one("sum", double),
  6: one("scale", sint32),
  7: one("zeroCount", fixed64),
  8: one("positive", buckets),
  9: one("negative", buckets),
  11: many("exemplars", exemplar),
  12: one("min", double),
  13: one("max", double),
  14: one("zeroThreshold", double)
}))

const quantile = message(() => ({ 1: one("quantile", double), 2: one("value", double) }))

const summaryPoint = message(() => ({
  ...times,
  4: one("count", fixed64),
  5: one("sum", double),
  6: many("quantileValues", quantile),
  7: attributes
}))

const points = (point: Protobuf.FieldType<Json>, more: Readonly<Record<number, Field>> = {}) =>
  message(() => ({ 1: many("dataPoints", point), ...more }))

const temporality = { 2: one("aggregationTemporality", small) }

const metric = message(() => ({
  1: one("name", text),
  2: one("description", text),
  3: one("unit", text),
  5: one("gauge", points(numberPoint)),
  7: one("sum", points(numberPoint, { ...temporality, 3: one("isMonotonic", bool) })),
  9: one("histogram", points(histogramPoint, temporality)),
  10: one("exponentialHistogram", points(exponentialPoint, temporality)),
  11: one("summary", points(summaryPoint))
}))

const logRecord = message(() => ({
  1: one("timeUnixNano", fixed64),
  2: one("severityNumber", small),
  3: one("severityText", text),
  5: one("body", anyValue),
  6: attributes,
  7: one("droppedAttributesCount", small),
  8: one("flags", Protobuf.fixed32),
  9: one("traceId", hex),
  10: one("spanId", hex),
  11: one("observedTimeUnixNano", fixed64),
  12: one("eventName", text)
}))

/** A request: its records by resource and by scope. */
const request = (resources: string, scopes: string, records: string, record: Protobuf.FieldType<Json>) => {
  const ofScope = message(() => ({ 1: scope, 2: many(records, record) }))
  const ofResource = message(() => ({ 1: resource, 2: many(scopes, ofScope) }))
  return message(() => ({ 1: many(resources, ofResource) }))
}

/** In the order of trial: a field that each record has is of another type in the others. */
const requests = [
  request("resourceMetrics", "scopeMetrics", "metrics", metric),
  request("resourceSpans", "scopeSpans", "spans", span),
  request("resourceLogs", "scopeLogs", "logRecords", logRecord)
]

const openBrace = 0x7b

/** The JSON of a request, whose body may be JSON already. */
export const jsonOf = (body: Uint8Array): string => {
  if (body[0] === openBrace) return new TextDecoder("utf-8", { fatal: true }).decode(body)
  const problems: Array<unknown> = []
  for (const request of requests) {
    try {
      // A message that is read as a field has its length in front.
      return JSON.stringify(Protobuf.readMessage({ 1: request }, frame(body))[1][0])
    } catch (problem) {
      problems.push(problem)
    }
  }
  throw new AggregateError(problems, problems.map(String).join("; "))
}

const frame = (body: Uint8Array): Uint8Array => {
  const length: Array<number> = []
  let rest = body.length
  for (; rest > 0x7f; rest >>>= 7) length.push(rest & 0x7f | 0x80)
  return Uint8Array.from([0x0a, ...length, rest, ...body])
}
