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

/** Fibers that wait in {@link quiet}, each of which has asked for a turn itself. */
let looking = 0

/**
 * Lets every fiber of the process run as far as it can without time passing. The signal is that no other fiber has asked
 * the loop for a turn; what comes from a socket or another process has to be waited for by its own signal.
 */
export const quiet = Effect.callback<void>((resume) => {
  const look = () => {
    looking--
    const turns = process.getActiveResourcesInfo().filter((name) => name === "Immediate").length
    if (turns > looking) next = ask()
    else resume(Effect.void)
  }
  const ask = () => {
    looking++
    return setImmediate(look)
  }
  let next = ask()
  return Effect.sync(() => {
    looking--
    clearImmediate(next)
  })
})

/** Holds the loop up, which is what its delay measures. */
export const hold = (millis: number) => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, millis)
