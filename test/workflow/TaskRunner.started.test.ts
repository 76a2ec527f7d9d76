import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Schema } from "effect"
import { Step, Task, TaskRunner } from "tasker-telemetry"
import * as recorder from "../support/recorder.ts"

const wait = Step.make("wait", { run: () => Effect.never })
const Endless = Task.make("endless", { input: Schema.Struct({ size: Schema.Finite }), steps: [wait] })

describe("TaskRunner.start", () => {
  it.effect("refuses a task while as many run as are allowed, and takes it when one has ended", () =>
    Effect.gen(function*() {
      const first = yield* TaskRunner.start(Endless, { size: 1 })
      yield* TaskRunner.start(Endless, { size: 2 })
      const refused = yield* Effect.flip(TaskRunner.start(Endless, { size: 3 }))
      assert.strictEqual(
        refused.message,
        "2 started tasks are running already; try again later or raise execution.startedTasks"
      )
      yield* TaskRunner.cancel(first.taskId)
      yield* Effect.exit(Fiber.join(first.fiber))
      yield* TaskRunner.start(Endless, { size: 4 })
    }).pipe(Effect.provide(recorder.layer({ execution: { startedTasks: 2 } }))))

  it.effect("gives the place of a task back whose input is refused", () =>
    Effect.gen(function*() {
      for (let attempt = 0; attempt < 3; attempt++) {
        const refused = yield* Effect.flip(TaskRunner.start(Endless, { size: Number.NaN }))
        assert.strictEqual(refused.reason._tag, "InvalidInput")
      }
      yield* TaskRunner.start(Endless, { size: 1 })
    }).pipe(Effect.provide(recorder.layer({ execution: { startedTasks: 1 } }))))
})
