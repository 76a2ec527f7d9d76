/**
 * Runs a long computation in slices, so that timers and requests get their turn
 * in between.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"

/** A computation that yields after each small piece of work, where it can be paused. */
export type Work<A> = Generator<void, A, void>

/** Length of a slice in nanoseconds. A piece of work may exceed it. */
const slice = 5_000_000n

/** Does the work in slices of a few milliseconds. */
export const run = <A>(work: Work<A>): Effect.Effect<A> =>
  Effect.flatMap(Clock.Clock, (clock) => {
    const next: Effect.Effect<A> = Effect.suspend(() => {
      const end = clock.monotonicTimeNanosUnsafe() + slice
      do {
        const { done, value } = work.next()
        if (done === true) return Effect.succeed(value)
      } while (clock.monotonicTimeNanosUnsafe() < end)
      return Effect.flatMap(Effect.yieldNow, () => next)
    })
    return next
  })

/** Does the work at once. */
export const runNow = <A>(work: Work<A>): A => {
  let result = work.next()
  while (result.done !== true) result = work.next()
  return result.value
}
