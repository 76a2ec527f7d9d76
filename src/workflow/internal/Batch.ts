/**
 * Steps that start together. A batch has a span, events at its start and end, and
 * a fiber for each attempt.
 */
import type * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { Attribute, SpanName } from "../../Conventions.ts"
import { withSpan } from "../../internal/ownSpans.ts"
import type { StepRecord } from "../TaskStore.ts"
import * as StepExecutor from "./StepExecutor.ts"
import { secondsBetween, taskFields, type TaskRun } from "./TaskRun.ts"

/** Names are for people, so a span needs no more than this. */
const mostNames = 50
export const someNames = (run: TaskRun, indices: ReadonlyArray<number>) =>
  indices.slice(0, mostNames).map((index) => (run.steps[index] as StepRecord).name)

/**
 * Runs the next attempts of the given steps. Only the attempts can be
 * interrupted.
 *
 * @param number number of the batch within the run, from 1
 */
export const execute = (
  run: TaskRun,
  clock: Clock.Clock,
  number: number,
  indices: ReadonlyArray<number>
): Effect.Effect<void, never, unknown> => {
  const limit = run.settings.batchTimeout(indices.length)
  const steps = forkAll(indices.map((index) => StepExecutor.attempt(run, index, limit)))
  return withSpan(SpanName.batch, {
    attributes: {
      [Attribute.taskId]: run.record.id,
      [Attribute.batchNumber]: number,
      [Attribute.stepCount]: indices.length,
      [Attribute.stepNames]: someNames(run, indices)
    }
  }, () => {
    const start = clock.monotonicTimeNanosUnsafe()
    return run.bus.publish("workflow.steps_execution_started", {
      ...taskFields(run.record),
      stepCount: indices.length
    }).pipe(
      Effect.andThen(steps),
      // A loop that is over gets no message about a lost attempt.
      Effect.ensuring(Effect.forEach(indices, (index) => StepExecutor.settleLost(run, index), { discard: true })),
      Effect.ensuring(Effect.suspend(() =>
        run.bus.publish("workflow.steps_execution_completed", {
          ...taskFields(run.record),
          stepCount: indices.length,
          completedCount: indices.filter((index) => run.steps[index]?.state === "complete").length,
          durationSeconds: secondsBetween(start, clock.monotonicTimeNanosUnsafe())
        })
      ))
    )
  })
}

/** Runs each attempt in a fiber of its own. If one is interrupted or lost, the others go on. */
const forkAll = (
  attempts: ReadonlyArray<Effect.Effect<void, never, unknown>>
): Effect.Effect<unknown, never, unknown> =>
  Effect.flatMap(
    Effect.forEach(attempts, (attempt) => Effect.forkChild(attempt, { startImmediately: true })),
    (fibers) => Effect.onInterrupt(Effect.interruptible(Fiber.awaitAll(fibers)), () => Fiber.interruptAll(fibers))
  )
