import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import * as LogDestination from "../../../src/logging/LogDestination.ts"
import * as Telemetry from "../../../src/Telemetry.ts"

describe("LogWriter", () => {
  it.effect.each(
    [
      ["makes no line that is discarded", LogDestination.layerNoop, 0],
      ["makes a line for a destination of the program", LogDestination.layer(() => {}), 1]
    ] as const
  )("%s", ([, logDestination, reads]) =>
    Effect.gen(function*() {
      let read = 0
      const field = {
        get order() {
          read++
          return "o-1"
        }
      }
      yield* Effect.log("charged", field).pipe(
        Effect.provide(Layer.fresh(Telemetry.layerLogging({}, { logDestination })))
      )
      assert.strictEqual(read, reads)
    }))
})
