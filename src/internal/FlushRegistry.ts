/**
 * Everything that holds telemetry back for a moment, so that it can be asked to
 * let go of it.
 *
 * @internal
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"

export class FlushRegistry extends Context.Service<FlushRegistry, {
  /** Adds something to flush until the scope closes. */
  readonly register: (flush: Effect.Effect<void>) => Effect.Effect<void, never, Scope.Scope>
  /** Flushes everything that is registered, all at once: what cannot be delivered holds up nothing else. Never fails. */
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
      // On a fiber each: what comes to no Effect, or interrupts its fiber, ends it past everything that would catch a failure.
      flush: Effect.suspend(() =>
        Effect.forEach([...registered], (flush) => Effect.forkChild(Effect.suspend(() => flush)))
      ).pipe(
        Effect.flatMap((fibers) => Effect.onInterrupt(Fiber.awaitAll(fibers), () => Fiber.interruptAll(fibers))),
        Effect.asVoid
      )
    })
  })
}
