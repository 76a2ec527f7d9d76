/** Logs lines into a file that it rotates often: `rotates.ts <file> <index of the process> <lines>`. */
import * as Effect from "effect/Effect"
import * as Telemetry from "tasker-telemetry/Telemetry"

const [path = "", index = "0", lines = "1"] = process.argv.slice(2)

const program = Effect.gen(function*() {
  for (let line = 0; line < Number(lines); line++) {
    yield* Effect.logInfo("line", { number: Number(index) * Number(lines) + line })
    if (line % 10 === 0) yield* Effect.sleep(1)
  }
})

Effect.runFork(Effect.provide(
  program,
  Telemetry.layer({ logging: { destination: "file", file: { path, maximumBytes: 10_000, keep: 1000 } } })
))
