/**
 * Resolves a step by hand.
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Queue from "effect/Queue"
import * as Semaphore from "effect/Semaphore"
import type { EventBus } from "../../events/EventBus.ts"
import { NotRunning, StepNotFound, StoreFailed, TaskError } from "../TaskError.ts"
import type { TaskRecord, TaskSnapshot, TaskStore } from "../TaskStore.ts"
import * as RecordWriter from "./RecordWriter.ts"
import { contextOf, moveStep, moveTask, type RunRecords, satisfiedCount, snapshotOf, type TaskRun } from "./TaskRun.ts"
import { hasEnded } from "./TaskState.ts"

/**
 * Resolves a step of a running task; its dependants go on with `result`. Gives `undefined` if the loop of the run is
 * over and cannot take the resolution.
 */
export const whileRunning = (
  run: TaskRun,
  stepName: string,
  result: unknown
): Effect.Effect<TaskSnapshot | undefined, TaskError> =>
  inContextOf(run.record, (fiber) => {
    if (run.over) return Effect.undefined
    return Effect.map(
      resolve(fiber, run, stepName, (index) => {
        run.results[stepName] = result
        run.failedForGood[index] = false
        Queue.offerUnsafe(run.mailbox, { _tag: "Resolved", index })
      }),
      () => snapshotOf(run)
    )
  })

/**
 * Resolves a step of an ended task. If no unsettled step is left, the task becomes resolved, too. It fails if the store
 * does not take the records. Two resolutions of one task must not run at the same time, see {@link makeExclusion}.
 */
export const afterEnd = (options: {
  readonly bus: EventBus["Service"]
  readonly store: TaskStore["Service"]
  readonly timeout: Duration.Duration
  readonly snapshot: TaskSnapshot
  readonly stepName: string
}): Effect.Effect<TaskSnapshot, TaskError> => {
  const { bus, snapshot: { steps, ...record }, stepName, store, timeout } = options
  if (!hasEnded(record.state)) {
    return Effect.fail(new TaskError({ reason: new NotRunning({ taskId: record.id, state: record.state }) }))
  }
  // The next resolution must find the records of this one.
  return Effect.uninterruptible(inContextOf(record, (fiber) => {
    const writer = RecordWriter.make({ store, taskId: record.id, context: () => fiber.context, timeout })
    const records: RunRecords = { bus, writer, steps: [...steps], record }
    return resolve(fiber, records, stepName).pipe(
      Effect.andThen(Effect.suspend(() => {
        if (record.state === "error" && satisfiedCount(records) === records.steps.length) {
          moveTask(fiber, records, "resolved_manually", {}, {})
        }
        return writer.end
      })),
      Effect.flatMap((isWritten) =>
        isWritten
          ? Effect.succeed({ ...records.record, steps: records.steps })
          : Effect.fail(new TaskError({ reason: new StoreFailed({ taskId: record.id, operation: "write" }) }))
      )
    )
  }))
}

/** Runs the resolutions of one ended task one after the other, because each one reads, decides and writes. */
export const makeExclusion = () => {
  const locks = new Map<string, { readonly lock: Semaphore.Semaphore; users: number }>()
  return <A, E>(taskId: string, resolution: Effect.Effect<A, E>): Effect.Effect<A, E> =>
    Effect.acquireUseRelease(
      Effect.sync(() => {
        const entry = locks.get(taskId) ?? { lock: Semaphore.makeUnsafe(1), users: 0 }
        entry.users++
        locks.set(taskId, entry)
        return entry
      }),
      ({ lock }) => lock.withPermit(resolution),
      (entry) =>
        Effect.sync(() => {
          if (--entry.users === 0) locks.delete(taskId)
        })
    )
}

/** The step is found by its name, because the store has only names. */
const resolve = (
  fiber: Fiber.Fiber<unknown, unknown>,
  records: RunRecords,
  name: string,
  moved?: (index: number) => void
): Effect.Effect<void, TaskError> => {
  const taskId = records.record.id
  const index = records.steps.findIndex((step) => step.name === name)
  if (index < 0) return Effect.fail(new TaskError({ reason: new StepNotFound({ taskId, stepName: name }) }))
  const change = { error: undefined, nextAttemptAt: undefined }
  const refused = moveStep(fiber, records, index, "resolved_manually", change, {}, () => moved?.(index))
  return refused === undefined ? Effect.void : Effect.fail(new TaskError({ reason: refused }))
}

/** The events get the task's correlation id, not the caller's. */
const inContextOf = <A, E>(
  record: TaskRecord,
  use: (fiber: Fiber.Fiber<unknown, unknown>) => Effect.Effect<A, E>
): Effect.Effect<A, E> => Effect.updateContext(Effect.withFiber(use), (context) => contextOf(context, record))
