/**
 * Which traces are kept. The decision is made once per span from its trace id
 * and its parent, so every part of a trace decides alike.
 *
 * @see https://opentelemetry.io/docs/specs/otel/trace/sdk/#sampling
 * @since 0.1.0
 */
import type { TelemetryConfig } from "../config/TelemetryConfig.ts"

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
}) => boolean

/** The last 14 hexadecimal digits of a trace id are its randomness: 56 bits. */
const randomDigits = 14
const randomRange = 2 ** 56

const byRatio = (ratio: number): Sampler => ({ traceId }) =>
  ratio >= 1 || Number.parseInt(traceId.slice(-randomDigits), 16) < ratio * randomRange

const parentBased = (root: Sampler): Sampler => (span) => span.parentSampled ?? root(span)

/**
 * The sampler that the `tracing.sampler` options describe.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = ({ ratio, type }: TelemetryConfig["tracing"]["sampler"]): Sampler => {
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
  }
}
