/**
 * Leases that an instance keeps from one export to the next. If each export gave its lease back, every instance would export
 * at each interval, one after the other. Only after a failure, the lease goes back: perhaps another instance reaches the
 * target.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import type { ExportLock, ExportLockError, Lease } from "../ExportLock.ts"

interface Kept {
  readonly lease: Lease
  readonly end: Effect.Effect<void>
}

/** Makes a lock whose leases last until the scope closes. Those of one name must be asked for one after the other. */
export const make = Effect.fnUntraced(
  function*(lock: ExportLock["Service"]): Effect.fn.Return<ExportLock["Service"], never, Scope.Scope> {
    const kept = new Map<string, Kept>()
    yield* Effect.addFinalizer(() => Effect.forEach(kept.values(), ({ end }) => end, { discard: true }))

    const acquire = Effect.fnUntraced(function*(name: string) {
      const begun = yield* Deferred.make<Option.Option<Lease>, ExportLockError>()
      const holder = yield* lock.withLease(name)((lease) =>
        Effect.andThen(Deferred.succeed(begun, Option.some(lease)), Effect.never)
      ).pipe(
        Effect.onExit((exit) =>
          Exit.isSuccess(exit) ? Deferred.succeed(begun, Option.none()) : Deferred.failCause(begun, exit.cause)
        ),
        Effect.forkDetach
      )
      const end = Effect.asVoid(Fiber.interrupt(holder))
      const lease = yield* Effect.onInterrupt(Deferred.await(begun), () => end)
      if (Option.isSome(lease)) kept.set(name, { lease: lease.value, end })
      return lease
    })

    const giveBack = Effect.fnUntraced(function*(name: string) {
      const known = kept.get(name)
      kept.delete(name)
      yield* known?.end ?? Effect.void
    })

    return {
      withLease: (name) => (run) =>
        Effect.gen(function*() {
          const known = kept.get(name)
          if (known !== undefined && !(yield* known.lease.check)) yield* giveBack(name)
          const lease = kept.get(name)?.lease ?? Option.getOrUndefined(yield* acquire(name))
          return lease === undefined
            ? Option.none()
            : Option.some(yield* Effect.onError(run(lease), () => giveBack(name)))
        })
    }
  }
)
