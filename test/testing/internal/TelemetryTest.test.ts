import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Random, Schema } from "effect"
import { TestClock } from "effect/testing"
import { EventRouter, Step, Task, TaskRunner, TaskStore } from "tasker-telemetry"
import { Expect, TelemetryTest } from "tasker-telemetry/testing"

const Order = Schema.Struct({ orderId: Schema.String })

const fetchCart = Step.make("fetch_cart", {
  input: Order,
  run: ({ input }) => Effect.delay(Effect.succeed({ total: input.orderId.length }), "2 seconds")
})
const charge = Step.make("charge", {
  dependsOn: [fetchCart],
  retry: { maximumAttempts: 2, delays: ["5 seconds"], jitter: 0 },
  run: ({ attempt, results }) =>
    attempt === 1
      ? Effect.fail("declined" as const)
      : Effect.withSpan(Effect.as(Effect.sleep("1 second"), results.fetch_cart.total), "gateway", { kind: "client" })
})
const ProcessOrder = Task.make("process_order", { input: Order, steps: [fetchCart, charge] })

const Quick = Task.make("quick", { input: Schema.Struct({}), steps: [Step.make("only", { run: () => Effect.void })] })

/** Runs the task to its end under the test clock: 2 s of fetching, 5 s of back-off, 1 s of charging. */
const runToEnd = Effect.gen(function*() {
  const fiber = yield* Effect.forkChild(TaskRunner.run(ProcessOrder, { orderId: "o-1" }))
  yield* TestClock.adjust("10 seconds")
  return yield* Fiber.join(fiber)
})

describe("TelemetryTest", () => {
  it.effect("records the span tree of a task, attempt by attempt", () =>
    Effect.gen(function*() {
      yield* runToEnd
      const { spans } = yield* TelemetryTest
      Expect.spanTree(yield* spans, [{
        name: "tasker.task.execution",
        status: "unset",
        attributes: { "tasker.task.name": "process_order", "tasker.task.status": "complete" },
        children: [{
          name: "tasker.workflow.orchestration",
          children: [
            {
              name: "tasker.batch.execution",
              children: [{
                name: "tasker.step.execution",
                events: ["tasker.state.transition", "tasker.state.transition"],
                attributes: {
                  "tasker.step.name": "fetch_cart",
                  "tasker.step.attempt": 1,
                  "tasker.step.work_seconds": 2
                }
              }]
            },
            {
              name: "tasker.batch.execution",
              children: [{
                name: "tasker.step.execution",
                status: "error",
                attributes: { "tasker.step.attempt": 1, "error.type": "string" }
              }]
            },
            {
              name: "tasker.batch.execution",
              children: [{
                name: "tasker.step.execution",
                status: "unset",
                attributes: {
                  "tasker.step.attempt": 2,
                  "tasker.step.backoff_seconds": 5,
                  "tasker.step.work_seconds": 1
                },
                children: [{ name: "gateway", kind: "client" }]
              }]
            }
          ]
        }]
      }])
    }).pipe(Effect.provide(TelemetryTest.layer())))

  it.effect("takes options and parts of the test's own", () => {
    const parts = {
      taskStore: TaskStore.layerNoop,
      routes: [EventRouter.override("task.completed", { log: false })]
    }
    return Effect.gen(function*() {
      const { taskId } = yield* TaskRunner.run(Quick, {})
      const { events, logs, spans } = yield* TelemetryTest
      assert.deepStrictEqual(yield* spans, [])
      assert.include((yield* events).map(({ name }) => name), "task.completed")
      const messages = (yield* logs).map(({ message }) => message)
      assert.include(messages, "task started")
      assert.notInclude(messages, "task completed")
      assert.strictEqual((yield* Effect.flip(TaskRunner.inspect(taskId))).reason._tag, "TaskNotFound")
    }).pipe(Effect.provide(TelemetryTest.layer({ tracing: { enabled: false } }, parts)))
  })

  it.effect("makes the same ids from the same seed", () => {
    const ids = Effect.gen(function*() {
      yield* runToEnd
      return (yield* (yield* TelemetryTest).spans).map(({ spanId, traceId }) => `${traceId}/${spanId}`)
    }).pipe(Effect.provide(TelemetryTest.layer(), { local: true }))
    return Effect.gen(function*() {
      const first = yield* Random.withSeed(ids, "seed")
      assert.isAbove(first.length, 3)
      assert.deepStrictEqual(yield* Random.withSeed(ids, "seed"), first)
      assert.notDeepEqual(yield* Random.withSeed(ids, "other"), first)
    })
  })
})
