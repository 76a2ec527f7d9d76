/**
 * Long computations in slices, between which everything else has its turn.
 *
 * @internal
 */
import * as Effect from "effect/Effect"

/** A computation that stops at each `yield` and gives its result in the end. */
export type Sliced<A> = Generator<void, A, void>

/** The result, without a break. */
export const atOnce = <A>(computation: Sliced<A>): A => {
  for (;;) {
    const step = computation.next()
    if (step.done === true) return step.value
  }
}

/** The result; timers and input run at each stop. */
export const inSlices = <A>(computation: () => Sliced<A>): Effect.Effect<A> =>
  Effect.suspend(() => {
    const running = computation()
    let step = running.next()
    return Effect.whileLoop({
      while: () => step.done !== true,
      body: () => Effect.yieldNow,
      step: () => {
        step = running.next()
      }
    }).pipe(Effect.map(() => step.value as A))
  })
