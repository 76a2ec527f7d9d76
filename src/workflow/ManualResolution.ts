/**
 * A person settles a step by hand.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Correlation from "../Correlation.ts"
import type { EventBus } from "../events/EventBus.ts"
import type * as Step from "./Step.ts"
import { StepNotFound, TaskError } from "./TaskError.ts"
import { moveStep, moveTask, type RunRecords, satisfiedCount, type TaskRun } from "./TaskRun.ts"
import type { TaskSnapshot, TaskStore } from "./TaskStore.ts"
import type { TransitionRefused } from "./TransitionRefused.ts"

/** Settles a step of a running task; its dependants go on with `result`. */
export const whileRunning = (run: TaskRun, step: Step.Any, result: unknown): Effect.Effect<void, TaskError> => {
  const index = run.task.steps.indexOf(step)
  if (index < 0) return notFound(run.record.id, step)
  return resolve(run, index, () => {
    run.results[step.name] = result
    run.failedForGood[index] = false
    Queue.offerUnsafe(run.mailbox, { _tag: "Resolved", index })
  })
}

/** Settles a step of a task that has ended; the task follows when nothing of it is left unsettled. */
export const afterEnd = (options: {
  readonly bus: EventBus["Service"]
  readonly store: TaskStore["Service"]
  readonly snapshot: TaskSnapshot
  readonly step: Step.Any
}): Effect.Effect<void, TaskError> => {
  const { steps, ...record } = options.snapshot
  const index = steps.findIndex((step) => step.name === options.step.name)
  if (index < 0) return notFound(record.id, options.step)
  const records: RunRecords = { bus: options.bus, store: options.store, steps: [...steps], record }
  return resolve(records, index).pipe(
    Effect.andThen(Effect.suspend(() =>
      record.state === "error" && satisfiedCount(records) === records.steps.length
        ? inContextOf(records, moveTask(records, "resolved_manually", {}, {}))
        : Effect.void
    ))
  )
}

const resolve = (records: RunRecords, index: number, moved?: () => void): Effect.Effect<void, TaskError> =>
  inContextOf(
    records,
    moveStep(records, index, "resolved_manually", { error: undefined, nextAttemptAt: undefined }, {}, moved)
  )

/** The events belong to the task, whoever resolves it. */
const inContextOf = (
  records: RunRecords,
  effect: Effect.Effect<void, TransitionRefused>
): Effect.Effect<void, TaskError> =>
  effect.pipe(
    Effect.mapError((refused) => new TaskError({ reason: refused })),
    Effect.provideService(Correlation.CorrelationId, records.record.correlationId),
    Effect.provideService(Correlation.CurrentWorkflow, { taskId: records.record.id, taskName: records.record.name })
  )

const notFound = (taskId: string, step: Step.Any) =>
  Effect.fail(new TaskError({ reason: new StepNotFound({ taskId, stepName: step.name }) }))
