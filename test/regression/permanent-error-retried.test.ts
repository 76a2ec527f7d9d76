/**
 * D21: a `PermanentError` did not stop the retries of its step.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, type Exit, Fiber, Schema } from "effect"
import * as Step from "../../src/workflow/Step.ts"
import * as StepError from "../../src/workflow/StepError.ts"
import * as Task from "../../src/workflow/Task.ts"
import * as TaskRunner from "../../src/workflow/TaskRunner.ts"
import * as recorder from "../support/recorder.ts"

describe("D21 permanent error retried", () => {
  it.effect.each(
    [
      ["a PermanentError", Effect.fail(new StepError.PermanentError({ message: "card refused" }))],
      ["an HTTP 404", StepError.fromHttpStatus(404)]
    ] as const
  )("runs a step that fails with %s once", ([, failure]) =>
    Effect.gen(function*() {
      const step = Step.make("charge", { retry: { maximumAttempts: 5 }, run: () => failure })
      const { fiber, taskId } = yield* TaskRunner.start(
        Task.make("t", { input: Schema.Void, steps: [step] }),
        undefined
      )
      yield* recorder.advance("1 hour")
      assert.deepStrictEqual(
        yield* Fiber.await(fiber),
        yield* Effect.exit(failure) as Effect.Effect<Exit.Exit<never, never>>
      )
      const { state, steps } = yield* TaskRunner.inspect(taskId)
      assert.deepStrictEqual([state, steps[0]?.state, steps[0]?.attempts], ["error", "error", 1])
      assert.deepStrictEqual((yield* recorder.named("step.failed")).map(({ payload }) => payload.final), [true])
      assert.lengthOf(yield* recorder.named("observability.step.backoff"), 0)
    }).pipe(Effect.provide(recorder.layer())))
})
