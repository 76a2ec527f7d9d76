/**
 * What is measured of runs that go every way a run can go: success, retry, back-off, time-out, failure, skip,
 * cancellation, resolution by hand.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Layer, Schema } from "effect"
import { MetricStore, Step, StepError, Task, TaskRunner } from "tasker-telemetry"
import * as WorkflowMetrics from "../../../../src/metrics/internal/eventMetrics/WorkflowMetrics.ts"
import { catalog } from "../../../../src/metrics/MetricCatalog.ts"
import { measurements } from "../../../support/measurements.ts"
import * as recorder from "../../../support/recorder.ts"
import * as TestTelemetry from "../../../support/TestTelemetry.ts"

const layer = WorkflowMetrics.layer.pipe(
  Layer.provideMerge(TestTelemetry.metrics),
  Layer.provideMerge(recorder.layer({ execution: { concurrency: 4, startedTasks: 20 } }))
)

const input = Schema.Void

const good = Task.make("good", {
  namespace: "shop",
  version: "2.0.0",
  input,
  steps: (() => {
    const flaky = Step.make("flaky", {
      run: ({ attempt }) => Effect.delay(attempt === 1 ? Effect.fail("again") : Effect.void, "2 seconds")
    })
    const slow = Step.make("slow", {
      timeout: "5 seconds",
      run: ({ attempt }) => attempt === 1 ? Effect.never : Effect.void
    })
    const optional = Step.make("optional", { dependsOn: [slow], skipWhen: () => true, run: () => Effect.void })
    return [flaky, slow, optional] as const
  })()
})

const permanent = Step.make("permanent", { run: () => Effect.fail(new StepError.PermanentError({ message: "no" })) })
const exhausted = Step.make("exhausted", { retry: { maximumAttempts: 2 }, run: () => Effect.die(new TypeError("no")) })
const bad = Task.make("bad", { namespace: "shop", input, steps: [permanent, exhausted] })

const endless = Step.make("endless", { run: () => Effect.never })
const never = Step.make("never", { dependsOn: [endless], run: () => Effect.void })
const stopped = Task.make("stopped", { input, steps: [endless, never] })

const standing = (kind: string) =>
  Effect.map(
    MetricStore.MetricStore.use(({ snapshot }) => snapshot),
    ({ metrics }) =>
      [catalog.slotsUsed.name, catalog.slotsLimit.name].map((name) =>
        metrics.find((metric) => metric.name === name)?.series.find(({ attributes }) => attributes["kind"] === kind)
          ?.value
      )
  )

describe("workflow metrics", () => {
  it.effect("tell a run that succeeds with a retry, a back-off, a time-out and a skip", () =>
    Effect.gen(function*() {
      const fiber = yield* Effect.forkChild(TaskRunner.run(good, undefined))
      yield* recorder.advance("1 minute")
      yield* Fiber.join(fiber)
      assert.deepStrictEqual(yield* measurements, [
        "tasker_batch_duration_seconds{good,shop} 4 (sum 7)",
        "tasker_batch_size{good,shop} 4 (sum 5)",
        "tasker_discoveries_total{good,shop,viable_steps} 4",
        "tasker_discoveries_total{good,shop,waiting_for_backoff} 1",
        "tasker_step_attempts{good,flaky,complete} 1 (sum 2)",
        "tasker_step_attempts{good,slow,complete} 1 (sum 2)",
        "tasker_step_backoff_seconds{good,flaky,exponential} 1 (sum 1)",
        "tasker_step_backoff_seconds{good,slow,exponential} 1 (sum 1)",
        "tasker_step_completed_total{good,flaky} 1",
        "tasker_step_completed_total{good,slow} 1",
        "tasker_step_duration_seconds{good,flaky,complete} 1 (sum 2)",
        "tasker_step_duration_seconds{good,flaky,error} 1 (sum 2)",
        "tasker_step_duration_seconds{good,slow,complete} 1 (sum 0)",
        "tasker_step_duration_seconds{good,slow,error} 1 (sum 5)",
        "tasker_step_endtoend_seconds{good,flaky,complete} 1 (sum 5)",
        "tasker_step_endtoend_seconds{good,slow,complete} 1 (sum 6)",
        "tasker_step_failed_total{good,flaky,string,false} 1",
        "tasker_step_failed_total{good,slow,StepTimedOut,false} 1",
        "tasker_step_queue_seconds{good,flaky} 2 (sum 0)",
        "tasker_step_queue_seconds{good,slow} 2 (sum 0)",
        "tasker_step_retries_total{good,flaky} 1",
        "tasker_step_retries_total{good,slow} 1",
        "tasker_step_timeouts_total{good,slow,step} 1",
        "tasker_steps_active{good,flaky} 0",
        "tasker_steps_active{good,slow} 0",
        "tasker_steps_skipped_total{good,optional} 1",
        "tasker_steps_total{good,flaky,complete} 1",
        "tasker_steps_total{good,flaky,error} 1",
        "tasker_steps_total{good,slow,complete} 1",
        "tasker_steps_total{good,slow,error} 1",
        "tasker_task_completed_total{good,shop} 1",
        "tasker_task_deferral_seconds{good,shop,retry_backoff} 1 (sum 1)",
        "tasker_task_info{good,shop,2.0.0} 1",
        "tasker_tasks_active{good} 0",
        "tasker_tasks_requested_total{good} 1",
        "tasker_tasks_total{good,complete} 1",
        "tasker_viable_steps_total{good} 5",
        "tasker_workflow_duration_seconds{good,complete} 1 (sum 6)"
      ])
    }).pipe(Effect.provide(layer)))

  it.effect("tell a run that fails and whose steps are settled by hand afterwards", () =>
    Effect.gen(function*() {
      const { fiber, taskId } = yield* TaskRunner.start(bad, undefined)
      yield* recorder.advance("1 minute")
      assert.isTrue(Exit.isFailure(yield* Fiber.await(fiber)))
      yield* TaskRunner.resolveStep(taskId, permanent, undefined as never)
      yield* TaskRunner.resolveStep(taskId, exhausted, undefined as never)
      const lines = yield* measurements
      assert.includeMembers(lines, [
        "tasker_discoveries_total{bad,shop,viable_steps} 1",
        "tasker_step_attempts{bad,exhausted,error} 1 (sum 1)",
        "tasker_step_attempts{bad,permanent,error} 1 (sum 1)",
        "tasker_step_endtoend_seconds{bad,permanent,error} 1 (sum 0)",
        "tasker_step_failed_total{bad,exhausted,TypeError,true} 1",
        "tasker_step_failed_total{bad,permanent,PermanentError,true} 1",
        "tasker_step_resolved_manually_total{bad,exhausted,error} 1",
        "tasker_step_resolved_manually_total{bad,permanent,error} 1",
        "tasker_task_failed_total{bad,shop,PermanentError} 1",
        "tasker_task_resolved_manually_total{bad,shop} 1",
        "tasker_tasks_enqueued_total{bad} 1",
        "tasker_tasks_total{bad,error} 1"
      ])
    }).pipe(Effect.provide(layer)))

  it.effect("tell a run that is cancelled, with the step that ran and the step that waited", () =>
    Effect.gen(function*() {
      const { taskId } = yield* TaskRunner.start(stopped, undefined)
      yield* recorder.advance("3 seconds")
      yield* TaskRunner.cancel(taskId)
      const lines = yield* measurements
      assert.includeMembers(lines, [
        "tasker_step_attempts{stopped,endless,cancelled} 1 (sum 1)",
        "tasker_step_cancelled_total{stopped,endless,in_progress} 1",
        "tasker_step_cancelled_total{stopped,never,pending} 1",
        "tasker_step_endtoend_seconds{stopped,endless,cancelled} 1 (sum 3)",
        "tasker_steps_total{stopped,endless,cancelled} 1",
        "tasker_task_cancelled_total{stopped,default,requested} 1",
        "tasker_tasks_total{stopped,cancelled} 1"
      ])
      assert.isFalse(lines.some((line) => line.startsWith("tasker_steps_total{stopped,never")))
    }).pipe(Effect.provide(layer)))

  it.effect("tell the age of the oldest run of each task, and the slots that are taken", () =>
    Effect.gen(function*() {
      const oldest = Effect.map(
        measurements,
        (lines) => lines.filter((line) => line.startsWith(catalog.taskOldestAge.name))
      )
      const other = Task.make("other", { input, steps: [endless] })
      assert.deepStrictEqual([yield* oldest, yield* standing("started_tasks"), yield* standing("steps")], [
        [],
        [0, 20],
        [0, 0]
      ])
      const first = yield* TaskRunner.start(stopped, undefined)
      yield* recorder.advance("10 seconds")
      const second = yield* TaskRunner.start(stopped, undefined)
      const third = yield* Effect.forkChild(TaskRunner.run(other, undefined))
      yield* recorder.advance("5 seconds")
      assert.deepStrictEqual([yield* oldest, yield* standing("started_tasks"), yield* standing("steps")], [
        ["tasker_task_oldest_age_seconds{other} 5", "tasker_task_oldest_age_seconds{stopped} 15"],
        [2, 20],
        [3, 12]
      ])
      yield* TaskRunner.cancel(first.taskId)
      yield* Fiber.interrupt(third)
      assert.deepStrictEqual([yield* oldest, yield* standing("started_tasks"), yield* standing("steps")], [
        ["tasker_task_oldest_age_seconds{stopped} 5"],
        [1, 20],
        [1, 4]
      ])
      yield* TaskRunner.cancel(second.taskId)
      assert.deepStrictEqual([yield* oldest, yield* standing("started_tasks"), yield* standing("steps")], [
        [],
        [0, 20],
        [0, 0]
      ])
    }).pipe(Effect.provide(layer)))

  it.effect("never count a run as active that is cancelled before its start", () =>
    Effect.gen(function*() {
      const { taskId } = yield* TaskRunner.start(stopped, undefined, { startAfter: "10 minutes" })
      yield* recorder.advance("1 minute")
      assert.deepStrictEqual(yield* standing("started_tasks"), [1, 20])
      yield* TaskRunner.cancel(taskId)
      const kept = (yield* measurements).filter((line) => line.startsWith("tasker_task") || line.includes("workflow_d"))
      assert.deepStrictEqual(kept, [
        "tasker_task_cancelled_total{stopped,default,requested} 1",
        "tasker_task_info{stopped,default,0.1.0} 1",
        "tasker_tasks_enqueued_total{stopped} 1",
        "tasker_tasks_requested_total{stopped} 1",
        "tasker_tasks_total{stopped,cancelled} 1",
        "tasker_workflow_duration_seconds{stopped,cancelled} 1 (sum 0)"
      ])
      assert.deepStrictEqual([yield* standing("started_tasks"), yield* standing("steps")], [[0, 20], [0, 0]])
    }).pipe(Effect.provide(layer)))
})
