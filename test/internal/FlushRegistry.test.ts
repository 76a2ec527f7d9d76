import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Scope } from "effect"
import { FlushRegistry } from "../../src/internal/FlushRegistry.ts"

describe("FlushRegistry", () => {
  it.effect("flushes everything registered one after the other, past what fails, until its scope closes", () =>
    Effect.gen(function*() {
      const registry = yield* FlushRegistry
      const flushed: Array<string> = []
      const scope = yield* Scope.make()
      yield* registry.register(Effect.sync(() => void flushed.push("first")))
      yield* registry.register(Effect.die(new Error("broken")))
      yield* Scope.provide(scope)(registry.register(Effect.sync(() => void flushed.push("short"))))
      yield* registry.register(Effect.sync(() => void flushed.push("last")))
      yield* registry.flush
      assert.deepStrictEqual(flushed.splice(0), ["first", "short", "last"])
      yield* Scope.close(scope, Exit.void)
      yield* registry.flush
      assert.deepStrictEqual(flushed, ["first", "last"])
    }).pipe(Effect.provide(FlushRegistry.layer)))
})
