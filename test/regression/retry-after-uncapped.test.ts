/**
 * D22: a `Retry-After` of more than an hour was logged as capped and waited for in full.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Schema } from "effect"
import * as Step from "../../src/workflow/Step.ts"
import * as StepError from "../../src/workflow/StepError.ts"
import * as Task from "../../src/workflow/Task.ts"
import * as TaskRunner from "../../src/workflow/TaskRunner.ts"
import * as recorder from "../support/recorder.ts"

describe("D22 Retry-After without a cap", () => {
  it.effect("waits five minutes where a server asks for two hours", () =>
    Effect.gen(function*() {
      const step = Step.make("call", {
        run: ({ attempt }) => attempt === 1 ? StepError.fromHttpStatus(429, { "retry-after": "7200" }) : Effect.void
      })
      const fiber = yield* Effect.forkChild(
        TaskRunner.run(Task.make("t", { input: Schema.Void, steps: [step] }), undefined)
      )
      yield* recorder.advance("3 hours")
      yield* Fiber.join(fiber)
      assert.deepStrictEqual(yield* recorder.secondsOf("step.execution_requested"), ["call@0", "call@300"])
    }).pipe(Effect.provide(recorder.layer())))
})
