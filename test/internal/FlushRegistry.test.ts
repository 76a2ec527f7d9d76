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
})
