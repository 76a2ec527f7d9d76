/**
 * Logs one line, configured by the environment.
 */
import { Effect } from "effect"
import { Telemetry } from "tasker-telemetry"

Effect.runFork(Effect.provide(Effect.logInfo("line"), Telemetry.layerConfig()))
