/**
 * Sends ended spans to an OTLP receiver.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as TelemetryConfig from "../../config/TelemetryConfig.ts"
import * as accounts from "../../delivery/accounts.ts"
import { Ledger } from "../../delivery/Ledger.ts"
import * as Pipeline from "../../delivery/Pipeline.ts"
import * as Receiver from "../../delivery/Receiver.ts"
import * as RequestSender from "../../delivery/RequestSender.ts"
import type { Transport } from "../../delivery/Transport.ts"
import { FlushRegistry } from "../../internal/FlushRegistry.ts"
import { SelfStatistics } from "../../internal/SelfStatistics.ts"
import { redactService } from "../../redaction/internal/redactNames.ts"
import * as Redaction from "../../redaction/Redaction.ts"
import type { SpanData } from "../SpanData.ts"
import { TelemetryTracer } from "../TelemetryTracer.ts"
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
    const receiver = Receiver.of(config, "spans")
    if (receiver === undefined || config.tracing.exporter === "none") return
    const { delivery } = config
    const service = redactService(config.service, yield* Redaction.Current)
    const tracer = yield* TelemetryTracer
    const ledger = new Ledger(tracer.held)
    const settings: Pipeline.Settings = {
      ...delivery,
      queueSize: delivery.traces.queueSize ?? delivery.queueSize,
      batchSize: delivery.traces.batchSize ?? delivery.batchSize,
      interval: delivery.traces.interval ?? delivery.interval,
      maximumElapsed: delivery.traces.maximumElapsed ?? delivery.retry.maximumElapsed
    }
    accounts.observe(yield* SelfStatistics, "spans", ledger, settings.queueSize)
    const pipeline = yield* Pipeline.make<SpanData>({
      ledger,
      settings,
      sender: yield* RequestSender.make(receiver, { ...delivery.retry, maximumElapsed: settings.maximumElapsed }),
      maximumBytes: delivery.maximumRequestBytes,
      encode: OtlpSpans.encoder(receiver.protocol, service),
      // Spans of unsampled traces are not recorded.
      unsampledTrace: () => undefined
    })
    yield* tracer.register({ name: "otlp", onEnd: pipeline.offer })
    yield* (yield* FlushRegistry).register(Effect.asVoid(pipeline.flush))
  })
)
