/**
 * Records the telemetry of one run: spans, events, log lines, and the metrics
 * before and after.
 *
 * It needs three parts: a processor on the tracer, a sink on the event bus, and a
 * destination for the log.
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
import type { SpanProcessor } from "tasker-telemetry/tracing/TelemetryTracer"
import { TelemetryTracer } from "tasker-telemetry/tracing/TelemetryTracer"

/** A finished span, as the tracer gives it to a processor. */
export type SpanData = Parameters<SpanProcessor["onEnd"]>[0]

/** The telemetry of one run. */
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
      const destination = LogDestination.layer((line) => {
        logs.push(line)
        onLine(line)
      })
      return Layer.effect(Recorder, record(logs)).pipe(
        Layer.provideMerge(Telemetry.layerConfig({}, { logDestination: destination }))
      )
    }))
}

interface LogLine {
  readonly level: string
  readonly message: string
  readonly event?: string
  readonly step_id?: string
  readonly step_name?: string
  readonly "exception.message"?: string
}

const unshownLevels = new Set(["TRACE", "DEBUG", "INFO"])

/** Says what a log line reports if it is a failed attempt, or a warning or an error from outside the steps. */
export const problemOf = (text: string): string | undefined => {
  const line = JSON.parse(text) as LogLine
  if (line.event === "step.failed") return `warning: ${line.step_name} failed: ${line["exception.message"]}`
  if (line.event !== undefined || line.step_id !== undefined || unshownLevels.has(line.level)) return undefined
  return `${line.level === "WARN" ? "warning" : line.level.toLowerCase()}: ${line.message}`
}

const record = Effect.fnUntraced(function*(logs: ReadonlyArray<string>) {
  const bus = yield* EventBus.EventBus
  const tracer = yield* TelemetryTracer
  const store = yield* MetricStore.MetricStore
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
