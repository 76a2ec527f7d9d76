/**
 * Asks a task store. A broken store cannot keep its caller waiting.
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { expectEffect } from "../../internal/expectEffect.ts"
import { lateness } from "./RecordWriter.ts"

/**
 * Gives the answer of a store. It fails if the store fails, throws, gives no Effect, or exceeds the time limit; the log
 * says why. A call that cannot be interrupted is left behind.
 *
 * @param timeout limit of the call
 */
export const readStore = <A>(call: () => Effect.Effect<A>, timeout: Duration.Duration): Effect.Effect<A, void> =>
  Effect.forkDetach(
    Effect.suspend(() => expectEffect("the task store", call()) as Effect.Effect<A>),
    { startImmediately: true }
  ).pipe(
    Effect.flatMap((fiber) => {
      // Most stores answer at once. Only a call that does not is watched.
      const exit = fiber.pollUnsafe()
      if (exit !== undefined) return exit
      return Fiber.join(fiber).pipe(
        Effect.timeoutOrElse({ duration: timeout, orElse: () => Effect.failCause(lateness(timeout)) }),
        Effect.onExit(() => Effect.sync(() => fiber.interruptUnsafe()))
      )
    }),
    Effect.catchCause((cause) =>
      Effect.andThen(Effect.logWarning("the task store could not be read", cause), Effect.fail(undefined))
    )
  )
