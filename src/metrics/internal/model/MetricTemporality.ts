/**
 * Tells whether points of a metric count since the start of their series or since the previous reading.
 *
 * @see
 * https://opentelemetry.io/docs/specs/otel/metrics/sdk_exporters/otlp/#additional-environment-variable-configuration
 * @since 0.1.0
 */
import type { MetricData } from "../../MetricSnapshot.ts"

/**
 * The temporality that a receiver wants.
 *
 * **Details**
 *
 * - `cumulative`: every value since the start of its series.
 * - `delta`: counters and histograms since the previous reading. Up-down
 *   counters count since their start, because the difference of a level has no
 *   meaning alone.
 * - `lowmemory`: as `delta`, but observed counters count since their start.
 *
 * @category models
 * @since 0.1.0
 */
export type MetricTemporality = "cumulative" | "delta" | "lowmemory"

/**
 * Whether the points of a metric are differences.
 *
 * @category computations
 * @since 0.1.0
 */
export const isDelta = (temporality: MetricTemporality, metric: MetricData): boolean => {
  switch (metric.type) {
    case "counter":
      return temporality === "delta" || temporality === "lowmemory" && metric.observed !== true
    case "histogram":
    case "exponentialHistogram":
      return temporality !== "cumulative"
    default:
      return false
  }
}
