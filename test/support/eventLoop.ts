/**
 * Turns of the event loop, and what holds them up.
 */
import { Effect } from "effect"

const turn = Effect.callback<void>((resume) => {
  setImmediate(() => resume(Effect.void))
})

/** Lets the loop turn that many times. */
export const turns = (times: number) => Effect.repeat(turn, { times })

/** Lets the loop turn until something is true. */
export const turnUntil = <E, R>(condition: Effect.Effect<boolean, E, R>) =>
  Effect.repeat(Effect.andThen(turn, condition), { until: (isTrue) => isTrue })

/** Holds the loop up, which is what its delay measures. */
export const hold = (millis: number) => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, millis)
