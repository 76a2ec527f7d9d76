/**
 * Keeps other fibers from running while the state of a step is read and changed.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { PreventSchedulerYield } from "effect/Scheduler"
import type { TaskRun } from "./TaskRun.ts"

/**
 * Runs an effect, and lets no other fiber run in between except within `outside`. A span starts after the step's state
 * is read and before the step moves. If other fibers ran then, they could settle the step, and the span would belong to
 * no attempt.
 *
 * **Details**
 *
 * `outside` runs a part in the context from before, with what `provide` adds. The changed context is made once for
 * attempts that share their context, because the runtime reads a dozen services from each such context.
 */
export const inOneTurn = (
  run: TaskRun,
  use: (
    outside: <A, E>(
      effect: Effect.Effect<A, E, unknown>,
      provide: (context: Context.Context<unknown>) => Context.Context<unknown>
    ) => Effect.Effect<A, E, unknown>
  ) => Effect.Effect<void, never, unknown>
): Effect.Effect<void, never, unknown> => {
  let before: Context.Context<unknown>
  return Effect.updateContext(
    use((effect, provide) => Effect.updateContext(effect, () => provide(before))),
    (context) => {
      before = context
      if (run.turn?.outside !== context) {
        run.turn = { outside: context, inside: Context.add(context, PreventSchedulerYield, true) }
      }
      return run.turn.inside
    }
  )
}
