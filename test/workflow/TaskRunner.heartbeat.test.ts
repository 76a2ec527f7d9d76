import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Schema } from "effect"
import * as Step from "../../src/workflow/Step.ts"
import * as Task from "../../src/workflow/Task.ts"
import * as TaskRunner from "../../src/workflow/TaskRunner.ts"
import * as recorder from "../support/recorder.ts"

const first = Step.make("first", { run: () => Effect.sleep("15 seconds") })
const second = Step.make("second", { dependsOn: [first], run: () => Effect.sleep("20 seconds") })
const Long = Task.make("long", { input: Schema.Void, steps: [first, second] })

describe("tracing.heartbeat", () => {
  it.effect("says every so often what runs, and no more once the run has ended", () =>
    Effect.gen(function*() {
      const running = yield* Effect.forkChild(TaskRunner.run(Long, undefined))
      yield* recorder.advance("1 minute")
      yield* Fiber.join(running)
      const beats = yield* recorder.named("observability.task.heartbeat")
      assert.deepStrictEqual(
        beats.map((
          { payload }
        ) => [payload.durationSeconds, payload.completedSteps, payload.totalSteps, payload.runningSteps]),
        [[10, 0, 2, ["first"]], [20, 1, 2, ["second"]], [30, 1, 2, ["second"]]]
      )
    }).pipe(Effect.provide(recorder.layer({ tracing: { heartbeat: "10 seconds" } }))))

  it.effect("ends with a run that is interrupted", () =>
    Effect.gen(function*() {
      const running = yield* Effect.forkChild(TaskRunner.run(Long, undefined))
      yield* recorder.advance("12 seconds")
      yield* Fiber.interrupt(running)
      assert.isTrue(Exit.hasInterrupts(yield* Fiber.await(running)))
      yield* recorder.advance("1 minute")
      assert.lengthOf(yield* recorder.named("observability.task.heartbeat"), 1)
    }).pipe(Effect.provide(recorder.layer({ tracing: { heartbeat: "10 seconds" } }))))

  it.effect("is off by default", () =>
    Effect.gen(function*() {
      const running = yield* Effect.forkChild(TaskRunner.run(Long, undefined))
      yield* recorder.advance("1 minute")
      yield* Fiber.join(running)
      assert.lengthOf(yield* recorder.named("observability.task.heartbeat"), 0)
    }).pipe(Effect.provide(recorder.layer())))
})
