/**
 * Time for work that goes on beside the program, such as the pause before the next batch. The runtime provides a clock
 * whose timers let the process end.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"

/** Gives the clock of background work, from the clock of the program. */
export const BackgroundClock: Context.Reference<(clock: Clock.Clock) => Clock.Clock> = Context.Reference(
  "tasker-telemetry/internal/BackgroundClock",
  { defaultValue: () => (clock) => clock }
)

/** Runs an effect so that its sleeps and time limits do not keep the process alive. */
export const inBackground = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.flatMap(BackgroundClock, (toBackground) => Effect.updateService(effect, Clock.Clock, toBackground))
