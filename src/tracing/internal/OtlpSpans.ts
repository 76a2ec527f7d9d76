/**
 * Spans in the OTLP/JSON encoding. Pure.
 *
 * @see https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto
 * @see https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
 * @since 0.1.0
 */
import * as OtlpValue from "../../delivery/OtlpValue.ts"
import type { SpanData } from "../SpanData.ts"

const spanKinds = { internal: 1, server: 2, client: 3, producer: 4, consumer: 5 } as const

const statusError = 2

/** Bit 0: sampled. Bit 8: bit 9 is known. Bit 9: the parent is remote. */
const flagsOf = (span: SpanData): number => (span.sampled ? 1 : 0) | 0x100 | (span.isParentRemote ? 0x200 : 0)

/**
 * The body of a `POST /v1/traces` request.
 *
 * @category encoding
 * @since 0.1.0
 */
export const encodeSpans = (resource: OtlpValue.Resource, spans: ReadonlyArray<SpanData>): string =>
  JSON.stringify({
    resourceSpans: [{
      resource: OtlpValue.resource(resource),
      scopeSpans: [{ scope: OtlpValue.scope, spans: spans.map(encodeSpan) }]
    }]
  })

const encodeSpan = (span: SpanData) => ({
  traceId: span.traceId,
  spanId: span.spanId,
  ...(span.parentSpanId === undefined ? {} : { parentSpanId: span.parentSpanId }),
  ...(span.traceState === "" ? {} : { traceState: span.traceState }),
  flags: flagsOf(span),
  name: span.name.toWellFormed(),
  kind: spanKinds[span.kind],
  startTimeUnixNano: String(span.startTimeNanos),
  endTimeUnixNano: String(span.endTimeNanos),
  attributes: Array.from(span.attributes, ([key, value]) => OtlpValue.keyValue(key, value)),
  droppedAttributesCount: span.droppedAttributes,
  events: span.events.map((event) => ({
    name: event.name.toWellFormed(),
    timeUnixNano: String(event.timeNanos),
    attributes: OtlpValue.keyValues(event.attributes),
    ...(event.droppedAttributes === 0 ? {} : { droppedAttributesCount: event.droppedAttributes })
  })),
  droppedEventsCount: span.droppedEvents,
  links: span.links.map((link) => ({
    traceId: link.span.traceId,
    spanId: link.span.spanId,
    attributes: OtlpValue.keyValues(link.attributes),
    ...(link.droppedAttributes === 0 ? {} : { droppedAttributesCount: link.droppedAttributes })
  })),
  droppedLinksCount: span.droppedLinks,
  status: span.statusCode === "error"
    ? { code: statusError, ...(span.statusMessage === undefined ? {} : { message: span.statusMessage.toWellFormed() }) }
    : {}
})
