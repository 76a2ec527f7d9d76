/**
 * D25: the original's log helper raised when it was called with a positional hash, and went on with a configuration
 * that had been replaced. Here helpers take anything, and each layer has the configuration it was made with.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { LogDestination, StructuredLog, Telemetry, type TelemetryConfig } from "tasker-telemetry"

const linesUnder = (options: TelemetryConfig.Options, body: Effect.Effect<void>) =>
  Effect.gen(function*() {
    const lines: Array<Readonly<Record<string, unknown>>> = []
    const logDestination = LogDestination.layer((line) => void lines.push(JSON.parse(line)))
    yield* Effect.provide(body, Telemetry.layer(options, { logDestination }))
    return lines
  })

describe("Log helpers", () => {
  it.effect("write a line for any arguments", () =>
    Effect.gen(function*() {
      const task = StructuredLog.task as (...args: ReadonlyArray<unknown>) => Effect.Effect<void>
      const calls = [[], [{}], ["started", { taskId: "t" }], [null], [{ event: 1, taskId: {}, taskName: [] }], [[1, 2]]]
      const lines = yield* linesUnder({}, Effect.forEach(calls, (args) => task(...args), { discard: true }))
      assert.lengthOf(lines, calls.length)
    }))

  it.effect("follow the configuration of the layer they run under", () =>
    Effect.gen(function*() {
      const body = Effect.andThen(
        Effect.logDebug("detail", { iban: "DE02" }),
        StructuredLog.orchestration({ operation: "loop", event: "started" })
      )
      const strict = { logging: { level: "Info" } } as const
      const open = { service: { name: "second" }, logging: { level: "Debug" }, redaction: { keys: ["iban"] } } as const
      assert.lengthOf(yield* linesUnder(strict, body), 0)
      const lines = yield* linesUnder(open, body)
      assert.deepStrictEqual(lines.map((line) => [line["message"], line["service.name"], line["iban"]]), [
        ["detail", "second", "[FILTERED]"],
        ["Orchestration started", "second", undefined]
      ])
      assert.lengthOf(yield* linesUnder(strict, body), 0)
    }))
})
