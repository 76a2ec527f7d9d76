/**
 * The headers that carry a span: W3C trace context and B3.
 *
 * @see https://www.w3.org/TR/trace-context/
 * @see https://github.com/openzipkin/b3-propagation
 */
import type * as Tracer from "effect/Tracer"
import * as SpanIds from "./SpanIds.ts"

/** The ids of a remote span, and whether its trace is sampled. */
export interface RemoteSpan {
  readonly traceId: string
  readonly spanId: string
  readonly sampled: boolean
}

export type Headers = Readonly<Record<string, string | undefined>>

/** A later version may add parts behind the flags; nothing but its first four parts is read. */
const traceparent = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/

const fromTraceparent = (header: string | undefined): RemoteSpan | undefined => {
  const [, version, traceId = "", spanId = "", flags = "", rest] = traceparent.exec(header?.trim() ?? "") ?? []
  if (version === undefined || version === "ff" || (version === "00" && rest !== undefined)) return undefined
  return valid({ traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 })
}

/** Ids of 64 bits get zeros in front. */
const valid = (span: RemoteSpan): RemoteSpan | undefined => {
  const traceId = span.traceId.length === 16 ? span.traceId.padStart(32, "0") : span.traceId
  const whole = { ...span, traceId: traceId.toLowerCase(), spanId: span.spanId.toLowerCase() }
  return SpanIds.areValid(whole) ? whole : undefined
}

const fromB3 = (header: string | undefined): RemoteSpan | undefined => {
  const [traceId = "", spanId = "", state = "1"] = header?.trim().split("-") ?? []
  return valid({ traceId, spanId, sampled: state === "1" || state === "d" })
}

const fromB3Multi = (headers: Headers): RemoteSpan | undefined => {
  const state = headers["x-b3-flags"] === "1" ? "1" : headers["x-b3-sampled"] ?? "1"
  return valid({
    traceId: headers["x-b3-traceid"]?.trim() ?? "",
    spanId: headers["x-b3-spanid"]?.trim() ?? "",
    sampled: state === "1" || state === "true"
  })
}

/** How a trace may be carried, by its name in `OTEL_PROPAGATORS`. */
export const formats = ["tracecontext", "b3", "b3multi"] as const
export type Format = (typeof formats)[number]

/** Reads the headers of one format. */
export const read = (format: Format, headers: Headers): RemoteSpan | undefined =>
  format === "tracecontext"
    ? fromTraceparent(headers["traceparent"])
    : format === "b3"
    ? fromB3(headers["b3"])
    : fromB3Multi(headers)

/** Writes the headers of one format. */
export const write = (format: Format, span: Tracer.AnySpan, traceState: string): Readonly<Record<string, string>> => {
  const { sampled } = span
  // The ids of another tracer may be in upper case.
  const [traceId, spanId] = [span.traceId.toLowerCase(), span.spanId.toLowerCase()]
  switch (format) {
    case "tracecontext":
      return {
        traceparent: `00-${traceId}-${spanId}-${sampled ? "01" : "00"}`,
        ...(traceState === "" ? {} : { tracestate: traceState })
      }
    case "b3":
      return { b3: `${traceId}-${spanId}-${sampled ? "1" : "0"}` }
    case "b3multi":
      return { "x-b3-traceid": traceId, "x-b3-spanid": spanId, "x-b3-sampled": sampled ? "1" : "0" }
  }
}
