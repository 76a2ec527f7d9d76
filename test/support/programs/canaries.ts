/**
 * Puts every secret everywhere, with its log on standard output or standard error:
 * `canaries.ts stdout|stderr json|logfmt`.
 */
import * as Effect from "effect/Effect"
import * as Telemetry from "tasker-telemetry/Telemetry"
import { putEverywhere, redaction, service } from "../canaries.ts"

const destination = process.argv[2] === "stderr" ? "stderr" : "stdout"
const format = process.argv[3] === "logfmt" ? "logfmt" : "json"
const telemetry = Telemetry.layer({ service, redaction, logging: { destination, format, level: "Trace" } })

Effect.runFork(Effect.provide(putEverywhere, telemetry))
