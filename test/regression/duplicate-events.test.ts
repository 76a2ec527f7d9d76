/**
 * D1: one transition was published up to three times, by every layer that took part in it.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Schema } from "effect"
import * as Step from "../../src/workflow/Step.ts"
import * as Task from "../../src/workflow/Task.ts"
import * as TaskRunner from "../../src/workflow/TaskRunner.ts"
import * as recorder from "../support/recorder.ts"

const flaky = Step.make("flaky", {
  retry: { maximumAttempts: 2 },
  run: ({ attempt }) => attempt === 1 ? Effect.fail("again") : Effect.void
})
const after = Step.make("after", { dependsOn: [flaky], run: () => Effect.sleep("1 second") })
const bad = Step.make("bad", { retry: { maximumAttempts: 1 }, run: () => Effect.fail("no") })
const blocked = Step.make("blocked", { dependsOn: [bad], run: () => Effect.void })

describe("D1 duplicate events", () => {
  it.effect("publishes every transition of a run with a retry and a failure exactly once", () =>
    Effect.gen(function*() {
      const task = Task.make("t", { input: Schema.Void, steps: [flaky, after, bad, blocked] })
      const { fiber } = yield* TaskRunner.start(task, undefined)
      yield* recorder.advance("1 minute")
      yield* Fiber.await(fiber)
      assert.deepStrictEqual(yield* recorder.lines, [
        "observability.task.enqueue",
        "task.initialize_requested ∅→pending",
        "step.initialize_requested flaky ∅→pending",
        "step.initialize_requested after ∅→pending",
        "step.initialize_requested bad ∅→pending",
        "step.initialize_requested blocked ∅→pending",
        "task.start_requested pending→in_progress",
        "workflow.viable_steps_discovered",
        "workflow.steps_execution_started",
        "step.execution_requested flaky pending→in_progress",
        "step.failed flaky in_progress→error",
        "step.execution_requested bad pending→in_progress",
        "step.failed bad in_progress→error",
        "observability.step.max_retries_reached bad",
        "workflow.steps_execution_completed",
        "observability.step.backoff flaky",
        "workflow.no_viable_steps",
        "workflow.task_reenqueue_delayed",
        "step.retry_requested flaky error→pending",
        "workflow.viable_steps_discovered",
        "workflow.steps_execution_started",
        "step.execution_requested flaky pending→in_progress",
        "step.completed flaky in_progress→complete",
        "workflow.steps_execution_completed",
        "dependency.resolved after",
        "workflow.viable_steps_discovered",
        "workflow.steps_execution_started",
        "step.execution_requested after pending→in_progress",
        "step.completed after in_progress→complete",
        "workflow.steps_execution_completed",
        "workflow.no_viable_steps",
        "workflow.task_finalization_started",
        "workflow.task_finalization_completed",
        "task.failed in_progress→error"
      ])
    }).pipe(Effect.provide(recorder.layer())))

  it.effect("publishes every transition of a cancelled run exactly once", () =>
    Effect.gen(function*() {
      const { taskId } = yield* TaskRunner.start(
        Task.make("t", { input: Schema.Void, steps: [flaky, after] }),
        undefined
      )
      yield* recorder.advance("1500 millis")
      yield* TaskRunner.cancel(taskId)
      assert.deepStrictEqual((yield* recorder.transitions).slice(3), [
        "task.start_requested pending→in_progress",
        "step.execution_requested flaky pending→in_progress",
        "step.failed flaky in_progress→error",
        "step.retry_requested flaky error→pending",
        "step.execution_requested flaky pending→in_progress",
        "step.completed flaky in_progress→complete",
        "step.execution_requested after pending→in_progress",
        "step.cancelled after in_progress→cancelled",
        "task.cancelled in_progress→cancelled"
      ])
    }).pipe(Effect.provide(recorder.layer())))

  it.effect("publishes 11 completions for 11 steps", () =>
    Effect.gen(function*() {
      const steps = Array.from({ length: 11 }, (_, index) => Step.make(`s${index}`, { run: () => Effect.void }))
      yield* TaskRunner.run(Task.make("t", { input: Schema.Void, steps }), undefined)
      assert.lengthOf(yield* recorder.named("step.completed"), 11)
      assert.lengthOf(yield* recorder.named("task.completed"), 1)
    }).pipe(Effect.provide(recorder.layer())))
})
