/**
 * D29: a task with a step that failed for good was called healthy as long as anything else was ready or ran.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Schema } from "effect"
import * as Step from "../../src/workflow/Step.ts"
import * as Task from "../../src/workflow/Task.ts"
import * as TaskRunner from "../../src/workflow/TaskRunner.ts"
import * as recorder from "../support/recorder.ts"

describe("D29 status precedence", () => {
  it.effect("finalizes a run with a failed step as blocked although the rest is complete", () =>
    Effect.gen(function*() {
      const bad = Step.make("bad", { retry: { maximumAttempts: 1 }, run: () => Effect.fail("no") })
      const good = Step.make("good", { run: () => Effect.sleep("5 seconds") })
      const { fiber } = yield* TaskRunner.start(Task.make("t", { input: Schema.Void, steps: [bad, good] }), undefined)
      yield* recorder.advance("1 minute")
      yield* Fiber.await(fiber)
      const [decided] = yield* recorder.named("workflow.task_finalization_started")
      assert.strictEqual(decided?.payload.executionStatus, "blocked_by_failures")
    }).pipe(Effect.provide(recorder.layer())))
})
