/**
 * A strict decoder of OTLP/JSON trace requests, written from the protocol's description: unknown fields, wrong types
 * and malformed ids are refused, as a receiver would.
 *
 * @see https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto
 */
import { Effect, Schema } from "effect"
import * as otlpProtobuf from "./otlpProtobuf.ts"

export const TraceId = Schema.String.check(Schema.isPattern(/^(?!0{32})[0-9a-f]{32}$/))
export const SpanId = Schema.String.check(Schema.isPattern(/^(?!0{16})[0-9a-f]{16}$/))
export const Fixed64 = Schema.String.check(Schema.isPattern(/^\d{1,20}$/))
export const Int64 = Schema.String.check(Schema.isPattern(/^-?\d{1,19}$/))
const Uint32 = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 2 ** 32 - 1 }))
export const Text = Schema.String.check(Schema.makeFilter((text) => text.isWellFormed()))

/** A number as JSON of protocol buffers has it. */
export const Double = Schema.Union([Schema.Finite, Schema.Literals(["NaN", "Infinity", "-Infinity"])])

type AnyValue =
  /** Null, within a list. */
  | { readonly stringValue?: never }
  | { readonly stringValue: string }
  | { readonly boolValue: boolean }
  | { readonly intValue: string }
  | { readonly doubleValue: number | string }
  | { readonly arrayValue: { readonly values: ReadonlyArray<AnyValue> } }

const AnyValue: Schema.Codec<AnyValue> = Schema.Union([
  Schema.Struct({ stringValue: Schema.optionalKey(Schema.Never) }),
  Schema.Struct({ stringValue: Text }),
  Schema.Struct({ boolValue: Schema.Boolean }),
  Schema.Struct({ intValue: Int64 }),
  Schema.Struct({ doubleValue: Double }),
  Schema.Struct({
    arrayValue: Schema.Struct({ values: Schema.Array(Schema.suspend((): Schema.Codec<AnyValue> => AnyValue)) })
  })
])

/** What a receiver takes for a field that is not there. */
export const orDefault = <S extends Schema.Top>(schema: S, value: S["Type"]) =>
  Schema.withDecodingDefaultTypeKey<S>(Effect.succeed(value))(schema)

export const KeyValues = orDefault(
  Schema.Array(Schema.Struct({ key: Text, value: AnyValue })).check(
    Schema.makeFilter((pairs) => new Set(pairs.map(({ key }) => key)).size === pairs.length || "a key stands twice")
  ),
  []
)

const Count = orDefault(Uint32, 0)

const Span = Schema.Struct({
  traceId: TraceId,
  spanId: SpanId,
  parentSpanId: Schema.optionalKey(SpanId),
  traceState: Schema.optionalKey(Text),
  flags: Uint32,
  name: Text,
  kind: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 5 })),
  startTimeUnixNano: Fixed64,
  endTimeUnixNano: Fixed64,
  attributes: KeyValues,
  droppedAttributesCount: Count,
  events: orDefault(
    Schema.Array(Schema.Struct({
      timeUnixNano: Fixed64,
      name: Text,
      attributes: KeyValues,
      droppedAttributesCount: Schema.optionalKey(Uint32)
    })),
    []
  ),
  droppedEventsCount: Count,
  links: orDefault(
    Schema.Array(Schema.Struct({
      traceId: TraceId,
      spanId: SpanId,
      traceState: Schema.optionalKey(Text),
      attributes: KeyValues,
      droppedAttributesCount: Schema.optionalKey(Uint32),
      flags: Uint32
    })),
    []
  ),
  droppedLinksCount: Count,
  status: orDefault(
    Schema.Struct({
      code: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 2 }))),
      message: Schema.optionalKey(Text)
    }),
    {}
  )
})

const Request = Schema.fromJsonString(Schema.Struct({
  resourceSpans: Schema.Array(Schema.Struct({
    resource: Schema.Struct({ attributes: KeyValues }),
    scopeSpans: Schema.Array(Schema.Struct({
      scope: Schema.Struct({ name: Text, version: Schema.optionalKey(Text) }),
      spans: Schema.Array(Span)
    }))
  }))
}))

export type DecodedSpan = typeof Span.Type

/** The request in either encoding, or a throw that says what is malformed. */
export const decode = (body: string | Uint8Array): {
  readonly resource: Readonly<Record<string, unknown>>
  readonly spans: ReadonlyArray<DecodedSpan>
} => {
  const json = typeof body === "string" ? body : otlpProtobuf.jsonOf(body)
  const { resourceSpans: [only] } = Schema.decodeUnknownSync(Request)(json, { onExcessProperty: "error" })
  return { resource: values(only!.resource.attributes), spans: only!.scopeSpans.flatMap(({ spans }) => spans) }
}

/** Attributes as a receiver shows them: whole numbers as BigInt, to tell them from doubles. */
export const values = (pairs: DecodedSpan["attributes"]): Readonly<Record<string, unknown>> =>
  Object.fromEntries(pairs.map(({ key, value }) => [key, valueOf(value)]))

const valueOf = (value: AnyValue): unknown =>
  "intValue" in value
    ? BigInt(value.intValue)
    : "doubleValue" in value
    ? Number(value.doubleValue)
    : "arrayValue" in value
    ? value.arrayValue.values.map(valueOf)
    : "boolValue" in value
    ? value.boolValue
    : value.stringValue ?? null
