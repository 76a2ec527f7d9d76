/**
 * D20: a failed step never went back to pending, `step.retry_requested` was never published, and the loop found the
 * step ready again and again without running it.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Schema } from "effect"
import * as Step from "../../src/workflow/Step.ts"
import * as Task from "../../src/workflow/Task.ts"
import * as TaskRunner from "../../src/workflow/TaskRunner.ts"
import * as recorder from "../support/recorder.ts"

const flaky = Step.make("flaky", { run: ({ attempt }) => attempt < 3 ? Effect.fail("again") : Effect.succeed(attempt) })

describe("D20 hot retry loop", () => {
  it.effect("takes a failed step back to pending with an event of its own", () =>
    Effect.gen(function*() {
      const fiber = yield* Effect.forkChild(
        TaskRunner.run(Task.make("t", { input: Schema.Void, steps: [flaky] }), undefined)
      )
      yield* recorder.advance("1 minute")
      yield* Fiber.join(fiber)
      assert.deepStrictEqual((yield* recorder.transitions).filter((line) => line.includes(" flaky ")).slice(1), [
        "step.execution_requested flaky pending→in_progress",
        "step.failed flaky in_progress→error",
        "step.retry_requested flaky error→pending",
        "step.execution_requested flaky pending→in_progress",
        "step.failed flaky in_progress→error",
        "step.retry_requested flaky error→pending",
        "step.execution_requested flaky pending→in_progress",
        "step.completed flaky in_progress→complete"
      ])
      assert.deepStrictEqual(yield* recorder.secondsOf("step.retry_requested"), ["flaky@1", "flaky@3"])
    }).pipe(Effect.provide(recorder.layer())))

  it.effect("publishes nothing while it waits for a back-off", () =>
    Effect.gen(function*() {
      yield* TaskRunner.start(Task.make("t", { input: Schema.Void, steps: [flaky] }), undefined)
      yield* recorder.advance("1 millis")
      const before = (yield* recorder.lines).length
      for (let millis = 0; millis < 900; millis += 100) yield* recorder.advance("100 millis")
      assert.lengthOf(yield* recorder.lines, before)
      assert.lengthOf(yield* recorder.named("workflow.no_viable_steps"), 1)
    }).pipe(Effect.provide(recorder.layer())))
})
