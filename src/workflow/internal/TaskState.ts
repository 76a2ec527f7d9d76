/**
 * The states of a task and the transitions between them.
 *
 * ```text
 * pending           → in_progress | error | cancelled
 * in_progress       → complete | error | cancelled | pending
 * error             → pending | resolved_manually
 * complete          → cancelled
 * resolved_manually → cancelled
 * ```
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { TransitionRefused } from "../TaskError.ts"

/**
 * The schema of a task's state.
 *
 * @category schemas
 * @since 0.1.0
 */
export const TaskState = Schema.Literals([
  "pending",
  "in_progress",
  "complete",
  "error",
  "cancelled",
  "resolved_manually"
])

/**
 * State of a task.
 *
 * @category models
 * @since 0.1.0
 */
export type TaskState = typeof TaskState.Type

/**
 * What happens to a task, named as in the event catalog.
 *
 * @category models
 * @since 0.1.0
 */
export type TaskEvent =
  | "initialize_requested"
  | "start_requested"
  | "completed"
  | "failed"
  | "retry_requested"
  | "cancelled"
  | "resolved_manually"

const transitions: { readonly [S in TaskState]: { readonly [E in TaskEvent]?: TaskState } } = {
  pending: { start_requested: "in_progress", failed: "error", cancelled: "cancelled" },
  in_progress: { completed: "complete", failed: "error", cancelled: "cancelled", initialize_requested: "pending" },
  error: { retry_requested: "pending", resolved_manually: "resolved_manually" },
  complete: { cancelled: "cancelled" },
  resolved_manually: { cancelled: "cancelled" },
  cancelled: {}
}

/**
 * Gives the state after an event, or the refusal.
 *
 * @category computations
 * @since 0.1.0
 */
export const transition = (state: TaskState, event: TaskEvent): Result.Result<TaskState, TransitionRefused> => {
  const next = transitions[state][event]
  return next === undefined
    ? Result.fail(new TransitionRefused({ subject: "task", state, event }))
    : Result.succeed(next)
}

/**
 * Whether a task in this state has ended: any state but `pending` and
 * `in_progress`.
 *
 * @category predicates
 * @since 0.1.0
 */
export const hasEnded = (state: TaskState): boolean => state !== "pending" && state !== "in_progress"
