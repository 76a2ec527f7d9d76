/**
 * Spans as OTLP has them. Pure.
 *
 * @see https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto
 * @since 0.1.0
 */
import * as Otlp from "../../delivery/Otlp.ts"
import type { MessageWriter } from "../../encoding/MessageWriter.ts"
import type { SpanData, SpanEventData, SpanLinkData } from "../SpanData.ts"
import { RecordedSpan } from "./RecordedSpan.ts"

const names: Otlp.RequestNames = { resources: "resourceSpans", scopes: "scopeSpans", records: "spans" }

const spanKinds = { internal: 1, server: 2, client: 3, producer: 4, consumer: 5 } as const

/** Untyped code may give anything. One field that is malformed makes a receiver refuse the whole request. */
const kindOf = ({ kind }: SpanData): number => {
  const number: unknown = spanKinds[kind]
  return typeof number === "number" ? number : spanKinds.internal
}

const statusError = 2

/** Bit 0: sampled. Bit 8: bit 9 is known. Bit 9: the parent, or the span of a link, is remote. */
const flagsOf = (isSampled: boolean, isRemote: boolean): number => (isSampled ? 1 : 0) | 0x100 | (isRemote ? 0x200 : 0)

/**
 * Makes the function that gives the body of a `POST /v1/traces` request.
 *
 * @category encoding
 * @since 0.1.0
 */
export const encoder = (protocol: Otlp.Protocol, resource: Otlp.Resource) => Otlp.encoder(protocol, format, resource)

const writeSpan = (to: MessageWriter, span: SpanData): void => {
  to.id(1, "traceId", span.traceId)
  to.id(2, "spanId", span.spanId)
  if (span.traceState !== "") to.text(3, "traceState", span.traceState)
  if (span.parentSpanId !== undefined) to.id(4, "parentSpanId", span.parentSpanId)
  to.text(5, "name", span.name)
  to.integer(6, "kind", kindOf(span))
  to.fixed64(7, "startTimeUnixNano", span.startTimeNanos)
  to.fixed64(8, "endTimeUnixNano", span.endTimeNanos)
  const attributes = span instanceof RecordedSpan ? span.attributeList : span.attributes
  if (attributes.size > 0) {
    to.openList("attributes")
    attributes.forEach((value, key) => Otlp.writeAttribute(to, 9, key, value))
    to.closeList()
  }
  if (span.droppedAttributes > 0) to.integer(10, "droppedAttributesCount", span.droppedAttributes)
  writeList(to, 11, "events", span.events, writeEvent)
  if (span.droppedEvents > 0) to.integer(12, "droppedEventsCount", span.droppedEvents)
  writeList(to, 13, "links", span.links, writeLink)
  if (span.droppedLinks > 0) to.integer(14, "droppedLinksCount", span.droppedLinks)
  if (span.statusCode === "error") {
    const status = to.open(15, "status")
    if (span.statusMessage !== undefined) to.text(2, "message", span.statusMessage)
    to.integer(3, "code", statusError)
    to.close(status)
  }
  to.fixed32(16, "flags", flagsOf(span.sampled, span.isParentRemote))
}

/**
 * How spans are written.
 *
 * @category encoding
 * @since 0.1.0
 */
export const format: Otlp.Format<SpanData> = { names, writeRecord: writeSpan }

const writeList = <A>(
  to: MessageWriter,
  field: number,
  name: string,
  items: ReadonlyArray<A>,
  write: (to: MessageWriter, item: A) => void
): void => {
  if (items.length === 0) return
  to.openList(name)
  for (const item of items) {
    const opened = to.openItem(field)
    write(to, item)
    to.close(opened)
  }
  to.closeList()
}

const writeEvent = (to: MessageWriter, event: SpanEventData): void => {
  to.fixed64(1, "timeUnixNano", event.timeNanos)
  to.text(2, "name", event.name)
  Otlp.writeAttributes(to, 3, event.attributes)
  if (event.droppedAttributes > 0) to.integer(4, "droppedAttributesCount", event.droppedAttributes)
}

const writeLink = (to: MessageWriter, link: SpanLinkData): void => {
  to.id(1, "traceId", link.span.traceId)
  to.id(2, "spanId", link.span.spanId)
  if (link.traceState !== "") to.text(3, "traceState", link.traceState)
  Otlp.writeAttributes(to, 4, link.attributes)
  if (link.droppedAttributes > 0) to.integer(5, "droppedAttributesCount", link.droppedAttributes)
  to.fixed32(6, "flags", flagsOf(link.span.sampled, link.isRemote))
}
