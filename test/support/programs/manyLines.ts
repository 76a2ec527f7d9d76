/**
 * Writes 20 000 log lines to standard output and says on standard error when, and how many were dropped. With `child` a
 * process that does nothing has the same output.
 */
import * as Effect from "effect/Effect"
import { spawn } from "node:child_process"
import * as MetricStore from "tasker-telemetry/metrics/MetricStore"
import * as Telemetry from "tasker-telemetry/Telemetry"

const program = Effect.gen(function*() {
  const child = process.argv[2] === "child" ? spawn("sleep", ["600"], { stdio: "inherit" }) : undefined
  for (let number = 0; number < 20_000; number++) yield* Effect.logInfo("line", { number, text: "x".repeat(100) })
  process.stderr.write("logged\n")
  child?.kill()
  yield* Telemetry.flush
  const { metrics } = yield* (yield* MetricStore.MetricStore).snapshot
  const dropped = metrics.find(({ name }) => name === "tasker_log_lines_dropped_total")?.series ?? []
  process.stderr.write(`dropped ${dropped.reduce((sum, { value }) => sum + (value as number), 0)}\n`)
})

Effect.runFork(Effect.provide(program, Telemetry.layer()))
