import { assert, describe, it } from "@effect/vitest"
import { Cause, Duration, Effect, Exit, Fiber, Schema } from "effect"
import * as Step from "../../src/workflow/Step.ts"
import { PermanentError, RetryableError } from "../../src/workflow/StepError.ts"
import * as Task from "../../src/workflow/Task.ts"
import * as TaskRunner from "../../src/workflow/TaskRunner.ts"
import * as recorder from "../support/recorder.ts"

const ofSteps = <const Steps extends ReadonlyArray<Step.Step<string, unknown, unknown, unknown, void>>>(steps: Steps) =>
  Task.make("t", { input: Schema.Void, steps })

/** Runs a task for an hour of test time and gives its exit. */
const outcome = Effect.fnUntraced(function*<T extends Task.Any>(task: T) {
  const fiber = yield* Effect.forkChild(Effect.exit(TaskRunner.run(task, undefined as never)))
  yield* recorder.advance("1 hour")
  return yield* Fiber.join(fiber)
})

const failsUntil = (success: number, failure: (attempt: number) => unknown = (attempt) => `attempt ${attempt}`) =>
(
  { attempt }: { readonly attempt: number }
) => attempt < success ? Effect.fail(failure(attempt)) : Effect.succeed(attempt)

describe("TaskRunner retries", () => {
  it.effect("retries a failed step after its back-off", () =>
    Effect.gen(function*() {
      const flaky = Step.make("flaky", { retry: { maximumAttempts: 5 }, run: failsUntil(4) })
      const exit = yield* outcome(ofSteps([flaky]))
      if (Exit.isFailure(exit)) return assert.fail(Cause.pretty(exit.cause))
      assert.deepStrictEqual(yield* recorder.secondsOf("step.execution_requested"), [
        "flaky@0",
        "flaky@1",
        "flaky@3",
        "flaky@7"
      ])
      const [step] = exit.value.steps
      assert.strictEqual(exit.value.results.flaky, 4)
      assert.deepStrictEqual([step?.attempts, step?.maximumAttempts, step?.backoffSeconds, step?.error], [
        4,
        5,
        7,
        undefined
      ])
      assert.deepStrictEqual(
        (yield* recorder.named("observability.step.backoff")).map(({ payload }) => payload.backoffSeconds),
        [1, 2, 4]
      )
    }).pipe(Effect.provide(recorder.layer())))

  it.effect("follows the configured policy and table where the step sets none", () =>
    Effect.gen(function*() {
      yield* outcome(ofSteps([Step.make("flaky", { run: failsUntil(9) })]))
      assert.deepStrictEqual(yield* recorder.secondsOf("step.execution_requested"), [
        "flaky@0",
        "flaky@0.5",
        "flaky@8.5",
        "flaky@18.5"
      ])
    }).pipe(Effect.provide(recorder.layer({
      execution: { maximumAttempts: 4 },
      backoff: { delays: ["500 millis"], multiplier: 3, maximum: "10 seconds" }
    }))))

  it.effect("waits as long as a RetryableError asks, but never longer than the maximum", () =>
    Effect.gen(function*() {
      const asked = [Duration.seconds(20), Duration.hours(2)]
      const step = Step.make("busy", {
        run: ({ attempt }) => {
          const retryAfter = asked[attempt - 1]
          return retryAfter === undefined
            ? Effect.void
            : Effect.fail(new RetryableError({ message: "busy", retryAfter }))
        }
      })
      yield* outcome(ofSteps([step]))
      assert.deepStrictEqual(yield* recorder.secondsOf("step.execution_requested"), ["busy@0", "busy@20", "busy@320"])
      assert.deepStrictEqual(
        (yield* recorder.named("observability.step.backoff")).map(({ payload }) => payload.backoffType),
        ["server_requested", "server_requested"]
      )
    }).pipe(Effect.provide(recorder.layer())))

  it.effect("fails the run with the last failure when no attempt is left", () =>
    Effect.gen(function*() {
      const exit = yield* outcome(ofSteps([Step.make("bad", { run: failsUntil(99) })]))
      assert.deepStrictEqual(exit, Exit.fail("attempt 3"))
      assert.deepStrictEqual(
        (yield* recorder.named("observability.step.max_retries_reached")).map(({ payload }) => payload.maximumAttempts),
        [3]
      )
      assert.deepStrictEqual(
        (yield* recorder.named("step.failed")).map(({ payload }) => [payload.attempt, payload.final]),
        [[1, false], [2, false], [3, true]]
      )
    }).pipe(Effect.provide(recorder.layer())))

  it.effect("does not retry a defect, and the exit carries the same defect", () =>
    Effect.gen(function*() {
      const defect = new Error("boom")
      const exit = yield* outcome(ofSteps([Step.make("dies", { run: () => Effect.die(defect) })]))
      assert.deepStrictEqual(exit, Exit.die(defect))
      assert.isTrue(
        Exit.isFailure(exit) &&
          exit.cause.reasons.some((reason) => Cause.isDieReason(reason) && reason.defect === defect)
      )
      assert.lengthOf(yield* recorder.named("step.execution_requested"), 1)
      assert.lengthOf(yield* recorder.named("observability.step.max_retries_reached"), 0)
    }).pipe(Effect.provide(recorder.layer())))

  it.effect("takes what a step throws while it makes its effect for a defect", () =>
    Effect.gen(function*() {
      const defect = new TypeError("not an effect")
      const step = Step.make("throws", {
        run: (): Effect.Effect<void> => {
          throw defect
        }
      })
      assert.deepStrictEqual(yield* outcome(ofSteps([step])), Exit.die(defect))
    }).pipe(Effect.provide(recorder.layer())))

  it.effect("combines the failures of several steps in the cause", () =>
    Effect.gen(function*() {
      const defect = new Error("boom")
      const permanent = new PermanentError({ message: "no" })
      const exit = yield* outcome(ofSteps([
        Step.make("a", { run: () => Effect.fail(permanent) }),
        Step.make("b", { run: () => Effect.die(defect) }),
        Step.make("c", { run: () => Effect.succeed(1) }),
        Step.make("d", { retry: { maximumAttempts: 1 }, run: () => Effect.fail("d") })
      ]))
      assert.deepStrictEqual(
        exit,
        Exit.failCause(Cause.combine(Cause.combine(Cause.fail(permanent), Cause.die(defect)), Cause.fail("d")))
      )
    }).pipe(Effect.provide(recorder.layer())))

  it.effect("holds back the dependants of a failed step alone", () =>
    Effect.gen(function*() {
      const bad = Step.make("bad", { retry: { maximumAttempts: 1 }, run: () => Effect.fail("bad") })
      const after = Step.make("after_bad", { dependsOn: [bad], run: () => Effect.void })
      const good = Step.make("good", { run: () => Effect.sleep("5 seconds") })
      const afterGood = Step.make("after_good", { dependsOn: [good], run: () => Effect.sleep("5 seconds") })
      const { fiber, taskId } = yield* TaskRunner.start(ofSteps([bad, after, good, afterGood]), undefined)
      yield* recorder.advance("1 minute")
      assert.deepStrictEqual(yield* Fiber.await(fiber), Exit.fail("bad"))
      const { durationSeconds, error, state, steps } = yield* TaskRunner.inspect(taskId)
      assert.deepStrictEqual(
        { state, durationSeconds, error, steps: steps.map((step) => `${step.name} ${step.state}`) },
        {
          state: "error",
          durationSeconds: 10,
          error: { type: "string", message: "bad" },
          steps: ["bad error", "after_bad pending", "good complete", "after_good complete"]
        }
      )
      const [failed] = yield* recorder.named("task.failed")
      assert.deepStrictEqual(failed?.payload.failedSteps, ["bad"])
      const [blocked] = yield* recorder.named("workflow.no_viable_steps")
      assert.deepStrictEqual([blocked?.payload.reason, blocked?.payload.pendingSteps], ["blocked_by_failures", 1])
    }).pipe(Effect.provide(recorder.layer())))
})
