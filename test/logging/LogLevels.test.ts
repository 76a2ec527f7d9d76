import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit } from "effect"
import { TestClock } from "effect/testing"
import * as LogLevels from "../../src/logging/LogLevels.ts"
import * as TestTelemetry from "../support/TestTelemetry.ts"

const runtime = TestTelemetry.layer(LogLevels.layer, { logging: { level: "Info", runtimeLevels: true } })

describe("LogLevels", () => {
  it.effect("holds a level for a time in any form of a duration", () =>
    Effect.gen(function*() {
      const levels = yield* LogLevels.LogLevels
      for (const time of ["10 minutes", 600_000, { minutes: 10 }] as const) {
        yield* levels.set({ level: "Debug", for: time })
        const [before] = yield* levels.active
        yield* TestClock.adjust("10 minutes")
        const [after] = yield* levels.active
        assert.deepStrictEqual([before?.level, after?.level], ["Debug", "Info"])
      }
    }).pipe(Effect.provide(runtime)))

  it.effect("refuses a time that is no duration", () =>
    Effect.gen(function*() {
      const { set } = yield* LogLevels.LogLevels
      assert.deepStrictEqual(
        yield* Effect.exit(set({ level: "Debug", for: "10 min" as never })),
        Exit.die(
          new RangeError("expected a duration such as \"10 minutes\" at for, got \"10 min\"")
        )
      )
    }).pipe(Effect.provide(runtime)))
})
