import { assert, describe, it } from "@effect/vitest"
import { Duration } from "effect"
import { durationOf } from "../../../src/config/internal/durationInput.ts"

describe("durationOf", () => {
  it("takes every form of a duration", () => {
    for (const given of ["90 seconds", 90_000, { minutes: 1, seconds: 30 }, [90, 0], Duration.seconds(90)] as const) {
      assert.strictEqual(Duration.toMillis(durationOf(given, "timeout", "5 seconds")), 90_000)
    }
  })

  it.each<readonly [given: unknown, shown: string]>([
    ["10 sec", "\"10 sec\""],
    ["10", "\"10\""],
    [true, "true"],
    [null, "null"],
    [undefined, "nothing"],
    [["10 seconds"], "[\"10 seconds\"]"],
    [() => 10, "a function"]
  ])("refuses %s, and shows the value and a right one", (given, shown) => {
    assert.throws(
      () => durationOf(given as Duration.Input, "timeout of the primary", "900 millis"),
      RangeError,
      `expected a duration such as "900 millis" at timeout of the primary, got ${shown}`
    )
  })
})
