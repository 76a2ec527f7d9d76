/**
 * Registers everything that collects telemetry, so that all of it can be flushed.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"

export class FlushRegistry extends Context.Service<FlushRegistry, {
  /** Adds a flush until the scope closes. */
  readonly register: (flush: Effect.Effect<void>) => Effect.Effect<void, never, Scope.Scope>
  /** Runs all registered flushes at the same time. A slow one does not delay the others. Never fails. */
  readonly flush: Effect.Effect<void>
}>()("tasker-telemetry/internal/FlushRegistry") {
  static readonly layer: Layer.Layer<FlushRegistry> = Layer.sync(FlushRegistry, () => {
    const registered = new Set<Effect.Effect<void>>()
    return FlushRegistry.of({
      register: (flush) =>
        Effect.acquireRelease(
          Effect.sync(() => {
            registered.add(flush)
          }),
          () => Effect.sync(() => registered.delete(flush))
        ),
      // Each flush has a fiber of its own. A flush that is no Effect, or interrupts its fiber, ends the fiber without
      // any handler.
      flush: Effect.suspend(() =>
        Effect.forEach([...registered], (flush) => Effect.forkChild(Effect.suspend(() => flush)))
      ).pipe(
        Effect.flatMap((fibers) => Effect.onInterrupt(Fiber.awaitAll(fibers), () => Fiber.interruptAll(fibers))),
        Effect.asVoid
      )
    })
  })
}
