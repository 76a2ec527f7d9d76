/**
 * Leases over a store: who has one extends it while the work runs, and releases it at the end.
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import { durationOf } from "../../config/internal/durationInput.ts"
import { inBackground } from "../../internal/BackgroundClock.ts"
import { uuid } from "../../internal/identifiers.ts"
import type { StoreFailure } from "./stores/StoreFailure.ts"
import { answered } from "./stores/StoreFailure.ts"

/** Where leases are. Only the owner of a lease knows its token. */
export interface LeaseStore {
  /** Gives the fencing number of a new lease; `None` if there is a lease. */
  readonly acquire: (name: string, token: string, ttlMillis: number) => Effect.Effect<Option.Option<number>, unknown>
  /** Whether the token has the lease, which then ends `ttlMillis` from now. */
  readonly extend: (name: string, token: string, ttlMillis: number) => Effect.Effect<boolean, unknown>
  /** Ends the lease of the token. */
  readonly release: (name: string, token: string) => Effect.Effect<void, unknown>
}

interface Lease {
  readonly fencing: number
  readonly check: Effect.Effect<boolean>
}

interface LeaseOptions {
  readonly ttl?: Duration.Input | undefined
}

interface Options extends LeaseOptions {
  readonly timeout?: Duration.Input | undefined
}

export type WithLease<Error> = (
  name: string,
  options?: LeaseOptions
) => <A, E, R>(effect: (lease: Lease) => Effect.Effect<A, E, R>) => Effect.Effect<Option.Option<A>, E | Error, R>

/** How many times a lease is extended before it would end. */
const extensions = 3

const ttlOf = (given: Duration.Input): number => {
  const duration = durationOf(given, "ttl of the lease", "30 seconds")
  const millis = Duration.toMillis(duration)
  if (Number.isFinite(millis) && millis >= extensions) return Math.ceil(millis)
  throw new RangeError(`expected a finite duration of at least 3 milliseconds at ttl of the lease, got ${millis} ms`)
}

/** Makes the lock of a store. @param toError makes the error of the public module */
export const make = Effect.fnUntraced(function*<Error>(
  store: LeaseStore,
  options: Options,
  toError: (failure: StoreFailure) => Error
): Effect.fn.Return<{ readonly withLease: WithLease<Error> }> {
  const ttl = ttlOf(options.ttl ?? "30 seconds")
  const timeout = Duration.toMillis(durationOf(options.timeout ?? "2 seconds", "timeout of the lock", "2 seconds"))

  const withLease: WithLease<Error> = (name, { ttl: given } = {}) => (effect) =>
    Effect.uninterruptibleMask((restore) =>
      Effect.gen(function*() {
        const ttlMillis = given === undefined ? ttl : ttlOf(given)
        const limit = Duration.millis(Math.min(timeout, ttlMillis / extensions))
        const token = yield* uuid
        const release = Effect.ignoreCause(answered(store.release(name, token), limit))
        const begin = yield* Clock.monotonicTimeNanos
        const fencing = yield* restore(answered(store.acquire(name, token, ttlMillis), limit)).pipe(
          // The store may have given the lease without our knowing.
          Effect.onError((cause) => isUndecided(cause) ? Effect.forkDetach(release) : Effect.void),
          Effect.mapError(toError)
        )
        if (Option.isNone(fencing)) return Option.none()
        const validity = yield* makeValidity(
          answered(store.extend(name, token, ttlMillis), limit),
          begin,
          BigInt(ttlMillis) * 1_000_000n
        )
        const keeper = yield* Effect.forkChild(
          inBackground(Effect.interruptible(Effect.forever(
            Effect.delay(validity.extend, Duration.millis(ttlMillis / extensions))
          )))
        )
        return yield* restore(effect({ fencing: fencing.value, check: validity.check })).pipe(
          Effect.onExit(() => Effect.andThen(Fiber.interrupt(keeper), release)),
          Effect.asSome
        )
      })
    )
  return { withLease }
})

/** Whether the store may have done what it was asked. */
const isUndecided = (cause: Cause.Cause<StoreFailure>): boolean =>
  cause.reasons.some((reason) => !Cause.isFailReason(reason) || reason.error.reason === "timeout")

/**
 * Knows how long a lease is valid. The time counts from before each question, so that it ends here no later than in the
 * store.
 */
const makeValidity = (ask: Effect.Effect<boolean, StoreFailure>, begin: bigint, ttlNanos: bigint) =>
  Effect.sync(() => {
    let until = begin + ttlNanos
    let isOver = false
    const isValid = Effect.map(Clock.monotonicTimeNanos, (now) => {
      // An ended lease does not come back, even if a late answer says so.
      isOver ||= now >= until
      return !isOver
    })
    const extend = Effect.gen(function*() {
      const asked = yield* Clock.monotonicTimeNanos
      const isOwner = yield* Effect.option(ask)
      if (Option.isNone(isOwner)) return
      if (!isOwner.value) isOver = true
      else if (asked + ttlNanos > until) until = asked + ttlNanos
    })
    const check = Effect.flatMap(isValid, (valid) => valid ? Effect.andThen(extend, isValid) : Effect.succeed(false))
    return { extend, check }
  })

/** Gives each caller a lease. */
export const unlimited: Effect.Effect<WithLease<never>> = Effect.sync(() => {
  let last = 0
  return () => (effect) =>
    Effect.flatMap(Clock.currentTimeMillis, (now) => {
      last = Math.max(last + 1, now)
      return Effect.map(effect({ fencing: last, check: Effect.succeed(true) }), Option.some)
    })
})
