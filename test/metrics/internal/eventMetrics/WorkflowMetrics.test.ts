import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Schema } from "effect"
import { TestClock } from "effect/testing"
import { Step, Task, TaskRunner } from "tasker-telemetry"
import { TelemetryTest } from "tasker-telemetry/testing"
import * as EventBus from "../../../../src/events/EventBus.ts"
import * as WorkflowMetrics from "../../../../src/metrics/internal/eventMetrics/WorkflowMetrics.ts"
import type { HistogramValue } from "../../../../src/metrics/MetricSnapshot.ts"
import { measurements } from "../../../support/measurements.ts"
import * as TestTelemetry from "../../../support/TestTelemetry.ts"

const layer = TestTelemetry.layer(
  Layer.provideMerge(WorkflowMetrics.layer, Layer.merge(TestTelemetry.metrics, EventBus.layer))
)

const task = { taskId: "t-1", taskName: "order", namespace: "shop", version: "1.0.0" }
const step = { taskId: "t-1", taskName: "order", stepId: "s-1", stepName: "charge", attempt: 2 }
const ended = { durationSeconds: 1.5, totalSteps: 2, completedSteps: 1 }
const attempted = { queueSeconds: 0.25, durationSeconds: 2, totalSeconds: 4 }

const publishing = (
  sentence: string,
  publish: (bus: EventBus.EventBus["Service"]) => Effect.Effect<void>,
  expected: ReadonlyArray<string>
) =>
  it.effect(sentence, () =>
    Effect.gen(function*() {
      yield* publish(yield* EventBus.EventBus)
      assert.deepStrictEqual(yield* measurements, expected)
    }).pipe(Effect.provide(layer)))

const transition = (fromState: string | undefined, toState: string) => ({ fromState, toState })

