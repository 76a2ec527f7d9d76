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
import {
  EventBus,
  LogDestination,
  type MetricSnapshot,
  MetricStore,
  Telemetry,
  type TelemetryConfig
} from "tasker-telemetry"
import type { EventEnvelope } from "tasker-telemetry/events/EventEnvelope"
import type { SpanProcessor } from "tasker-telemetry/tracing/SpanProcessor"
import { TelemetryTracer } from "tasker-telemetry/tracing/TelemetryTracer"

/** A span that has ended, as a processor of the tracer gets it. */
export type SpanData = Parameters<SpanProcessor["onEnd"]>[0]

/** What was recorded. */
export interface Recording {
  readonly spans: ReadonlyArray<SpanData>
  readonly events: ReadonlyArray<EventEnvelope>
  /** Lines of JSON. */
  readonly logs: ReadonlyArray<string>
  readonly metrics: {
    readonly before: MetricSnapshot.MetricSnapshot
    readonly after: MetricSnapshot.MetricSnapshot
  }
}

export class Recorder extends Context.Service<Recorder, {
  /** Everything recorded since the layer was built. */
  readonly recording: Effect.Effect<Recording>
}>()("analyze-directory/Recorder") {
  /**
   * Telemetry as the environment configures it, recorded. Log lines are kept
   * instead of written; `onLine` sees each of them.
   */
  static readonly layerTelemetry = (
    onLine: (line: string) => void
  ): Layer.Layer<Recorder | Telemetry.Services, TelemetryConfig.TelemetryConfigError> =>
    Layer.unwrap(Effect.sync(() => {
      const logs: Array<string> = []
      const destination = LogDestination.layerCustom((line) => {
        logs.push(line)
        onLine(line)
      })
      return Layer.effect(Recorder, record(logs)).pipe(
        Layer.provideMerge(Telemetry.layerConfig({}, { logDestination: destination }))
      )
    }))
}

const record = Effect.fnUntraced(function*(logs: ReadonlyArray<string>) {
  const bus = yield* EventBus
  const tracer = yield* TelemetryTracer
  const store = yield* MetricStore
  const events: Array<EventEnvelope> = []
  const spans: Array<SpanData> = []
  yield* bus.register({ name: "recorder", signal: "all", handle: (envelope) => void events.push(envelope) })
  yield* tracer.register({ name: "recorder", onEnd: (span) => void spans.push(span) })
  const before = yield* store.snapshot
  return Recorder.of({
    recording: Effect.gen(function*() {
      return {
        spans: [...spans],
        events: [...events],
        logs: [...logs],
        metrics: { before, after: yield* store.snapshot }
      }
    })
  })
})
