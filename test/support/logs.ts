/**
 * The structured logger and the event log over a memory, configured by options.
 */
import { Effect, Layer } from "effect"
import * as TelemetryConfig from "../../src/config/TelemetryConfig.ts"
import * as EventBus from "../../src/events/EventBus.ts"
import { SelfStatistics } from "../../src/internal/SelfStatistics.ts"
import * as LogEventSink from "../../src/logging/internal/LogEventSink.ts"
import { LogWriter } from "../../src/logging/internal/LogWriter.ts"
import * as StructuredLogger from "../../src/logging/internal/StructuredLogger.ts"
import * as LogDestination from "../../src/logging/LogDestination.ts"
import * as LogLevels from "../../src/logging/LogLevels.ts"
import * as Redaction from "../../src/redaction/Redaction.ts"

export const layer = (options: TelemetryConfig.Options = {}) =>
  Layer.unwrap(
    Effect.map(TelemetryConfig.make(options), (config) =>
      Layer.mergeAll(StructuredLogger.layer, LogEventSink.layer).pipe(
        Layer.provideMerge(LogWriter.layer),
        Layer.provideMerge(Layer.mergeAll(LogDestination.layerMemory, LogLevels.layer, EventBus.layer)),
        Layer.provideMerge(SelfStatistics.layer),
        Layer.provideMerge(Layer.mergeAll(
          Layer.succeed(TelemetryConfig.Current, config),
          Layer.succeed(Redaction.Current, Redaction.make(config.redaction))
        ))
      ))
  )

/** The lines as they were written. */
export const lines = Effect.flatMap(LogDestination.LogMemory, (memory) => memory.lines)

/** The lines decoded, without their time, and without what follows from the level or the service. */
export const decoded = Effect.map(lines, (all) =>
  all.map((line) => {
    const { "service.name": _name, severity_number: _number, timestamp: _time, ...fields } = JSON.parse(
      line
    ) as Readonly<Record<string, unknown>>
    return fields
  }))
