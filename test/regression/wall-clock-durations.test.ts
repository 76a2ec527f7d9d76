/**
 * D7: durations were differences of wall clock times, taken at the wrong moments: zero, negative, or with the queue in
 * them.
 */
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Fiber, Schema } from "effect"
import * as Step from "../../src/workflow/Step.ts"
import * as Task from "../../src/workflow/Task.ts"
import * as TaskRunner from "../../src/workflow/TaskRunner.ts"
import * as recorder from "../support/recorder.ts"

const hour = 3_600_000

/** The test clock with a wall time that jumps an hour ahead or back at every reading; monotonic time stays true. */
const jumping = Effect.map(Clock.clockWith(Effect.succeed), (clock): Clock.Clock => {
  let readings = 0
  const jumped = () => clock.currentTimeMillisUnsafe() + (readings++ % 2 === 0 ? hour : -hour)
  return Object.assign({}, clock, {
    currentTimeMillisUnsafe: jumped,
    currentTimeMillis: Effect.sync(jumped),
    currentTimeNanosUnsafe: () => BigInt(jumped()) * 1_000_000n,
    currentTimeNanos: Effect.sync(() => BigInt(jumped()) * 1_000_000n)
  })
})

describe("D7 wall clock durations", () => {
  it.effect("measures true and separate queue, work and back-off times while the wall clock jumps", () =>
    Effect.gen(function*() {
      const clock = yield* jumping
      const first = Step.make("first", { run: () => Effect.sleep("3 seconds") })
      const queued = Step.make("queued", {
        run: ({ attempt }) =>
          Effect.andThen(Effect.sleep("2 seconds"), attempt === 1 ? Effect.fail("again") : Effect.void)
      })
      const task = Task.make("t", { input: Schema.Void, steps: [first, queued] })
      const fiber = yield* Effect.forkChild(
        Effect.provideService(TaskRunner.run(task, undefined), Clock.Clock, clock)
      )
      yield* recorder.advance("1 minute")
      const { durationSeconds, steps } = yield* Fiber.join(fiber)
      assert.strictEqual(durationSeconds, 8)
      assert.deepStrictEqual(
        steps.map(({ name, queueSeconds, workSeconds, backoffSeconds }) => ({
          name,
          queueSeconds,
          workSeconds,
          backoffSeconds
        })),
        [
          { name: "first", queueSeconds: 0, workSeconds: 3, backoffSeconds: 0 },
          { name: "queued", queueSeconds: 3, workSeconds: 4, backoffSeconds: 1 }
        ]
      )
      assert.deepStrictEqual(
        (yield* recorder.named("step.completed")).map(({ payload }) => [payload.stepName, payload.totalSeconds]),
        [["first", 3], ["queued", 8]]
      )
      const { events } = yield* recorder.Recorder
      assert.isAtLeast(new Set(events.map((event) => Math.sign(event.time))).size, 2, "the wall clock did not jump")
      for (const { payload } of events) {
        if ("durationSeconds" in payload) assert.isAtLeast(payload.durationSeconds, 0)
        if ("queueSeconds" in payload) assert.isAtLeast(payload.queueSeconds, 0)
      }
    }).pipe(Effect.provide(recorder.layer({ execution: { concurrency: 1 } }))))
})
