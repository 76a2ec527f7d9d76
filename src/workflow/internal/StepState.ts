/**
 * The states of a step and the transitions between them.
 *
 * ```text
 * pending     → in_progress | complete | error | cancelled | resolved_manually
 * in_progress → complete | error | cancelled
 * error       → pending | resolved_manually
 * ```
 *
 * `complete`, `cancelled` and `resolved_manually` are final.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { TransitionRefused } from "../TaskError.ts"

/**
 * The schema of a step's state.
 *
 * @category schemas
 * @since 0.1.0
 */
export const StepState = Schema.Literals([
  "pending",
  "in_progress",
  "complete",
  "error",
  "cancelled",
  "resolved_manually"
])

/**
 * State of a step.
 *
 * @category models
 * @since 0.1.0
 */
export type StepState = typeof StepState.Type

/**
 * The events that move a step, named as in the catalog. `skipped` is
 * `observability.step.skip` there.
 *
 * @category models
 * @since 0.1.0
 */
export type StepEvent =
  | "execution_requested"
  | "completed"
  | "skipped"
  | "failed"
  | "retry_requested"
  | "cancelled"
  | "resolved_manually"

const transitions: { readonly [S in StepState]: { readonly [E in StepEvent]?: StepState } } = {
  pending: {
    execution_requested: "in_progress",
    skipped: "complete",
    failed: "error",
    cancelled: "cancelled",
    resolved_manually: "resolved_manually"
  },
  in_progress: { completed: "complete", failed: "error", cancelled: "cancelled" },
  error: { retry_requested: "pending", resolved_manually: "resolved_manually" },
  complete: {},
  cancelled: {},
  resolved_manually: {}
}

/**
 * Gives the state after an event, or the refusal.
 *
 * @category computations
 * @since 0.1.0
 */
export const transition = (state: StepState, event: StepEvent): Result.Result<StepState, TransitionRefused> => {
  const next = transitions[state][event]
  return next === undefined
    ? Result.fail(new TransitionRefused({ subject: "step", state, event }))
    : Result.succeed(next)
}

/**
 * Whether a step in this state lets its dependants start, which `complete` and
 * `resolved_manually` do.
 *
 * @category predicates
 * @since 0.1.0
 */
export const satisfiesDependants = (state: StepState): boolean => state === "complete" || state === "resolved_manually"
