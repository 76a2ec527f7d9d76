/**
 * A time limit for code of others, which may refuse to be interrupted.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Schema from "effect/Schema"

/** Code of others did not end in time. */
export class TimedOut extends Schema.TaggedError<TimedOut>()("TimedOut", { message: Schema.String }) {}

/**
 * Runs an effect in a fiber of its own. When the time is up, it fails at once and interrupts the fiber without waiting for
 * it. An effect that interrupts its own fiber ends only that fiber.
 */
export const withinTime = <A, E, R>(
  effect: Effect.Effect<A, E, R>,
  limit: Duration.Duration
): Effect.Effect<A, E | TimedOut, R> =>
  Effect.flatMap(
    Effect.forkDetach(effect, { startImmediately: true }),
    (fiber) =>
      Effect.timeoutOrElse(Fiber.join(fiber), {
        duration: limit,
        orElse: () => new TimedOut({ message: `it did not end within ${Duration.format(limit)}` })
      }).pipe(
        Effect.onExit(() => Effect.sync(() => fiber.interruptUnsafe()))
      )
  )
