/**
 * Prints what it records on standard output, between log lines.
 */
import * as Effect from "effect/Effect"
import * as Telemetry from "tasker-telemetry/Telemetry"

const record = Effect.forEach(
  Array.from({ length: 2000 }, (_, number) => number),
  (number) => Effect.withSpan(Effect.logInfo(`line ${number}`), `span ${number}`),
  { discard: true }
)

Effect.runFork(Effect.provide(
  record,
  Telemetry.layer({ metrics: { exporter: "otlp" }, logging: { exporter: "otlp" }, delivery: { endpoint: "stdout:" } })
))
