/**
 * Shares one snapshot among all scrapes that are written at the same time.
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
 * Gives a snapshot until the scope of a request closes. Meanwhile other requests get the same snapshot, if its reading
 * began at most `maxAge` ago. The last request drops it, so no memory is kept between scrapes.
 */
export const make = (
  snapshot: Effect.Effect<MetricSnapshot>,
  maxAge: Duration.Duration
): Effect.Effect<MetricSnapshot, never, Scope.Scope> => {
  const longest = Duration.toNanosUnsafe(maxAge)
  let current: Reading | undefined

  const begin = Effect.fnUntraced(function*(startedAt: bigint) {
    // The fiber belongs to no request, because a client that leaves must not stop the reading of the others.
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
