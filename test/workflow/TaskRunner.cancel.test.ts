import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Layer, Schema, Scope } from "effect"
import * as Correlation from "../../src/Correlation.ts"
import * as Step from "../../src/workflow/Step.ts"
import * as Task from "../../src/workflow/Task.ts"
import { Cancelled, TaskError } from "../../src/workflow/TaskError.ts"
import * as TaskRunner from "../../src/workflow/TaskRunner.ts"
import * as recorder from "../support/recorder.ts"

const log: Array<string> = []
const long = Step.make("long", {
  run: () => Effect.onInterrupt(Effect.sleep("10 seconds"), () => Effect.sync(() => void log.push("interrupted")))
})
const after = Step.make("after", { dependsOn: [long], run: () => Effect.void })
const flaky = Step.make("flaky", { run: () => Effect.fail("no") })
const Long = Task.make("long", { input: Schema.Void, steps: [long, after] })
const Flaky = Task.make("flaky", { input: Schema.Void, steps: [flaky] })

const states = (taskId: string) =>
  Effect.map(TaskRunner.inspect(taskId), ({ state, steps }) => [
    state,
    ...steps.map((step) => `${step.name} ${step.state}`)
  ])

const refusal = (taskId: string) =>
  Effect.map(Effect.flip(TaskRunner.cancel(taskId)), (error) => [error.reason._tag, error.message])

describe("TaskRunner.cancel", () => {
  it.effect("interrupts the running steps, cancels the rest and waits for the end", () =>
    Effect.gen(function*() {
      log.length = 0
      const { fiber, taskId } = yield* TaskRunner.start(Long, undefined)
      yield* recorder.advance("3 seconds")
      const record = yield* TaskRunner.cancel(taskId)
      assert.deepStrictEqual([record.state, record.durationSeconds], ["cancelled", 3])
      assert.deepStrictEqual(log, ["interrupted"])
      assert.deepStrictEqual(yield* states(taskId), ["cancelled", "long cancelled", "after cancelled"])
      assert.deepStrictEqual(
        yield* Fiber.await(fiber),
        Exit.fail(new TaskError({ reason: new Cancelled({ taskId }) }))
      )
      const [cancelled] = yield* recorder.named("task.cancelled")
      assert.strictEqual(cancelled?.payload.reason, "requested")
    }).pipe(Effect.provide(recorder.layer())))

  it.effect("ends a task whose step backs off, without waiting for the back-off", () =>
    Effect.gen(function*() {
      const { taskId } = yield* TaskRunner.start(Flaky, undefined)
      yield* recorder.advance("500 millis")
      assert.strictEqual((yield* TaskRunner.cancel(taskId)).durationSeconds, 0.5)
      assert.deepStrictEqual(yield* states(taskId), ["cancelled", "flaky error"])
      yield* recorder.advance("1 hour")
      assert.lengthOf(yield* recorder.named("step.execution_requested"), 1)
    }).pipe(Effect.provide(recorder.layer())))

  it.effect("refuses a task that has ended, with its state", () =>
    Effect.gen(function*() {
      const completed = yield* TaskRunner.start(Long, undefined)
      const cancelled = yield* TaskRunner.start(Long, undefined)
      const failed = yield* TaskRunner.start(Flaky, undefined)
      yield* TaskRunner.cancel(cancelled.taskId)
      yield* recorder.advance("1 minute")
      assert.deepStrictEqual(yield* refusal(completed.taskId), [
        "TransitionRefused",
        "task in state \"complete\" cannot take \"cancelled\""
      ])
      assert.deepStrictEqual(yield* refusal(cancelled.taskId), [
        "TransitionRefused",
        "task in state \"cancelled\" cannot take \"cancelled\""
      ])
      assert.deepStrictEqual(yield* refusal(failed.taskId), [
        "TransitionRefused",
        "task in state \"error\" cannot take \"cancelled\""
      ])
    }).pipe(Effect.provide(recorder.layer())))

  it.effect("gives everybody who cancels the same record", () =>
    Effect.gen(function*() {
      const slow = Step.make("slow", { run: () => Effect.onInterrupt(Effect.never, () => Effect.sleep("2 seconds")) })
      const { taskId } = yield* TaskRunner.start(Task.make("t", { input: Schema.Void, steps: [slow] }), undefined)
      yield* recorder.advance("1 second")
      const first = yield* Effect.forkChild(TaskRunner.cancel(taskId))
      yield* recorder.advance("1 second")
      const second = yield* Effect.forkChild(TaskRunner.cancel(taskId))
      yield* recorder.advance("1 second")
      assert.deepStrictEqual(yield* Fiber.join(first), yield* Fiber.join(second))
      assert.lengthOf(yield* recorder.named("task.cancelled"), 1)
    }).pipe(Effect.provide(recorder.layer())))

  it.effect("lets a step cancel its own task", () =>
    Effect.gen(function*() {
      const self = Step.make("self", {
        run: () =>
          Effect.andThen(
            Effect.sleep("1 second"),
            Effect.flatMap(Correlation.CurrentWorkflow, (context) => TaskRunner.cancel(context?.taskId ?? ""))
          )
      })
      const { fiber, taskId } = yield* TaskRunner.start(
        Task.make("t", { input: Schema.Void, steps: [self] }),
        undefined
      )
      yield* recorder.advance("1 second")
      yield* Fiber.await(fiber)
      assert.deepStrictEqual((yield* states(taskId))[0], "cancelled")
    }).pipe(Effect.provide(recorder.layer())))
})

