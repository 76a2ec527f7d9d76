/**
 * Changes what is said about a run that waits for its start.
 */
import * as Effect from "effect/Effect"
import * as Redaction from "../../redaction/Redaction.ts"
import { NotRunning, TaskError, TransitionRefused } from "../TaskError.ts"
import type { TaskSnapshot } from "../TaskStore.ts"
import * as runFacts from "./runFacts.ts"
import * as StartDelay from "./StartDelay.ts"
import { snapshotOf, type TaskRun } from "./TaskRun.ts"
import { hasEnded } from "./TaskState.ts"

/** What is changed. What is not given stays. */
export interface Change {
  readonly tags?: unknown
  readonly reason?: unknown
}

/**
 * @param run the run, if it is a live one of this process
 * @param stored reads a run that is none
 */
export const amend = Effect.fnUntraced(function*(
  run: TaskRun | undefined,
  stored: Effect.Effect<TaskSnapshot, TaskError>,
  change: Change
): Effect.fn.Return<TaskSnapshot, TaskError> {
  const facts = runFacts.accept({ tags: change.tags, reason: change.reason }, yield* Redaction.Current)
  if (run === undefined) {
    const { id, state } = yield* stored
    return yield* hasEnded(state)
      ? refusal(state, "amended")
      : Effect.fail(new TaskError({ reason: new NotRunning({ taskId: id, state }) }))
  }
  if (!StartDelay.isWaiting(run)) return yield* refusal(run.record.state, "amended")
  const { reason, tags, ...rest } = run.record
  run.record = {
    ...rest,
    ...(change.tags === undefined && tags !== undefined ? { tags } : {}),
    ...(change.reason === undefined && reason !== undefined ? { reason } : {}),
    ...facts
  }
  run.writer.task(run.record, run.steps)
  return snapshotOf(run)
})

/** The failure of what a run in a state does not take. */
export const refusal = (state: string, event: string) =>
  Effect.fail(new TaskError({ reason: new TransitionRefused({ subject: "task", state, event }) }))
