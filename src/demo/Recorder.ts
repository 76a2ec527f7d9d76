/**
 * Collects what one run says about itself: spans, events, log lines, and how
 * the metrics changed.
 *
 * This is all it takes to see everything in a process: a sink on the event bus,
 * a processor on the tracer, a destination for the log.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { SpanData } from "../delivery/SpanData.ts"
import { EventBus } from "../events/EventBus.ts"
import type { EventEnvelope } from "../events/EventEnvelope.ts"
import { LogDestination } from "../logging/LogDestination.ts"
import type { MetricSnapshot } from "../metrics/MetricSnapshot.ts"
import { MetricStore } from "../metrics/MetricStore.ts"
import * as Telemetry from "../Telemetry.ts"
import type { TelemetryConfigError } from "../TelemetryConfig.ts"
import { SpanMemory } from "../tracing/SpanMemory.ts"

/** What was recorded. */
export interface Recording {
  readonly spans: ReadonlyArray<SpanData>
  readonly events: ReadonlyArray<EventEnvelope>
  /** Lines of JSON. */
  readonly logs: ReadonlyArray<string>
  readonly metrics: {
    readonly before: MetricSnapshot
    readonly after: MetricSnapshot
  }
}

export class Recorder extends Context.Service<Recorder, {
  /** Everything recorded since the layer was built. */
  readonly recording: Effect.Effect<Recording>
}>()("tasker-telemetry/demo/Recorder") {
  /**
   * Telemetry as the environment configures it, recorded. Log lines are kept
   * instead of written; `onLine` sees each of them.
   */
  static readonly layerTelemetry = (
    onLine: (line: string) => void
  ): Layer.Layer<Recorder | Telemetry.Services, TelemetryConfigError> =>
    Layer.unwrap(Effect.sync(() => {
      const logs: Array<string> = []
      const destination = LogDestination.layerCustom((line) => {
        logs.push(line)
        onLine(line)
      })
      return Layer.effect(Recorder, record(logs)).pipe(
        Layer.provide(SpanMemory.layer),
        Layer.provideMerge(Telemetry.layerConfig({}, { logDestination: destination }))
      )
    }))
}

const record = Effect.fnUntraced(function*(logs: ReadonlyArray<string>) {
  const bus = yield* EventBus
  const memory = yield* SpanMemory
  const store = yield* MetricStore
  const events: Array<EventEnvelope> = []
  yield* bus.register({ name: "recorder", signal: "all", handle: (envelope) => void events.push(envelope) })
  const before = yield* store.snapshot
  return Recorder.of({
    recording: Effect.gen(function*() {
      return {
        spans: yield* memory.spans,
        events: [...events],
        logs: [...logs],
        metrics: { before, after: yield* store.snapshot }
      }
    })
  })
})
