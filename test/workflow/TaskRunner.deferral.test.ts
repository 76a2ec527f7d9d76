/**
 * What a run says when its only work is in back-off.
 */
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Fiber, Schema } from "effect"
import * as Step from "../../src/workflow/Step.ts"
import * as Task from "../../src/workflow/Task.ts"
import * as TaskRunner from "../../src/workflow/TaskRunner.ts"
import * as recorder from "../support/recorder.ts"

/** Fails once and waits the given seconds before it succeeds. */
const failsOnce = <const Name extends string>(name: Name, seconds: number) =>
  Step.make(name, {
    retry: { delays: [Duration.seconds(seconds)] },
    run: ({ attempt }) => attempt === 1 ? Effect.fail("again") : Effect.void
  })

const deferrals = Effect.map(
  recorder.named("workflow.task_reenqueue_delayed"),
  (events) => events.map(({ payload, time }) => [time / 1000, payload.delaySeconds, payload.scheduledFor / 1000])
)

const ofSteps = <const Steps extends ReadonlyArray<Step.Step<string, unknown, unknown, unknown, void>>>(steps: Steps) =>
  Task.make("t", { input: Schema.Void, steps })

describe("deferral of a run", () => {
  it.effect("is told once per wait, with its length and its end", () =>
    Effect.gen(function*() {
      const steps = [failsOnce("soon", 2), failsOnce("later", 10)]
      const { fiber } = yield* TaskRunner.start(ofSteps(steps), undefined)
      yield* recorder.advance("1 minute")
      yield* Fiber.join(fiber)
      assert.deepStrictEqual(yield* deferrals, [[0, 2, 2], [2, 8, 10]])
      assert.deepStrictEqual(
        (yield* recorder.named("workflow.no_viable_steps")).map(({ payload, time }) => [time / 1000, payload.reason]),
        [[0, "waiting_for_backoff"], [2, "waiting_for_backoff"]]
      )
    }).pipe(Effect.provide(recorder.layer())))

  it.effect("is not told while anything runs", () =>
    Effect.gen(function*() {
      const running = Step.make("running", { run: () => Effect.sleep("1 minute") })
      const { fiber } = yield* TaskRunner.start(ofSteps([failsOnce("flaky", 2), running]), undefined)
      yield* recorder.advance("2 minutes")
      yield* Fiber.join(fiber)
      assert.deepStrictEqual(yield* deferrals, [])
    }).pipe(Effect.provide(recorder.layer())))

  it.effect("is told again when the step it waits for is settled by hand, and not when another is", () =>
    Effect.gen(function*() {
      const [first, second, third] = [failsOnce("first", 5), failsOnce("second", 10), failsOnce("third", 20)]
      const { fiber, taskId } = yield* TaskRunner.start(ofSteps([first, second, third]), undefined)
      yield* recorder.advance("1 second")
      yield* TaskRunner.resolveStep(taskId, second, undefined)
      yield* recorder.advance("1 second")
      yield* TaskRunner.resolveStep(taskId, first, undefined)
      yield* recorder.advance("1 minute")
      yield* Fiber.join(fiber)
      assert.deepStrictEqual(yield* deferrals, [[0, 5, 5], [2, 18, 20]])
      assert.lengthOf(yield* recorder.named("workflow.no_viable_steps"), 1)
    }).pipe(Effect.provide(recorder.layer())))
})