describe("WorkflowMetrics", () => {
  publishing(
    "counts an accepted run, and tells its namespace and version once",
    (bus) =>
      Effect.repeat(
        bus.publish("task.initialize_requested", {
          ...task,
          ...transition(undefined, "pending"),
          totalSteps: 2,
          concurrency: 12,
          tags: {}
        }),
        { times: 1 }
      ),
    ["tasker_task_info{order,shop,1.0.0} 1", "tasker_tasks_requested_total{order} 2"]
  )

  publishing(
    "counts a started task as active",
    (bus) => bus.publish("task.start_requested", { ...task, ...transition("pending", "in_progress"), totalSteps: 2 }),
    ["tasker_task_oldest_age_seconds{order} 0", "tasker_tasks_active{order} 1"]
  )

  for (
    const [name, toState, rest, alias] of [
      ["task.completed", "complete", {}, "tasker_task_completed_total{order,shop} 1"],
      [
        "task.failed",
        "error",
        { errorType: "Declined", errorMessage: "no", failedSteps: ["charge"] },
        "tasker_task_failed_total{order,shop,Declined} 1"
      ],
      ["task.cancelled", "cancelled", { reason: "requested" }, "tasker_task_cancelled_total{order,shop,requested} 1"]
    ] as const
  ) {
    publishing(
      `counts and times ${name}`,
      (bus) => bus.publish(name, { ...task, ...ended, ...rest, ...transition("in_progress", toState) }),
      [
        alias,
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
        ...transition("pending", "in_progress"),
        queueSeconds: 0.25
      }),
    ["tasker_step_queue_seconds{order,charge} 1 (sum 0.25)", "tasker_steps_active{order,charge} 1"]
  )

  const failed = { errorType: "Declined", errorMessage: "no", timedOut: undefined }

  for (
    const [ending, name, toState, rest, alias] of [
      ["success", "step.completed", "complete", {}, "tasker_step_completed_total{order,charge} 1"],
      [
        "its last failure",
        "step.failed",
        "error",
        { ...failed, final: true },
        "tasker_step_failed_total{order,charge,Declined,true} 1"
      ],
      ["cancellation", "step.cancelled", "cancelled", {}, "tasker_step_cancelled_total{order,charge,in_progress} 1"]
    ] as const
  ) {
    publishing(
      `counts and times an attempt that ended with ${ending}, and the step with it`,
      (bus) => bus.publish(name, { ...step, ...attempted, ...rest, ...transition("in_progress", toState) }),
      [
        `tasker_step_attempts{order,charge,${toState}} 1 (sum 2)`,
        alias,
        `tasker_step_duration_seconds{order,charge,${toState}} 1 (sum 2)`,
        `tasker_step_endtoend_seconds{order,charge,${toState}} 1 (sum 4)`,
        "tasker_steps_active{order,charge} -1",
        `tasker_steps_total{order,charge,${toState}} 1`
      ].toSorted()
    )
  }

  publishing(
    "counts and times an attempt that failed and will be retried, and not the step",
    (bus) =>
      bus.publish("step.failed", {
        ...step,
        ...attempted,
        ...failed,
        ...transition("in_progress", "error"),
        timedOut: "batch",
        final: false
      }),
    [
      "tasker_step_duration_seconds{order,charge,error} 1 (sum 2)",
      "tasker_step_failed_total{order,charge,Declined,false} 1",
      "tasker_step_timeouts_total{order,charge,batch} 1",
      "tasker_steps_active{order,charge} -1",
      "tasker_steps_total{order,charge,error} 1"
    ]
  )

  publishing(
    "measures no attempt where a step is cancelled before it began",
    (bus) => bus.publish("step.cancelled", { ...step, ...attempted, ...transition("pending", "cancelled") }),
    ["tasker_step_cancelled_total{order,charge,pending} 1"]
  )

  for (
    const [sentence, publish, expected] of [
      [
        "a run handed to the background",
        (bus: EventBus.EventBus["Service"]) => bus.publish("observability.task.enqueue", { ...task, totalSteps: 2 }),
        ["tasker_tasks_enqueued_total{order} 1"]
      ],
      [
        "a run whose steps were settled by hand",
        (bus: EventBus.EventBus["Service"]) =>
          bus.publish("task.resolved_manually", { ...task, ...transition("error", "resolved_manually") }),
        ["tasker_task_resolved_manually_total{order,shop} 1"]
      ],
      [
        "a deferral, with its time",
        (bus: EventBus.EventBus["Service"]) =>
          bus.publish("workflow.task_reenqueue_delayed", {
            ...task,
            reason: "retry_backoff",
            delaySeconds: 8,
            scheduledFor: 8000
          }),
        ["tasker_task_deferral_seconds{order,shop,retry_backoff} 1 (sum 8)"]
      ],
      [
        "a discovery and its steps",
        (bus: EventBus.EventBus["Service"]) =>
          bus.publish("workflow.viable_steps_discovered", { ...task, stepCount: 3, stepNames: ["a", "b", "c"] }),
        ["tasker_discoveries_total{order,shop,viable_steps} 1", "tasker_viable_steps_total{order} 3"]
      ],
      [
        "a discovery that found nothing",
        (bus: EventBus.EventBus["Service"]) =>
          bus.publish("workflow.no_viable_steps", { ...task, pendingSteps: 1, reason: "blocked_by_failures" }),
        ["tasker_discoveries_total{order,shop,blocked_by_failures} 1"]
      ],
      [
        "the steps of a batch",
        (bus: EventBus.EventBus["Service"]) =>
          bus.publish("workflow.steps_execution_started", { ...task, stepCount: 3 }),
        ["tasker_batch_size{order,shop} 1 (sum 3)"]
      ],
      [
        "the time of a batch",
        (bus: EventBus.EventBus["Service"]) =>
          bus.publish("workflow.steps_execution_completed", {
            ...task,
            stepCount: 3,
            completedCount: 2,
            durationSeconds: 5
          }),
        ["tasker_batch_duration_seconds{order,shop} 1 (sum 5)"]
      ],
      [
        "a retry",
        (bus: EventBus.EventBus["Service"]) =>
          bus.publish("step.retry_requested", { ...step, ...transition("error", "pending"), backoffSeconds: 1 }),
        ["tasker_step_retries_total{order,charge} 1"]
      ],
      [
        "a back-off by its type",
        (bus: EventBus.EventBus["Service"]) =>
          bus.publish("observability.step.backoff", { ...step, backoffSeconds: 4, backoffType: "server_requested" }),
        ["tasker_step_backoff_seconds{order,charge,server_requested} 1 (sum 4)"]
      ],
      [
        "a step without attempts left",
        (bus: EventBus.EventBus["Service"]) =>
          bus.publish("observability.step.max_retries_reached", { ...step, maximumAttempts: 2 }),
        ["tasker_step_retries_exhausted_total{order,charge} 1"]
      ],
      [
        "a skipped step, and no attempt",
        (bus: EventBus.EventBus["Service"]) =>
          bus.publish("observability.step.skip", { ...step, ...transition("pending", "complete") }),
        ["tasker_steps_skipped_total{order,charge} 1"]
      ],
      [
        "a step settled by hand, by the state it was in",
        (bus: EventBus.EventBus["Service"]) =>
          bus.publish("step.resolved_manually", { ...step, ...transition("error", "resolved_manually") }),
        ["tasker_step_resolved_manually_total{order,charge,error} 1"]
      ]
    ] as const
  ) publishing(`measures ${sentence}`, publish, expected)

  publishing(
    "leaves what is no measurement alone",
    (bus) => bus.publish("workflow.task_finalization_started", { ...task, executionStatus: "all_complete" }),
    []
  )

  it.effect("tells a hundred types of errors apart, and none that is no name", () =>
    Effect.gen(function*() {
      const bus = yield* EventBus.EventBus
      const fail = (errorType: string) =>
        bus.publish("step.failed", {
          ...step,
          ...attempted,
          ...failed,
          ...transition("in_progress", "error"),
          errorType,
          final: false
        })
      for (const name of ["", "no user 17", "@shop/Declined", "Schema.Error"]) yield* fail(name)
      for (let number = 0; number < 200; number++) yield* fail(`Error_${number}`)
      yield* fail("Schema.Error")
      const counted = (yield* measurements).filter((line) => line.startsWith("tasker_step_failed_total"))
      assert.lengthOf(counted, 101)
      assert.includeMembers(counted, [
        "tasker_step_failed_total{order,charge,@shop/Declined,false} 1",
        "tasker_step_failed_total{order,charge,Schema.Error,false} 2",
        "tasker_step_failed_total{order,charge,Error_97,false} 1",
        "tasker_step_failed_total{order,charge,_OTHER,false} 104"
      ])
    }).pipe(Effect.provide(layer)))

  const work = (run: Effect.Effect<string, string>) =>
    Task.make("order", {
      input: Schema.Struct({}),
      steps: [
        Step.make("charge", {
          retry: { maximumAttempts: 2, delays: ["1 second"] },
          timeout: "10 seconds",
          run: () => run
        })
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
      }).pipe(Effect.provide(TelemetryTest.layer())))
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
    }).pipe(Effect.provide(TelemetryTest.layer())))
})
