import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Scope } from "effect"
import { TestClock } from "effect/testing"
import { FlushRegistry } from "../../src/internal/FlushRegistry.ts"

describe("FlushRegistry", () => {
  it.effect("flushes everything registered, past what fails and what takes long, until its scope closes", () =>
    Effect.gen(function*() {
      const registry = yield* FlushRegistry
      const flushed: Array<string> = []
      const scope = yield* Scope.make()
      yield* registry.register(Effect.andThen(Effect.sleep("1 second"), Effect.sync(() => void flushed.push("late"))))
      yield* registry.register(Effect.sync(() => void flushed.push("first")))
      yield* registry.register(Effect.die(new Error("broken")))
      yield* Scope.provide(scope)(registry.register(Effect.sync(() => void flushed.push("short"))))
      yield* registry.register(Effect.sync(() => void flushed.push("last")))
      const flush = Effect.gen(function*() {
        const flushing = yield* Effect.forkChild(registry.flush)
        yield* TestClock.adjust("1 second")
        yield* Fiber.join(flushing)
        return flushed.splice(0)
      })
      assert.deepStrictEqual(yield* flush, ["first", "short", "last", "late"])
      yield* Scope.close(scope, Exit.void)
      assert.deepStrictEqual(yield* flush, ["first", "last", "late"])
    }).pipe(Effect.provide(FlushRegistry.layer)))

  it.effect("flushes the others past what ends its fiber, and never fails", () =>
    Effect.gen(function*() {
      const registry = yield* FlushRegistry
      const flushed: Array<string> = []
      yield* registry.register(Effect.andThen(Effect.sleep("1 second"), Effect.sync(() => void flushed.push("before"))))
      yield* registry.register(Effect.flatMap(Effect.yieldNow, () => 42 as unknown as Effect.Effect<void>))
      yield* registry.register(Effect.withFiber((fiber) => Fiber.interrupt(fiber)))
      yield* registry.register(42 as unknown as Effect.Effect<void>)
      yield* registry.register(Effect.andThen(Effect.sleep("1 second"), Effect.sync(() => void flushed.push("after"))))
      const flushing = yield* Effect.forkChild(registry.flush)
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(yield* Fiber.await(flushing), Exit.succeed({}))
      assert.deepStrictEqual(flushed, ["before", "after"])
    }).pipe(Effect.provide(FlushRegistry.layer)))

  it.effect("adds up the numbers by signal", () =>
    Effect.gen(function*() {
      const registry = yield* FlushRegistry
      const numbers = { exported: 1, dropped: 2, pending: 3 }
      yield* registry.register(Effect.succeed({ spans: numbers }))
      yield* registry.register(Effect.succeed({ spans: numbers, logs: numbers }))
      yield* registry.register(Effect.void)
      assert.deepStrictEqual(yield* registry.flush, {
        spans: { exported: 2, dropped: 4, pending: 6 },
        logs: numbers
      })
    }).pipe(Effect.provide(FlushRegistry.layer)))

  it.effect("breaks off what it flushes when it is interrupted", () =>
    Effect.gen(function*() {
      const registry = yield* FlushRegistry
      const brokenOff: Array<number> = []
      for (const number of [1, 2]) {
        yield* registry.register(Effect.onInterrupt(Effect.never, () => Effect.sync(() => void brokenOff.push(number))))
      }
      const flushing = yield* Effect.forkChild(registry.flush)
      yield* TestClock.adjust("1 second")
      yield* Fiber.interrupt(flushing)
      assert.deepStrictEqual(brokenOff, [1, 2])
    }).pipe(Effect.provide(FlushRegistry.layer)))
})
