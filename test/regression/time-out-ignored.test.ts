/**
 * D23: a time-out gave nothing instead of failing, and the step that ran into it kept running.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Schema } from "effect"
import * as Step from "../../src/workflow/Step.ts"
import * as Task from "../../src/workflow/Task.ts"
import * as TaskRunner from "../../src/workflow/TaskRunner.ts"
import * as recorder from "../support/recorder.ts"

describe("D23 time-out ignored", () => {
  it.effect("interrupts the step, fails it, and tries it again", () =>
    Effect.gen(function*() {
      const log: Array<string> = []
      const step = Step.make("slow", {
        timeout: "5 seconds",
        retry: { maximumAttempts: 2 },
        run: ({ attempt }) =>
          Effect.sleep("1 minute").pipe(
            Effect.andThen(Effect.sync(() => log.push(`${attempt} went on`))),
            Effect.onInterrupt(() => Effect.sync(() => log.push(`${attempt} interrupted`)))
          )
      })
      const { fiber, taskId } = yield* TaskRunner.start(
        Task.make("t", { input: Schema.Void, steps: [step] }),
        undefined
      )
      yield* recorder.advance("1 hour")
      const error = yield* Effect.flip(Fiber.join(fiber))
      assert.strictEqual(error.message, "step \"slow\" did not end within the step's 5s")
      assert.deepStrictEqual(log, ["1 interrupted", "2 interrupted"])
      assert.deepStrictEqual(yield* recorder.secondsOf("step.failed"), ["slow@5", "slow@11"])
      const { error: recorded, state } = yield* TaskRunner.inspect(taskId)
      assert.deepStrictEqual([state, recorded?.type], ["error", "StepTimedOut"])
    }).pipe(Effect.provide(recorder.layer())))
})
