import { assert, describe, it } from "@effect/vitest"
import { Deferred, Duration, Effect, Exit, Fiber, Scope } from "effect"
import { TestClock } from "effect/testing"
import * as SharedSnapshot from "../../../src/http/internal/SharedSnapshot.ts"
import type { MetricSnapshot } from "../../../src/metrics/MetricSnapshot.ts"
import { advance, quiet } from "../../support/recorder.ts"

/** A store that counts its readings; each one waits until it is let go. */
const counting = Effect.gen(function*() {
  const gate = yield* Deferred.make<void>()
  const state = { readings: 0, interrupted: 0 }
  const snapshot = Effect.suspend(() => {
    const timeMillis = ++state.readings
    return Effect.as(Deferred.await(gate), { timeMillis, metrics: [] } satisfies MetricSnapshot)
  }).pipe(Effect.onInterrupt(() => Effect.sync(() => state.interrupted++)))
  return { state, snapshot, open: Deferred.succeed(gate, undefined) }
})

/** Enters like a request whose scope the test closes. */
const request = (shared: Effect.Effect<MetricSnapshot, never, Scope.Scope>) =>
  Effect.gen(function*() {
    const scope = yield* Scope.make()
    const fiber = yield* Effect.forkChild(Effect.provideService(shared, Scope.Scope, scope))
    yield* quiet
    return {
      number: Effect.map(Fiber.join(fiber), ({ timeMillis }) => timeMillis),
      leave: Effect.andThen(Fiber.interrupt(fiber), Scope.close(scope, Exit.void))
    }
  })

describe("SharedSnapshot", () => {
  it.effect("gives requests at the same time one reading, and the next ones another", () =>
    Effect.gen(function*() {
      const { open, snapshot, state } = yield* counting
      const shared = SharedSnapshot.make(snapshot, Duration.seconds(1))
      const first = yield* request(shared)
      const second = yield* request(shared)
      yield* open
      yield* advance("1 second")
      const third = yield* request(shared)
      assert.deepStrictEqual([yield* first.number, yield* second.number, yield* third.number], [1, 1, 1])
      yield* Effect.forEach([first, second, third], ({ leave }) => leave)
      const fourth = yield* request(shared)
      assert.deepStrictEqual([yield* fourth.number, state.readings], [2, 2])
    }))

  it.effect("reads anew where the reading began too long ago, though it is still being written", () =>
    Effect.gen(function*() {
      const { open, snapshot } = yield* counting
      yield* open
      const shared = SharedSnapshot.make(snapshot, Duration.seconds(1))
      const first = yield* request(shared)
      yield* TestClock.adjust("1001 millis")
      const second = yield* request(shared)
      const third = yield* request(shared)
      assert.deepStrictEqual([yield* first.number, yield* second.number, yield* third.number], [1, 2, 2])
      yield* first.leave
      assert.strictEqual(yield* (yield* request(shared)).number, 2)
    }))

  it.effect("goes on reading where one of two clients leaves, and stops where both do", () =>
    Effect.gen(function*() {
      const { open, snapshot, state } = yield* counting
      const shared = SharedSnapshot.make(snapshot, Duration.seconds(1))
      const first = yield* request(shared)
      const second = yield* request(shared)
      yield* first.leave
      assert.strictEqual(state.interrupted, 0)
      yield* second.leave
      assert.strictEqual(state.interrupted, 1)
      yield* open
      assert.strictEqual(yield* (yield* request(shared)).number, 2)
    }))

  it.effect("shares nothing with an age of 0", () =>
    Effect.gen(function*() {
      const { open, snapshot } = yield* counting
      yield* open
      const shared = SharedSnapshot.make(snapshot, Duration.zero)
      const all = yield* Effect.forEach([1, 2, 3], () => request(shared))
      assert.deepStrictEqual(yield* Effect.forEach(all, ({ number }) => number), [1, 2, 3])
    }))

  it.effect("gives the defect of a reading to all who wait for it", () =>
    Effect.gen(function*() {
      const shared = SharedSnapshot.make(Effect.andThen(Effect.yieldNow, Effect.die("broken")), Duration.seconds(1))
      const exits = yield* Effect.all([Effect.exit(shared), Effect.exit(shared)], { concurrency: 2 })
      assert.deepStrictEqual(exits.map(String), [String(Exit.die("broken")), String(Exit.die("broken"))])
      assert.isTrue(Exit.isFailure(yield* Effect.exit(Effect.scoped(shared))))
    }).pipe(Effect.scoped))
})
