import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import * as LogDestination from "../../src/logging/LogDestination.ts"
import * as NodeLogDestination from "../../src/node/NodeLogDestination.ts"
import { temporaryFile } from "../support/temporaryFile.ts"
import * as TestTelemetry from "../support/TestTelemetry.ts"
import { suite } from "./LogDestinationTest.ts"

suite("layerNoop", LogDestination.layerNoop)
suite("layerMemory", LogDestination.layerMemory)
suite("layer", LogDestination.layer(() => {}))
suite(
  "node",
  Layer.unwrap(Effect.map(temporaryFile, (path) =>
    NodeLogDestination.layer.pipe(
      Layer.provide(TestTelemetry.settings({ logging: { destination: "file", file: { path }, signals: false } })),
      Layer.orDie
    )))
)

describe("LogDestination", () => {
  it.effect("layerMemory keeps the last 100 000 lines in order", () =>
    Effect.gen(function*() {
      const destination = yield* LogDestination.LogDestination
      for (let number = 1; number <= 250_001; number++) destination.write(`${number}`, "Info", 0)
      const lines = yield* Effect.flatMap(LogDestination.LogMemory, (memory) => memory.lines)
      assert.deepStrictEqual([lines.length, lines[0], lines.at(-1)], [100_000, "150002", "250001"])
    }).pipe(Effect.provide(LogDestination.layerMemory)))

  it.effect("layer hands every line over", () =>
    Effect.gen(function*() {
      const lines: Array<string> = []
      yield* Effect.map(LogDestination.LogDestination, ({ write }) =>
        ["a", "b"].forEach((line) => write(line, "Info", 0)))
        .pipe(
          Effect.provide(LogDestination.layer((line) =>
            void lines.push(line)
          ))
        )
      assert.deepStrictEqual(lines, ["a", "b"])
    }))
})
