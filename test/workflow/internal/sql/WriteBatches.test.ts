import { assert, describe, it } from "@effect/vitest"
import { Deferred, Duration, Effect, Exit, Fiber, Scope } from "effect"
import { TestClock } from "effect/testing"
import * as WriteBatches from "../../../../src/workflow/internal/sql/WriteBatches.ts"
import { quiet } from "../../../support/eventLoop.ts"

/** A writer whose first batch waits until it is told to go on. */
const gated = Effect.gen(function*() {
  const batches: Array<ReadonlyArray<number>> = []
  const gate = yield* Deferred.make<void>()
  const scope = yield* Scope.make()
  const change = yield* WriteBatches.make<number>({
    write: (changes) =>
      Effect.suspend(() => {
        batches.push(changes)
        return batches.length === 1 ? Deferred.await(gate) : Effect.void
      }),
    timeout: Duration.seconds(2)
  }).pipe(Scope.provide(scope))
  return { batches, change, gate, scope }
})

const forked = <A>(effect: Effect.Effect<A>) =>
  Effect.tap(Effect.forkChild(Effect.exit(effect), { startImmediately: true }), () => quiet)

describe("WriteBatches", () => {
  it.effect("writes what comes during a write together, in its order", () =>
    Effect.gen(function*() {
      const { batches, change, gate } = yield* gated
      const calls = yield* Effect.forEach([1, 2, 3, 4], (number) => forked(change(number)))
      yield* Deferred.succeed(gate, undefined)
      const exits = yield* Effect.forEach(calls, Fiber.join)
      assert.deepStrictEqual(batches, [[1], [2, 3, 4]])
      assert.isTrue(exits.every(Exit.isSuccess))
    }))

  it.effect("leaves out a call that nobody waits for any more", () =>
    Effect.gen(function*() {
      const { batches, change, gate } = yield* gated
      const first = yield* forked(change(1))
      const second = yield* Effect.forkChild(change(2), { startImmediately: true })
      const third = yield* forked(change(3))
      yield* Fiber.interrupt(second)
      yield* Deferred.succeed(gate, undefined)
      yield* Effect.forEach([first, third], Fiber.join)
      assert.deepStrictEqual(batches, [[1], [3]])
    }))

  it.effect("fails a batch that takes too long, and goes on with the next one", () =>
    Effect.gen(function*() {
      const { batches, change } = yield* gated
      const calls = yield* Effect.forEach([1, 2], (number) => forked(change(number)))
      yield* TestClock.adjust("2 seconds")
      const exits = yield* Effect.forEach(calls, Fiber.join)
      assert.deepStrictEqual([batches, exits.map(Exit.isSuccess)], [[[1], [2]], [false, true]])
    }))

  it.effect("fails calls at once where too many wait", () =>
    Effect.gen(function*() {
      const { batches, change, gate } = yield* gated
      const first = yield* forked(change(0))
      const waiting = yield* Effect.forEach(
        Array.from({ length: 50_000 }, (_, index) => index + 1),
        (number) => Effect.forkChild(change(number), { startImmediately: true })
      )
      assert.isTrue(Exit.hasDies(yield* Effect.exit(change(50_001))))
      yield* Deferred.succeed(gate, undefined)
      yield* Effect.forEach([first, ...waiting], (call: Fiber.Fiber<unknown>) => Fiber.join(call))
      assert.lengthOf(batches.flat(), 50_001)
      yield* change(50_002)
    }))

  it.effect("answers every call in time while a statement that cannot be interrupted hangs, and sends no other one", () =>
    Effect.gen(function*() {
      const gate = yield* Deferred.make<void>()
      const batches: Array<ReadonlyArray<number>> = []
      const change = yield* WriteBatches.make<number>({
        write: (changes) =>
          Effect.suspend(() => {
            batches.push(changes)
            return batches.length === 1 ? Effect.uninterruptible(Deferred.await(gate)) : Effect.void
          }),
        timeout: Duration.seconds(2)
      })
      const first = yield* forked(change(1))
      const second = yield* forked(change(2))
      yield* TestClock.adjust("2 seconds")
      assert.isTrue(Exit.isFailure(yield* Fiber.join(first)))
      yield* TestClock.adjust("2 seconds")
      assert.isTrue(Exit.isFailure(yield* Fiber.join(second)))
      const third = yield* forked(change(3))
      assert.deepStrictEqual(batches, [[1]])
      yield* Deferred.succeed(gate, undefined)
      assert.isTrue(Exit.isSuccess(yield* Fiber.join(third)))
      assert.deepStrictEqual(batches, [[1], [3]])
    }))

  it.effect("closes in time, and answers its calls, although a statement cannot be interrupted", () =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      const change = yield* WriteBatches.make<number>({
        write: () => Effect.uninterruptible(Effect.never),
        timeout: Duration.seconds(2)
      }).pipe(Scope.provide(scope))
      const calls = yield* Effect.forEach([1, 2], (number) => forked(change(number)))
      const closing = yield* forked(Scope.close(scope, Exit.void))
      yield* TestClock.adjust("2 seconds")
      const exits = yield* Effect.forEach([...calls, closing], Fiber.join)
      assert.deepStrictEqual(exits.map(Exit.isSuccess), [false, false, true])
    }))

  it.effect("answers every call when it closes, also one that comes later", () =>
    Effect.gen(function*() {
      const { change, scope } = yield* gated
      const calls = yield* Effect.forEach([1, 2], (number) => forked(change(number)))
      yield* Scope.close(scope, Exit.void)
      const exits = [...(yield* Effect.forEach(calls, Fiber.join)), yield* Effect.exit(change(3))]
      assert.isTrue(exits.every(Exit.isFailure))
    }))
})
