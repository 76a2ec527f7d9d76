/**
 * How much a span may hold, and how a value is brought within that.
 *
 * @see https://opentelemetry.io/docs/specs/otel/trace/sdk/#span-limits
 * @since 0.1.0
 */
import type { Redaction } from "../Redaction.ts"
import type { TelemetryConfig } from "../TelemetryConfig.ts"

/**
 * The limits of a span; see the `tracing.limits` options.
 *
 * @category models
 * @since 0.1.0
 */
export type SpanLimits = TelemetryConfig["tracing"]["limits"]

/**
 * The value of an attribute as it may be kept: redacted, and no text in it
 * longer than the limit.
 *
 * @category computations
 * @since 0.1.0
 */
export const attributeValue = (limits: SpanLimits, redaction: Redaction, key: string, value: unknown): unknown => {
  if (typeof value === "string") return redaction.isSensitive(key) ? redaction.mask : clip(limits, value)
  if (typeof value === "number" || typeof value === "boolean") {
    return redaction.isSensitive(key) ? redaction.mask : value
  }
  return clipInside(limits, redaction.apply(key, value))
}

/**
 * The attributes of a span event or link as they may be kept, and how many were
 * left out.
 *
 * @category computations
 * @since 0.1.0
 */
export const attributeRecord = (
  limits: SpanLimits,
  redaction: Redaction,
  attributes: Readonly<Record<string, unknown>>
): Readonly<Record<string, unknown>> => {
  const kept: Record<string, unknown> = {}
  let count = 0
  for (const key of Object.keys(attributes)) {
    if (count++ >= limits.attributeCount) break
    kept[key] = attributeValue(limits, redaction, key, attributes[key])
  }
  return kept
}

const clip = (limits: SpanLimits, text: string) =>
  text.length > limits.attributeValueLength ? text.slice(0, limits.attributeValueLength) : text

const clipInside = (limits: SpanLimits, value: unknown): unknown => {
  if (typeof value === "string") return clip(limits, value)
  if (Array.isArray(value)) return value.map((item) => clipInside(limits, item))
  if (typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, clipInside(limits, item)]))
  }
  return value
}
