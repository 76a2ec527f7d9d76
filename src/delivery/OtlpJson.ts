/**
 * Spans in the OTLP/JSON encoding. Pure.
 *
 * @see https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto
 * @see https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
 * @since 0.1.0
 */
import { encodeJson } from "../internal/encodeJson.ts"
import type { SpanData } from "./SpanData.ts"

/**
 * The service that the spans come from.
 *
 * @category models
 * @since 0.1.0
 */
export interface Resource {
  readonly name: string
  readonly version: string | undefined
  readonly attributes: Readonly<Record<string, string>>
}

interface AnyValue {
  readonly stringValue?: string
  readonly boolValue?: boolean
  readonly intValue?: string
  readonly doubleValue?: number | string
  readonly arrayValue?: { readonly values: ReadonlyArray<AnyValue> }
}

interface KeyValue {
  readonly key: string
  readonly value: AnyValue
}

const spanKinds = { internal: 1, server: 2, client: 3, producer: 4, consumer: 5 } as const

const statusError = 2

/** Bit 0: sampled. Bit 8: whether the parent is remote is known; we do not know it. */
const sampledFlag = 1

/**
 * The body of a `POST /v1/traces` request.
 *
 * **Example** (Encoding nothing)
 *
 * ```ts
 * import * as OtlpJson from "tasker-telemetry/delivery/OtlpJson"
 *
 * const body = OtlpJson.encodeSpans({ name: "shop", version: "1.0.0", attributes: {} }, [])
 * ```
 *
 * @category encoding
 * @since 0.1.0
 */
export const encodeSpans = (resource: Resource, spans: ReadonlyArray<SpanData>): string =>
  JSON.stringify({
    resourceSpans: [{
      resource: { attributes: resourceAttributes(resource) },
      scopeSpans: [{ scope: { name: "tasker-telemetry" }, spans: spans.map(encodeSpan) }]
    }]
  })

const resourceAttributes = (resource: Resource): ReadonlyArray<KeyValue> =>
  keyValues({
    ...resource.attributes,
    "service.name": resource.name,
    ...(resource.version === undefined ? {} : { "service.version": resource.version }),
    "telemetry.sdk.name": "tasker-telemetry",
    "telemetry.sdk.language": "nodejs"
  })

const encodeSpan = (span: SpanData) => ({
  traceId: span.traceId,
  spanId: span.spanId,
  ...(span.parentSpanId === undefined ? {} : { parentSpanId: span.parentSpanId }),
  flags: sampledFlag,
  name: span.name.toWellFormed(),
  kind: spanKinds[span.kind],
  startTimeUnixNano: String(span.startTimeNanos),
  endTimeUnixNano: String(span.endTimeNanos),
  attributes: Array.from(span.attributes, ([key, value]) => keyValue(key, value)),
  droppedAttributesCount: span.droppedAttributes,
  events: span.events.map((event) => ({
    name: event.name.toWellFormed(),
    timeUnixNano: String(event.timeNanos),
    attributes: keyValues(event.attributes)
  })),
  droppedEventsCount: span.droppedEvents,
  links: span.links.map((link) => ({
    traceId: link.span.traceId,
    spanId: link.span.spanId,
    attributes: keyValues(link.attributes)
  })),
  droppedLinksCount: span.droppedLinks,
  status: span.statusCode === "error"
    ? { code: statusError, ...(span.statusMessage === undefined ? {} : { message: span.statusMessage.toWellFormed() }) }
    : {}
})

const keyValues = (attributes: Readonly<Record<string, unknown>>): ReadonlyArray<KeyValue> =>
  Object.keys(attributes).map((key) => keyValue(key, attributes[key]))

/** A text that is not UTF-8 makes a receiver refuse the whole batch; a key is escaped, so that it stays unique. */
const keyValue = (key: string, value: unknown): KeyValue => ({
  key: key.isWellFormed() ? key : JSON.stringify(key),
  value: anyValue(value)
})

const anyValue = (value: unknown): AnyValue => {
  switch (typeof value) {
    case "string":
      return { stringValue: value.toWellFormed() }
    case "boolean":
      return { boolValue: value }
    case "number":
      return Number.isSafeInteger(value)
        ? { intValue: String(value) }
        : { doubleValue: Number.isFinite(value) ? value : String(value) }
    case "bigint":
      return BigInt.asIntN(64, value) === value ? { intValue: String(value) } : { stringValue: String(value) }
    default:
      return Array.isArray(value)
        ? { arrayValue: { values: value.map(anyValue) } }
        : { stringValue: encodeJson(value) }
  }
}
