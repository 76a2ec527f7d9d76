/**
 * Sends log records to an OTLP receiver.
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
import * as Redaction from "../../redaction/Redaction.ts"
import * as LogData from "./LogData.ts"
import { LogWriter } from "./LogWriter.ts"
import * as OtlpLogs from "./OtlpLogs.ts"

/**
 * Registers the export with the writer, if an endpoint is configured and
 * `logging.exporter` is `otlp`; does nothing otherwise.
 *
 * **Details**
 *
 * The records are those that are written as lines: the same levels, sampling and
 * rate limit hold. Reports of delivery about its own trouble are lines only.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<
  never,
  TelemetryConfig.TelemetryConfigError,
  LogWriter | SelfStatistics | FlushRegistry | Transport
> = Layer.effectDiscard(
  Effect.gen(function*() {
    const { logging } = yield* TelemetryConfig.Current
    if (logging.exporter === "none") return
    const writer = yield* LogWriter
    const toData = LogData.make(logging.limits, yield* Redaction.Current)
    const pipeline = yield* RecordExport.make<LogData.LogData>({
      signal: "log records",
      format: OtlpLogs.format,
      unsampledTrace: ({ span }) => span?.sampled === false ? span.traceId : undefined
    })
    if (pipeline !== undefined) yield* writer.register((record) => pipeline.offer(toData(record)))
  })
)
