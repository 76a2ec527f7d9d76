/**
 * A processor that keeps ended spans in memory.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { SpanData } from "../SpanData.ts"
import { TelemetryTracer } from "../TelemetryTracer.ts"

/**
 * The spans that have ended, kept in memory.
 *
 * **When to use**
 *
 * Use in tests and small tools. The memory is bounded: beyond 100 000 spans the
 * oldest go.
 *
 * @category services
 * @since 0.1.0
 */
export class SpanMemory extends Context.Service<SpanMemory, {
  /** Ended spans in the order of their ends. */
  readonly spans: Effect.Effect<ReadonlyArray<SpanData>>
}>()("tasker-telemetry/tracing/internal/SpanMemory") {
  /**
   * Collects what the tracer of the context records.
   *
   * @since 0.1.0
   */
  static readonly layer: Layer.Layer<SpanMemory, never, TelemetryTracer> = Layer.effect(
    SpanMemory,
    Effect.gen(function*() {
      const tracer = yield* TelemetryTracer
      const spans: Array<SpanData> = []
      yield* tracer.register({
        name: "memory",
        onEnd: (span) => {
          spans.push(span)
          if (spans.length > 2 * mostSpans) spans.splice(0, mostSpans)
        }
      })
      return { spans: Effect.sync(() => spans.slice(-mostSpans)) }
    })
  )
}

const mostSpans = 100_000
