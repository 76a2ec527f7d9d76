/**
 * Puts every secret everywhere, with its log on standard output or standard error: `canaries.ts stdout|stderr`.
 */
import * as Effect from "effect/Effect"
import * as Telemetry from "tasker-telemetry/Telemetry"
import { putEverywhere, redaction, service } from "../canaries.ts"

const destination = process.argv[2] === "stderr" ? "stderr" : "stdout"

Effect.runFork(
  Effect.provide(putEverywhere, Telemetry.layer({ service, redaction, logging: { destination, level: "Trace" } }))
)
