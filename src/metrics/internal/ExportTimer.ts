/**
 * Measures how long exports take.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { ExportDurations } from "../../internal/ExportDurations.ts"
import { MetricStore } from "../MetricStore.ts"

/** The metric. `error_type` is empty for requests that were taken in full. */
export const declaration = {
  name: "tasker_export_duration_seconds",
  help: "Time of requests to a receiver, with all attempts and pauses.",
  attributes: ["signal", "error_type"]
} as const

/**
 * Declares the metric in the store, and records each request of delivery.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<never, never, MetricStore> = Layer.effectDiscard(
  Effect.gen(function*() {
    const store = yield* MetricStore
    const durations = yield* ExportDurations
    const timer = store.timer(declaration)
    yield* durations.register(({ errorType, seconds, signal }) =>
      timer.observe({ signal, error_type: errorType }, seconds)
    )
  })
)
