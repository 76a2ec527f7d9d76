/**
 * Which traces are kept. The decision is made once per span from its trace id
 * and its parent, so every part of a trace decides alike.
 *
 * @see https://opentelemetry.io/docs/specs/otel/trace/sdk/#sampling
 * @since 0.1.0
 */
import type * as Tracer from "effect/Tracer"
import type { TelemetryConfig } from "../../config/TelemetryConfig.ts"
import * as TraceState from "./TraceState.ts"

/**
 * Decides whether a span is recorded.
 *
 * @category models
 * @since 0.1.0
 */
export type Sampler = (span: {
  readonly traceId: string
  /** Whether the parent is sampled; `undefined` for a root. */
  readonly parentSampled: boolean | undefined
  /** Whether this process has opened the parent. */
  readonly isParentLocal?: boolean | undefined
  /** Its `tracestate` may have the randomness of the trace. */
  readonly parent?: Tracer.AnySpan | undefined
}) => boolean

/** Decides as OpenTelemetry's consistent probability sampling does. A higher ratio keeps all that a lower one keeps. */
const byRatio = (ratio: number): Sampler => {
  const rejected = TraceState.rejected(ratio)
  return ({ parent, traceId }) =>
    ratio >= 1 || TraceState.randomness(traceId, parent === undefined ? "" : TraceState.of(parent)) >= rejected
}

/** A token bucket: it holds the traces of one second. A trace takes one token, so children follow their local parents. */
const byRate = (perSecond: number, nowNanos: () => bigint): Sampler => {
  const nanosEach = 1e9 / perSecond
  const mostCredit = Math.max(1e9, nanosEach)
  let credit = mostCredit
  let last = nowNanos()
  return ({ isParentLocal, parentSampled }) => {
    if (isParentLocal === true && parentSampled !== undefined) return parentSampled
    const now = nowNanos()
    credit = Math.min(mostCredit, credit + Number(now - last))
    last = now
    if (credit < nanosEach) return false
    credit -= nanosEach
    return true
  }
}

const parentBased = (root: Sampler): Sampler => (span) => span.parentSampled ?? root(span)

/**
 * The sampler that the `tracing.sampler` options describe; `nowNanos` is a
 * clock that never goes back.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (
  { perSecond, ratio, type }: TelemetryConfig["tracing"]["sampler"],
  nowNanos: () => bigint
): Sampler => {
  switch (type) {
    case "always_on":
      return () => true
    case "always_off":
      return () => false
    case "traceidratio":
      return byRatio(ratio)
    case "parentbased_always_on":
      return parentBased(() => true)
    case "parentbased_always_off":
      return parentBased(() => false)
    case "parentbased_traceidratio":
      return parentBased(byRatio(ratio))
    case "rate_limited":
      return byRate(perSecond, nowNanos)
    case "parentbased_rate_limited":
      return parentBased(byRate(perSecond, nowNanos))
  }
}
