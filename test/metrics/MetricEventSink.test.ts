import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Metric, Schema } from "effect"
import { TestClock } from "effect/testing"
import { Step, Task, TaskRunner } from "tasker-telemetry"
import { TelemetryTest } from "tasker-telemetry/testing"
import { EventBus } from "../../src/events/EventBus.ts"
import { SelfStatistics } from "../../src/internal/SelfStatistics.ts"
import * as MetricEventSink from "../../src/metrics/MetricEventSink.ts"
import type { HistogramValue } from "../../src/metrics/MetricSnapshot.ts"
import { MetricStore } from "../../src/metrics/MetricStore.ts"

const layer = MetricEventSink.layer.pipe(
  Layer.provideMerge(Layer.mergeAll(MetricStore.layer, EventBus.layer)),
  Layer.provide(SelfStatistics.layer),
  Layer.provideMerge(Layer.sync(Metric.MetricRegistry, () => new Map()))
)

const task = { taskId: "t-1", taskName: "order", namespace: "shop", version: "1.0.0" }
const step = { taskId: "t-1", taskName: "order", stepId: "s-1", stepName: "charge", attempt: 2 }
const ended = { durationSeconds: 1.5, totalSteps: 2, completedSteps: 1 }
const attempted = { queueSeconds: 0.25, durationSeconds: 2 }

/** What the store holds: `name{values}` with the number, or count and sum of a histogram. */
const measured = Effect.gen(function*() {
  const lines: Array<string> = []
  for (const { name, series } of (yield* (yield* MetricStore).snapshot).families) {
    for (const { attributes, value } of series) {
      const shown = typeof value === "number" ? `${value}` : `${value.count} (sum ${value.sum})`
      lines.push(`${name}{${Object.values(attributes).join(",")}} ${shown}`)
    }
  }
  return lines
})

const publishing = (
  sentence: string,
  publish: (bus: EventBus["Service"]) => Effect.Effect<void>,
  expected: ReadonlyArray<string>
) =>
  it.effect(sentence, () =>
    Effect.gen(function*() {
      yield* publish(yield* EventBus)
      assert.deepStrictEqual(yield* measured, expected)
    }).pipe(Effect.provide(layer)))