describe("TaskRunner interruption", () => {
  it.effect("settles every step and the task as cancelled when the caller is interrupted", () =>
    Effect.gen(function*() {
      log.length = 0
      const run = yield* Effect.forkChild(TaskRunner.run(Long, undefined))
      yield* recorder.advance("1 second")
      const taskId = (yield* recorder.named("task.start_requested"))[0]?.payload.taskId as string
      yield* Fiber.interrupt(run)
      assert.isTrue(Exit.hasInterrupts(yield* Fiber.await(run)))
      assert.deepStrictEqual(log, ["interrupted"])
      assert.deepStrictEqual(yield* states(taskId), ["cancelled", "long cancelled", "after cancelled"])
      const [cancelled] = yield* recorder.named("task.cancelled")
      assert.strictEqual(cancelled?.payload.reason, "interrupted")
      assert.deepStrictEqual((yield* refusal(taskId))[0], "TransitionRefused")
    }).pipe(Effect.provide(recorder.layer())))

  it.effect("runs nothing of a task whose caller is interrupted before it starts", () =>
    Effect.gen(function*() {
      const run = yield* Effect.forkChild(TaskRunner.run(Long, undefined))
      yield* Fiber.interrupt(run)
      yield* recorder.advance("1 minute")
      assert.deepStrictEqual(yield* recorder.lines, [])
    }).pipe(Effect.provide(recorder.layer())))
})

describe("TaskRunner.start", () => {
  it.effect("goes on after the fiber that started it has ended", () =>
    Effect.gen(function*() {
      const caller = yield* Effect.forkChild(TaskRunner.start(Long, undefined))
      const { fiber, taskId } = yield* Fiber.join(caller)
      yield* recorder.advance("10 seconds")
      assert.isTrue(Exit.isSuccess(yield* Fiber.await(fiber)))
      assert.deepStrictEqual(yield* states(taskId), ["complete", "long complete", "after complete"])
    }).pipe(Effect.provide(recorder.layer())))

  it.effect("fails at once if the input is not valid", () =>
    Effect.gen(function*() {
      const task = Task.make("strict", { input: Schema.Struct({ n: Schema.Int }), steps: [long] })
      const error = yield* Effect.flip(TaskRunner.start(task, { n: 0.5 }))
      assert.strictEqual(error.message, "input of task \"strict\" is not valid: n: Expected an integer")
    }).pipe(Effect.provide(recorder.layer())))

  it.effect("is interrupted and settled when the layer closes", () =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      const context = yield* Layer.buildWithScope(recorder.layer(), scope)
      yield* Effect.gen(function*() {
        const { fiber, taskId } = yield* TaskRunner.start(Long, undefined)
        yield* recorder.advance("1 second")
        yield* Scope.close(scope, Exit.void)
        assert.isTrue(Exit.hasInterrupts(yield* Fiber.await(fiber)))
        assert.deepStrictEqual(yield* states(taskId), ["cancelled", "long cancelled", "after cancelled"])
      }).pipe(Effect.provide(context))
    }))
})
