/**
 * A strict decoder of OTLP log requests, written from the protocol's description: unknown fields and wrong types are
 * refused, as a receiver would.
 *
 * @see https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/logs/v1/logs.proto
 */
import { Schema } from "effect"
import { Fixed64, KeyValues, SpanId, Text, TraceId, values } from "./otlpDecoder.ts"
import * as otlpProtobuf from "./otlpProtobuf.ts"

const LogRecord = Schema.Struct({
  timeUnixNano: Fixed64,
  observedTimeUnixNano: Fixed64,
  severityNumber: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 24 })),
  severityText: Text,
  body: Schema.Struct({ stringValue: Text }),
  attributes: KeyValues,
  droppedAttributesCount: Schema.optionalKey(Schema.Int),
  flags: Schema.optionalKey(Schema.Literals([0, 1])),
  traceId: Schema.optionalKey(TraceId),
  spanId: Schema.optionalKey(SpanId),
  eventName: Schema.optionalKey(Text)
})

const Request = Schema.fromJsonString(Schema.Struct({
  resourceLogs: Schema.Array(Schema.Struct({
    resource: Schema.Struct({ attributes: KeyValues }),
    scopeLogs: Schema.Array(Schema.Struct({
      scope: Schema.Struct({ name: Text }),
      logRecords: Schema.NonEmptyArray(LogRecord)
    }))
  }))
}))

export interface DecodedLog extends Omit<typeof LogRecord.Type, "attributes" | "body"> {
  readonly body: string
  readonly attributes: Readonly<Record<string, unknown>>
}

/** The request in either encoding, or a throw that says what is malformed. */
export const decode = (body: string | Uint8Array): {
  readonly resource: Readonly<Record<string, unknown>>
  readonly logs: ReadonlyArray<DecodedLog>
} => {
  const json = typeof body === "string" ? body : otlpProtobuf.jsonOf(body)
  const { resourceLogs: [only] } = Schema.decodeUnknownSync(Request)(json, { onExcessProperty: "error" })
  return {
    resource: values(only!.resource.attributes),
    logs: only!.scopeLogs.flatMap(({ logRecords }) =>
      logRecords.map(({ attributes, body, ...record }) => ({
        ...record,
        body: body.stringValue,
        attributes: values(attributes)
      }))
    )
  }
}
