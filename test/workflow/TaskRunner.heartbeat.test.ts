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

describe("tracing.staleHeartbeats", () => {
  const quiet = (heartbeat: string, staleHeartbeats: number) =>
    recorder.layer({ tracing: { heartbeat: heartbeat as "5 seconds", staleHeartbeats } })

  it.effect("says once that a run stands still, and again after a change", () =>
    Effect.gen(function*() {
      const running = yield* Effect.forkChild(TaskRunner.run(Long, undefined))
      yield* recorder.advance("1 minute")
      yield* Fiber.join(running)
      const events = yield* recorder.named("observability.task.stale")
      assert.deepStrictEqual(
        events.map(({ payload }) => [payload.quietSeconds, payload.completedSteps, payload.runningSteps]),
        [[8, 0, ["first"]], [8, 1, ["second"]]]
      )
    }).pipe(Effect.provide(quiet("4 seconds", 2))))

  it.effect("says nothing of a run whose steps change often enough, or that waits for the next attempt", () =>
    Effect.gen(function*() {
      const again = Step.make("again", {
        retry: { maximumAttempts: 2, delays: ["40 seconds"], jitter: 0 },
        run: ({ attempt }) => attempt === 1 ? Effect.fail("no") : Effect.void
      })
      const Waiting = Task.make("waiting", { input: Schema.Void, steps: [again] })
      const running = yield* Effect.forkChild(Effect.all([
        TaskRunner.run(Long, undefined),
        TaskRunner.run(Waiting, undefined)
      ], { concurrency: 2 }))
      yield* recorder.advance("1 minute")
      yield* Fiber.join(running)
      assert.lengthOf(yield* recorder.named("observability.task.stale"), 0)
    }).pipe(Effect.provide(quiet("4 seconds", 6))))

  it.effect("says nothing of a run whose steps wait for inner runs, which tell of themselves", () =>
    Effect.gen(function*() {
      const inner = Step.make("inner", { run: () => TaskRunner.run(Long, undefined) })
      const Outer = Task.make("outer", { input: Schema.Void, steps: [inner] })
      const running = yield* Effect.forkChild(TaskRunner.run(Outer, undefined))
      yield* recorder.advance("1 minute")
      yield* Fiber.join(running)
      const events = yield* recorder.named("observability.task.stale")
      assert.deepStrictEqual(
        events.map(({ payload }) => [payload.taskName, payload.completedSteps]),
        [["long", 0], ["long", 1]]
      )
    }).pipe(Effect.provide(quiet("4 seconds", 2))))

  it.effect("says that a run stands still beside an inner run", () =>
    Effect.gen(function*() {
      const Quick = Task.make("quick", { input: Schema.Void, steps: [Step.make("quick", { run: () => Effect.void })] })
      const starts = Step.make("starts", { run: () => TaskRunner.start(Long, undefined) })
      const inner = Step.make("inner", { run: () => TaskRunner.run(Long, undefined) })
      const hangs = Step.make("hangs", {
        run: () => Effect.andThen(TaskRunner.run(Quick, undefined), Effect.sleep("20 seconds"))
      })
      const Outer = Task.make("outer", { input: Schema.Void, steps: [starts, inner, hangs] })
      const running = yield* Effect.forkChild(TaskRunner.run(Outer, undefined))
      yield* recorder.advance("1 minute")
      yield* Fiber.join(running)
      const events = yield* recorder.named("observability.task.stale")
      assert.deepStrictEqual(
        events.flatMap(({ payload }) => payload.taskName === "outer" ? [payload.runningSteps] : []),
        [["inner", "hangs"]]
      )
    }).pipe(Effect.provide(quiet("4 seconds", 2))))
})
