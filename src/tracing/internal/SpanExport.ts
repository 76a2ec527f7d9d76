/**
 * Sends ended spans to an OTLP receiver.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as TelemetryConfig from "../../config/TelemetryConfig.ts"
import * as OtlpSender from "../../delivery/OtlpSender.ts"
import * as SendingQueue from "../../delivery/SendingQueue.ts"
import { FlushRegistry } from "../../internal/FlushRegistry.ts"
import { SelfStatistics } from "../../internal/SelfStatistics.ts"
import { redactService } from "../../redaction/internal/redactNames.ts"
import * as Redaction from "../../redaction/Redaction.ts"
import type { SpanData } from "../SpanData.ts"
import { TelemetryTracer } from "../TelemetryTracer.ts"
import * as OtlpJson from "./OtlpSpans.ts"

/**
 * Registers the export as a processor, if an endpoint is configured and
 * `tracing.exporter` is `otlp`; does nothing otherwise.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<
  never,
  never,
  TelemetryTracer | SelfStatistics | FlushRegistry | HttpClient.HttpClient
> = Layer.effectDiscard(
  Effect.gen(function*() {
    const config = yield* TelemetryConfig.Current
    const target = OtlpSender.target(config, "spans")
    if (target === undefined || config.tracing.exporter === "none") return
    const statistics = yield* SelfStatistics
    const exported = statistics.counter("tasker_spans_exported_total", "Spans that a receiver accepted.", [])
    const dropped = statistics.counter("tasker_spans_dropped_total", "Ended spans that were not delivered.", ["reason"])
    const service = redactService(config.service, yield* Redaction.Current)
    const send = yield* OtlpSender.make(target)
    const queue = yield* SendingQueue.make<SpanData>({
      capacity: config.delivery.queueSize,
      batchSize: config.delivery.batchSize,
      interval: config.delivery.interval,
      shutdownTimeout: config.delivery.shutdownTimeout,
      send: (batch) =>
        Effect.timeoutOrElse(Effect.suspend(() => send(OtlpJson.encodeSpans(service, batch))), {
          duration: config.tracing.exportTimeout,
          orElse: () => Effect.succeed("unreachable" as const)
        }),
      onExported: (count) => exported([], count),
      onDropped: (reason, count) => dropped([reason], count)
    })
    const tracer = yield* TelemetryTracer
    yield* tracer.register({ name: "otlp", onEnd: (span) => void queue.offer(span) })
    yield* (yield* FlushRegistry).register(queue.flush)
  })
)
