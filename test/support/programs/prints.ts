/**
 * Prints what it records on standard output, between log lines: `prints.ts [exits]`. With `exits`, it ends by
 * `process.exit` before anything is sent.
 */
import * as Effect from "effect/Effect"
import * as Telemetry from "tasker-telemetry/Telemetry"

const record = Effect.forEach(
  Array.from({ length: 2000 }, (_, number) => number),
  (number) => Effect.withSpan(Effect.logInfo(`line ${number}`), `span ${number}`),
  { discard: true }
)
const exits = process.argv[2] === "exits"

Effect.runFork(Effect.provide(
  exits ? Effect.andThen(record, Effect.sync(() => process.exit(0))) : record,
  Telemetry.layer({
    metrics: { exporter: "otlp" },
    logging: { exporter: "otlp" },
    delivery: { endpoint: "stdout:", batchSize: exits ? 2048 : 512 }
  })
))
