/**
 * Ends a run: cancels steps that still wait, decides the final state, and
 * publishes it.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { StepRecord } from "../TaskStore.ts"
import { type ExecutionStatus, executionStatus, type StepCounts } from "./StepGraph.ts"
import { satisfiesDependants } from "./StepState.ts"
import { moveStep, satisfiedCount, taskFields, type TaskRun } from "./TaskRun.ts"

/** The defects of an exit, without interruptions. */
export const defectOf = (exit: Exit.Exit<unknown, unknown>): Cause.Cause<never> | undefined => {
  if (Exit.isSuccess(exit)) return undefined
  const defects = exit.cause.reasons.filter(Cause.isDieReason)
  return defects.length === 0 ? undefined : Cause.fromReasons(defects)
}

/** Counts the steps of a run by their situation. */
const counts = (run: TaskRun): StepCounts => {
  const satisfied = satisfiedCount(run)
  const isReady = (step: StepRecord, index: number) =>
    step.state === "pending" &&
    (run.task.graph.dependencies[index] ?? []).every((needed) =>
      satisfiesDependants((run.steps[needed] as StepRecord).state)
    )
  return {
    total: run.steps.length,
    satisfied,
    inProgress: run.steps.filter((step) => step.state === "in_progress").length,
    ready: run.steps.filter(isReady).length,
    blocked: run.steps.filter((step, index) => step.state === "error" && run.failedForGood[index] === true).length
  }
}

/** Cancels the steps that were left when the run was cancelled or interrupted, and publishes how the run ends. */
export const finalize = (run: TaskRun): Effect.Effect<void, never, unknown> =>
  Effect.suspend(() => {
    const status: ExecutionStatus = executionStatus(counts(run))
    const fields = { ...taskFields(run.record), executionStatus: status }
    return run.bus.publish("workflow.task_finalization_started", fields).pipe(
      Effect.andThen(
        run.interrupted || run.cancelRequested
          ? Effect.forEach(run.steps, (_, index) => cancelPending(run, index), { discard: true })
          : Effect.void
      ),
      Effect.andThen(Effect.suspend(() =>
        run.bus.publish("workflow.task_finalization_completed", { ...fields, finalStatus: finalState(run) })
      ))
    )
  })

/**
 * Gives the state in which a run ends. A defect of the loop comes first. A run that was stopped from outside is
 * cancelled. Otherwise a failed step counts more than a cancelled one.
 */
export const finalState = (run: TaskRun): "complete" | "error" | "cancelled" => {
  if (run.defect !== undefined) return "error"
  if (satisfiedCount(run) === run.steps.length) return "complete"
  if (run.cancelRequested || run.interrupted) return "cancelled"
  return run.steps.some((step, index) => step.state === "error" && run.failedForGood[index] === true)
    ? "error"
    : "cancelled"
}

/** Cancels a step if it waits. The result says whether it did. */
export const cancelPending = (run: TaskRun, index: number): Effect.Effect<boolean> =>
  Effect.withFiber((fiber) => {
    if (run.steps[index]?.state !== "pending") return Effect.succeed(false)
    moveStep(fiber, run, index, "cancelled", {}, { queueSeconds: 0, durationSeconds: 0, totalSeconds: 0 })
    return Effect.succeed(true)
  })
