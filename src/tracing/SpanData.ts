/**
 * A finished span as it leaves the tracer: what every exporter and test needs,
 * and nothing of how it was recorded.
 *
 * @since 0.1.0
 */

/**
 * Something that happened during a span.
 *
 * @category models
 * @since 0.1.0
 */
export interface SpanEventData {
  readonly name: string
  /** Epoch nanoseconds. */
  readonly timeNanos: bigint
  readonly attributes: Readonly<Record<string, unknown>>
  /** Attributes left out because the event had too many. */
  readonly droppedAttributes: number
}

/**
 * A reference to another span.
 *
 * @category models
 * @since 0.1.0
 */
export interface SpanLinkData {
  readonly span: { readonly traceId: string; readonly spanId: string; readonly sampled: boolean }
  /** Whether another process opened the span. */
  readonly isRemote: boolean
  /** The W3C `tracestate` of its trace when the link was made, redacted; empty if there is none. */
  readonly traceState: string
  readonly attributes: Readonly<Record<string, unknown>>
  /** Attributes left out because the link had too many. */
  readonly droppedAttributes: number
}

/**
 * A finished span. Attribute values keep their types and are redacted already.
 *
 * @category models
 * @since 0.1.0
 */
export interface SpanData {
  /** 32 hexadecimal digits. */
  readonly traceId: string
  /** 16 hexadecimal digits. */
  readonly spanId: string
  readonly parentSpanId: string | undefined
  /** Whether another process opened the parent. */
  readonly isParentRemote: boolean
  /** The W3C `tracestate` of the trace, redacted; empty if there is none. */
  readonly traceState: string
  /** `false` for a span of a trace that the sampler refused; only processors that ask for all spans get one. */
  readonly sampled: boolean
  readonly name: string
  readonly kind: "internal" | "server" | "client" | "producer" | "consumer"
  /** Epoch nanoseconds by the wall clock. */
  readonly startTimeNanos: bigint
  /** Start plus the monotonic time elapsed, so never before the start. */
  readonly endTimeNanos: bigint
  readonly attributes: ReadonlyMap<string, unknown>
  readonly events: ReadonlyArray<SpanEventData>
  readonly links: ReadonlyArray<SpanLinkData>
  /** Unset on success and on interruption. */
  readonly statusCode: "unset" | "error"
  readonly statusMessage: string | undefined
  readonly droppedAttributes: number
  readonly droppedEvents: number
  readonly droppedLinks: number
}
