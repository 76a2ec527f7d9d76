/**
 * The structured logger and the event log over a memory, configured by options.
 */
import { Effect } from "effect"
import type * as TelemetryConfig from "../../src/config/TelemetryConfig.ts"
import * as LogDestination from "../../src/logging/LogDestination.ts"
import * as TestTelemetry from "./TestTelemetry.ts"

export const layer = (options: TelemetryConfig.Options = {}) => TestTelemetry.layer(TestTelemetry.logging, options)

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
