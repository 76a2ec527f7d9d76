/**
 * Logs one line, configured by the environment.
 */
import * as Effect from "effect/Effect"
import * as Telemetry from "tasker-telemetry/Telemetry"

Effect.runFork(Effect.provide(Effect.logInfo("line"), Telemetry.layerConfig()))
