/**
 * What every layer of `LogDestination` keeps to.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, type Layer } from "effect"
import { LogDestination } from "../../src/logging/LogDestination.ts"

export const suite = (name: string, layer: Layer.Layer<LogDestination>) =>
  describe(`LogDestination (${name})`, () => {
    it.effect("takes any line without waiting or throwing, and flushes", () =>
      Effect.gen(function*() {
        const destination = yield* LogDestination
        for (const line of ["{}", "", "é\ud800", "x".repeat(1_000_000)]) {
          assert.strictEqual(destination.write(line, "Info", 0), undefined)
        }
        assert.strictEqual(yield* destination.flush, undefined)
        assert.strictEqual(yield* destination.flush, undefined)
      }).pipe(Effect.provide(layer)))
  })