describe("MetricEventSink", () => {
  publishing(
    "counts a started task as active",
    (bus) =>
      bus.publish("task.start_requested", { ...task, fromState: "pending", toState: "in_progress", totalSteps: 2 }),
    ["tasker_tasks_active{order} 1"]
  )

  for (
    const [name, toState, rest] of [
      ["task.completed", "complete", {}],
      ["task.failed", "error", { errorType: "Declined", errorMessage: "no", failedSteps: ["charge"] }],
      ["task.cancelled", "cancelled", { reason: "requested" }]
    ] as const
  ) {
    publishing(
      `counts and times ${name}`,
      (bus) => bus.publish(name, { ...task, ...ended, ...rest, fromState: "in_progress", toState }),
      [
        "tasker_tasks_active{order} -1",
        `tasker_tasks_total{order,${toState}} 1`,
        `tasker_workflow_duration_seconds{order,${toState}} 1 (sum 1.5)`
      ]
    )
  }

  publishing(
    "counts a started attempt as active and measures its wait",
    (bus) =>
      bus.publish("step.execution_requested", {
        ...step,
        fromState: "pending",
        toState: "in_progress",
        queueSeconds: 0.25
      }),
    ["tasker_step_queue_seconds{order,charge} 1 (sum 0.25)", "tasker_steps_active{order,charge} 1"]
  )

  for (
    const [name, toState, rest] of [
      ["step.completed", "complete", {}],
      ["step.failed", "error", { errorType: "Declined", errorMessage: "no", final: false }],
      ["step.cancelled", "cancelled", {}]
    ] as const
  ) {
    publishing(
      `counts and times an attempt that ended with ${name}`,
      (bus) => bus.publish(name, { ...step, ...attempted, ...rest, fromState: "in_progress", toState }),
      [
        `tasker_step_duration_seconds{order,charge,${toState}} 1 (sum 2)`,
        "tasker_steps_active{order,charge} -1",
        `tasker_steps_total{order,charge,${toState}} 1`
      ]
    )
  }

  publishing(
    "counts a retry",
    (bus) =>
      bus.publish("step.retry_requested", { ...step, fromState: "error", toState: "pending", backoffSeconds: 1 }),
    ["tasker_step_retries_total{order,charge} 1"]
  )

  for (
    const [sentence, publish, expected] of [
      [
        "an accepted run",
        (bus: EventBus["Service"]) =>
          bus.publish("task.initialize_requested", {
            ...task,
            fromState: undefined,
            toState: "pending",
            totalSteps: 2
          }),
        "tasker_tasks_requested_total{order} 1"
      ],
      [
        "a run handed to the background",
        (bus: EventBus["Service"]) => bus.publish("observability.task.enqueue", { ...task, totalSteps: 2 }),
        "tasker_tasks_enqueued_total{order} 1"
      ],
      [
        "the steps of a discovery",
        (bus: EventBus["Service"]) =>
          bus.publish("workflow.viable_steps_discovered", { ...task, stepCount: 3, stepNames: ["a", "b", "c"] }),
        "tasker_viable_steps_total{order} 3"
      ],
      [
        "a step without attempts left",
        (bus: EventBus["Service"]) =>
          bus.publish("observability.step.max_retries_reached", { ...step, maximumAttempts: 2 }),
        "tasker_step_retries_exhausted_total{order,charge} 1"
      ],
      [
        "a skipped step, and no attempt",
        (bus: EventBus["Service"]) =>
          bus.publish("observability.step.skip", { ...step, fromState: "pending", toState: "complete" }),
        "tasker_steps_skipped_total{order,charge} 1"
      ]
    ] as const
  ) publishing(`counts ${sentence}`, publish, [expected])

  publishing(
    "measures a back-off by its type",
    (bus) => bus.publish("observability.step.backoff", { ...step, backoffSeconds: 4, backoffType: "server_requested" }),
    ["tasker_step_backoff_seconds{order,charge,server_requested} 1 (sum 4)"]
  )

  publishing(
    "measures no attempt where a step is cancelled before it began",
    (bus) => bus.publish("step.cancelled", { ...step, ...attempted, fromState: "pending", toState: "cancelled" }),
    []
  )

  publishing(
    "leaves events of the loop alone",
    (bus) => bus.publish("workflow.steps_execution_started", { ...task, stepCount: 1 }),
    []
  )

  const work = (run: Effect.Effect<string, string>) =>
    Task.make("order", {
      input: Schema.Struct({}),
      steps: [
        Step.make("charge", { retry: { maximumAttempts: 2, delays: [1] }, timeout: "10 seconds", run: () => run })
      ]
    })

  for (
    const [ending, run, after] of [
      ["success", Effect.as(Effect.sleep("1 second"), "done"), () => Effect.void],
      ["failure", Effect.fail("no"), () => Effect.void],
      ["a defect", Effect.die("no"), () => Effect.void],
      ["a time-out", Effect.never, () => Effect.void],
      ["interruption", Effect.never, (fiber: Fiber.Fiber<unknown, unknown>) => Fiber.interrupt(fiber)]
    ] as const
  ) {
    it.effect(`has nothing active after ${ending}`, () =>
      Effect.gen(function*() {
        const { metric } = yield* TelemetryTest
        const fiber = yield* Effect.forkChild(TaskRunner.run(work(run), {}))
        yield* TestClock.adjust("100 millis")
        if (ending !== "failure" && ending !== "a defect") {
          assert.strictEqual(yield* metric("tasker_tasks_active", { task: "order" }), 1)
          assert.strictEqual(yield* metric("tasker_steps_active", { task: "order", step: "charge" }), 1)
        }
        yield* after(fiber)
        yield* TestClock.adjust("1 minute")
        yield* Fiber.await(fiber)
        assert.strictEqual(yield* metric("tasker_tasks_active", { task: "order" }), 0)
        assert.strictEqual(yield* metric("tasker_steps_active", { task: "order", step: "charge" }), 0)
      }).pipe(Effect.provide(TelemetryTest.layer)))
  }

  it.effect("has nothing active after a cancellation", () =>
    Effect.gen(function*() {
      const { metric } = yield* TelemetryTest
      const { taskId } = yield* TaskRunner.start(work(Effect.never), {})
      yield* TestClock.adjust("1 second")
      yield* TaskRunner.cancel(taskId)
      assert.strictEqual(yield* metric("tasker_tasks_active", { task: "order" }), 0)
      assert.strictEqual(yield* metric("tasker_steps_active", { task: "order", step: "charge" }), 0)
      assert.strictEqual(yield* metric("tasker_tasks_total", { task: "order", status: "cancelled" }), 1)
      const duration = yield* metric("tasker_workflow_duration_seconds", { task: "order", status: "cancelled" })
      assert.strictEqual((duration as HistogramValue).sum, 1)
    }).pipe(Effect.provide(TelemetryTest.layer)))
})
