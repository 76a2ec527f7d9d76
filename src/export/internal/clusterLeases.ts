/**
 * Leases that a cluster of `effect/cluster` gives: the runner with the singleton of a name has the lease of the name.
 *
 * **Details**
 *
 * The singleton does nothing itself. Work that runs when the singleton moves to another runner ends first: the cluster waits
 * for the end of a singleton before it gives its shard away.
 */
import * as Clock from "effect/Clock"
import type { EntityId } from "effect/cluster/EntityId"
import type { Sharding } from "effect/cluster/Sharding"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import { describeError } from "../../internal/describeError.ts"
import type { WithLease } from "./leases.ts"
import type { StoreFailure } from "./stores/StoreFailure.ts"

const shardGroup = "default"

/** A singleton of this runner starts within some turns of the event loop. */
const startTime = "1 second"

interface Owner {
  /** The number of the lease; `undefined` while another runner has it. */
  fencing: number | undefined
  last: number
  readonly started: Deferred.Deferred<void>
  /** Held while work runs. */
  readonly work: Semaphore.Semaphore
}

/** Makes the lock. The singletons of its names are registered when they are first asked for, until the scope closes. */
export const make = Effect.fnUntraced(function*<Error>(
  sharding: Sharding["Service"],
  toError: (failure: StoreFailure) => Error
): Effect.fn.Return<WithLease<Error>, never, Scope.Scope> {
  const scope = yield* Effect.scope
  const owners = new Map<string, Owner>()
  const oneAtATime = Semaphore.makeUnsafe(1)

  const begin = (owner: Owner) =>
    Effect.map(Clock.currentTimeMillis, (now) => {
      owner.last = Math.max(owner.last + 1, now)
      owner.fencing = owner.last
      Deferred.doneUnsafe(owner.started, Effect.void)
    })
  const end = (owner: Owner) =>
    Effect.andThen(
      Effect.sync(() => {
        owner.fencing = undefined
      }),
      owner.work.withPermits(1)(Effect.void)
    )

  const register = Effect.fnUntraced(function*(name: string) {
    const known = owners.get(name)
    if (known !== undefined) return known
    const owner: Owner = {
      fencing: undefined,
      last: 0,
      started: Deferred.makeUnsafe<void>(),
      work: Semaphore.makeUnsafe(1)
    }
    owners.set(name, owner)
    const singleton = `tasker-telemetry/${name}`
    yield* sharding.registerSingleton(
      singleton,
      Effect.andThen(Effect.acquireRelease(begin(owner), () => end(owner)), Effect.never),
      { shardGroup }
    ).pipe(
      Effect.provideService(Scope.Scope, scope),
      // The cluster dies if another lock of the runner has the name.
      Effect.catchDefect((defect) => {
        owners.delete(name)
        return Effect.fail(toError({ reason: "refused", message: describeError(defect).message }))
      })
    )
    if (sharding.hasShardId(sharding.getShardId(singleton as EntityId, shardGroup))) {
      yield* Effect.timeoutOption(Deferred.await(owner.started), startTime)
    }
    return owner
  }, oneAtATime.withPermits(1))

  return (name) => (effect) =>
    Effect.flatMap(register(name), (owner) => {
      const { fencing } = owner
      if (fencing === undefined) return Effect.succeedNone
      const lease = { fencing, check: Effect.sync(() => owner.fencing === fencing) }
      return owner.work.withPermitsIfAvailable(1)(Effect.suspend(() => effect(lease)))
    })
})
