import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Exit, Fiber, Schema } from "effect"
import * as Step from "../../src/workflow/Step.ts"
import * as Task from "../../src/workflow/Task.ts"
import * as TaskRunner from "../../src/workflow/TaskRunner.ts"
import * as recorder from "../support/recorder.ts"

const outcome = Effect.fnUntraced(function*(steps: ReadonlyArray<Step.Step<string, unknown, unknown, never, void>>) {
  const task = Task.make("t", { input: Schema.Void, steps })
  const fiber = yield* Effect.forkChild(Effect.exit(TaskRunner.run(task, undefined)))
  yield* recorder.advance("1 hour")
  return yield* Fiber.join(fiber)
})

const messages = (exit: Exit.Exit<unknown, unknown>) =>
  Exit.isFailure(exit)
    ? exit.cause.reasons.map((reason) =>
      Cause.isFailReason(reason) && reason.error instanceof Error ? reason.error.message : reason._tag
    )
    : []

describe("TaskRunner time-outs", () => {
  it.effect("takes the configured limit where the step sets none", () =>
    Effect.gen(function*() {
      const exit = yield* outcome([
        Step.make("own", { timeout: "4 seconds", retry: { maximumAttempts: 1 }, run: () => Effect.sleep("3 seconds") }),
        Step.make("configured", { retry: { maximumAttempts: 1 }, run: () => Effect.sleep("3 seconds") })
      ])
      assert.deepStrictEqual(messages(exit), ["step \"configured\" did not end within the step's 2s"])
      assert.deepStrictEqual(yield* recorder.secondsOf("step.failed"), ["configured@2"])
      assert.deepStrictEqual(yield* recorder.secondsOf("step.completed"), ["own@3"])
    }).pipe(Effect.provide(recorder.layer({ execution: { stepTimeout: "2 seconds" } }))))

  it.effect("gives every step of a batch the batch's limit: base and a share per step", () =>
    Effect.gen(function*() {
      const endless = (name: string) => Step.make(name, { retry: { maximumAttempts: 1 }, run: () => Effect.never })
      const exit = yield* outcome([endless("a"), endless("b"), endless("c")])
      assert.deepStrictEqual(
        messages(exit),
        ["a", "b", "c"].map((name) => `step "${name}" did not end within the batch's 16s`)
      )
      assert.deepStrictEqual(yield* recorder.secondsOf("step.failed"), ["a@16", "b@16", "c@16"])
    }).pipe(Effect.provide(recorder.layer({
      execution: { batchTimeoutBase: "10 seconds", batchTimeoutPerStep: "2 seconds" }
    }))))

  it.effect("never gives a batch more than the maximum", () =>
    Effect.gen(function*() {
      yield* outcome([Step.make("a", { retry: { maximumAttempts: 1 }, run: () => Effect.never })])
      assert.deepStrictEqual(yield* recorder.secondsOf("step.failed"), ["a@7"])
    }).pipe(Effect.provide(recorder.layer({
      execution: { batchTimeoutBase: "10 seconds", batchTimeoutMaximum: "7 seconds" }
    }))))

  it.effect("applies the tighter of the step's and the batch's limit", () =>
    Effect.gen(function*() {
      const exit = yield* outcome([
        Step.make("tight", { timeout: "1 second", retry: { maximumAttempts: 1 }, run: () => Effect.never }),
        Step.make("loose", { timeout: "1 minute", retry: { maximumAttempts: 1 }, run: () => Effect.never })
      ])
      assert.deepStrictEqual(messages(exit), [
        "step \"tight\" did not end within the step's 1s",
        "step \"loose\" did not end within the batch's 20s"
      ])
    }).pipe(Effect.provide(recorder.layer({ execution: { batchTimeoutBase: "10 seconds" } }))))

  it.effect("counts the work up to the time-out", () =>
    Effect.gen(function*() {
      yield* outcome([Step.make("a", { timeout: "3 seconds", retry: { maximumAttempts: 2 }, run: () => Effect.never })])
      assert.deepStrictEqual(
        (yield* recorder.named("step.failed")).map(({ payload }) => [payload.durationSeconds, payload.errorType]),
        [[3, "StepTimedOut"], [3, "StepTimedOut"]]
      )
    }).pipe(Effect.provide(recorder.layer())))

  it.effect("says whose limit ended an attempt, and not that of a step of a task that the step ran", () =>
    Effect.gen(function*() {
      const once = { maximumAttempts: 1 }
      const inner = Task.make("inner", {
        input: Schema.Void,
        steps: [Step.make("same", { timeout: "1 second", retry: once, run: () => Effect.never })]
      })
      const runner = yield* TaskRunner.TaskRunner
      yield* outcome([
        Step.make("same", { retry: once, run: () => runner.run(inner, undefined) }),
        Step.make("endless", { retry: once, run: () => Effect.never }),
        Step.make("failing", { retry: once, run: () => Effect.fail("no") })
      ])
      assert.deepStrictEqual(
        (yield* recorder.named("step.failed")).map((
          { payload }
        ) => [payload.taskName, payload.stepName, payload.errorType, payload.timedOut]),
        [
          ["t", "failing", "string", undefined],
          ["inner", "same", "StepTimedOut", "step"],
          ["t", "same", "StepTimedOut", undefined],
          ["t", "endless", "StepTimedOut", "batch"]
        ]
      )
    }).pipe(Effect.provide(recorder.layer({ execution: { batchTimeoutBase: "10 seconds" } }))))

  it.effect("forgets a time-out with the attempt", () =>
    Effect.gen(function*() {
      yield* outcome([
        Step.make("a", {
          timeout: "1 second",
          retry: { maximumAttempts: 2 },
          run: ({ attempt }) => attempt === 1 ? Effect.never : Effect.fail("no")
        })
      ])
      assert.deepStrictEqual(
        (yield* recorder.named("step.failed")).map(({ payload }) => payload.timedOut),
        ["step", undefined]
      )
    }).pipe(Effect.provide(recorder.layer())))
})
