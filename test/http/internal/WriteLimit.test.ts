import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import * as TelemetryConfig from "../../../src/config/TelemetryConfig.ts"
import * as WriteLimit from "../../../src/http/internal/WriteLimit.ts"

const limited = (writesPerMinute: number) =>
  Layer.effect(TelemetryConfig.Current, TelemetryConfig.make({ http: { writesPerMinute } }).pipe(Effect.orDie))

/** Seconds to wait, or 0 if the write is let through. */
const wait = (limit: WriteLimit.WriteLimit, client = "a") =>
  Effect.match(limit(client), {
    onSuccess: () => 0,
    onFailure: ({ headers }) => Number(headers["retry-after"])
  })

describe("the limit of writes", () => {
  it.effect("lets the writes of a minute through at once, then one whenever its time has passed", () =>
    Effect.gen(function*() {
      const limit = yield* WriteLimit.make
      const first = yield* Effect.replicateEffect(wait(limit), 4)
      assert.deepStrictEqual(first, [0, 0, 0, 20])
      yield* TestClock.adjust("11 seconds")
      assert.strictEqual(yield* wait(limit), 9)
      assert.strictEqual(yield* wait(limit, "b"), 0)
      yield* TestClock.adjust("9 seconds")
      assert.deepStrictEqual([yield* wait(limit), yield* wait(limit)], [0, 20])
      yield* TestClock.adjust("1 hour")
      assert.deepStrictEqual(yield* Effect.replicateEffect(wait(limit), 4), [0, 0, 0, 20])
    }).pipe(Effect.provide(limited(3))))

  it.effect("goes on if the clock of the machine is set back", () =>
    Effect.gen(function*() {
      const clock = yield* Clock.Clock
      const hour = 3_600_000
      const setBack: Clock.Clock = Object.assign(Object.create(clock), {
        currentTimeMillisUnsafe: () => clock.currentTimeMillisUnsafe() - hour,
        currentTimeMillis: Effect.map(clock.currentTimeMillis, (now) => now - hour)
      })
      const limit = yield* WriteLimit.make
      assert.deepStrictEqual([yield* wait(limit), yield* wait(limit)], [0, 60])
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(yield* Effect.provideService(wait(limit), Clock.Clock, setBack), 0)
    }).pipe(Effect.provide(limited(1))))
})
