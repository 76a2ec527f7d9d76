/**
 * Sends ended spans to an OTLP receiver.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as TelemetryConfig from "../../config/TelemetryConfig.ts"
import * as RecordExport from "../../delivery/RecordExport.ts"
import type { Transport } from "../../delivery/Transport.ts"
import type { FlushRegistry } from "../../internal/FlushRegistry.ts"
import type { SelfStatistics } from "../../internal/SelfStatistics.ts"
import type { SpanData } from "../SpanData.ts"
import { TelemetryTracer } from "../TelemetryTracer.ts"
import * as OpenSpans from "./OpenSpans.ts"
import * as OtlpSpans from "./OtlpSpans.ts"

/**
 * Registers the export as a processor, if an endpoint is configured and
 * `tracing.exporter` is `otlp`; does nothing otherwise.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<
  never,
  TelemetryConfig.TelemetryConfigError,
  TelemetryTracer | SelfStatistics | FlushRegistry | Transport
> = Layer.effectDiscard(
  Effect.gen(function*() {
    const config = yield* TelemetryConfig.Current
    if (config.tracing.exporter === "none") return
    const tracer = yield* TelemetryTracer
    const openSpans = OpenSpans.make()
    const pipeline = yield* RecordExport.make<SpanData>({
      signal: "spans",
      format: OtlpSpans.format,
      // The tracer gives no spans of unsampled traces to an exporter.
      unsampledTrace: () => undefined,
      held: tracer.held,
      undecided: tracer.undecided,
      onExit: openSpans.end
    })
    if (pipeline === undefined) return
    if (RecordExport.writesAtExit(config, "spans")) yield* tracer.register(openSpans.processor)
    yield* tracer.register({ name: "otlp", onEnd: pipeline.offer })
  })
)
