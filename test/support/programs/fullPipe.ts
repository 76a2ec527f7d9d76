/** Writes more log lines to standard output than a pipe takes, says on standard error that it went on, and waits. */
import * as Effect from "effect/Effect"
import * as Telemetry from "tasker-telemetry/Telemetry"

const text = "x".repeat(4000)

const program = Effect.gen(function*() {
  for (let number = 0; number < 500; number++) yield* Effect.logInfo("line", { number, text })
  process.stderr.write("went on\n")
  return yield* Effect.never
})

setInterval(() => {}, 60_000)
Effect.runFork(Effect.provide(program, Telemetry.layer()))
