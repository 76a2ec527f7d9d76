/**
 * One snapshot for all scrapes that are written at the same time.
 *
 * @internal
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type * as Scope from "effect/Scope"
import type { MetricSnapshot } from "../../metrics/MetricSnapshot.ts"

interface Reading {
  readonly startedAt: bigint
  readonly fiber: Fiber.Fiber<MetricSnapshot>
  /** Scrapes that are not written yet. */
  users: number
}

/**
 * Gives a snapshot until the scope of a request closes. Another request in the meantime gets the same one, if its
 * reading began at most `maxAge` ago. The last request that leaves takes the snapshot with it, so that no memory is kept
 * between scrapes.
 */
export const make = (
  snapshot: Effect.Effect<MetricSnapshot>,
  maxAge: Duration.Duration
): Effect.Effect<MetricSnapshot, never, Scope.Scope> => {
  const longest = Duration.toNanosUnsafe(maxAge)
  let current: Reading | undefined

  const begin = Effect.fnUntraced(function*(startedAt: bigint) {
    // Of no request: a client that leaves must not take the reading from the others.
    const fiber = yield* Effect.forkDetach(snapshot)
    return current = { startedAt, fiber, users: 0 }
  })
  const enter = Effect.flatMap(
    Clock.monotonicTimeNanos,
    (now) =>
      current !== undefined && now - current.startedAt <= longest
        ? Effect.succeed(current)
        : begin(now)
  ).pipe(Effect.tap((reading) => Effect.sync(() => reading.users++)))

  const leave = (reading: Reading) =>
    Effect.suspend(() => {
      reading.users--
      if (reading.users > 0) return Effect.void
      if (current === reading) current = undefined
      return Fiber.interrupt(reading.fiber)
    })

  return longest === 0n
    ? snapshot
    : Effect.flatMap(Effect.acquireRelease(enter, leave), ({ fiber }) => Fiber.join(fiber))
}
