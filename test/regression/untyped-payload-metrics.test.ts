/**
 * D6: the original read `duration`, `status` and `handler_class` from payloads that carried other keys, so durations
 * were never measured and labels were empty. Here the payload is typed, and what it says is what is measured.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Schema } from "effect"
import { TestClock } from "effect/testing"
import { MetricStore, Step, Task, TaskRunner } from "tasker-telemetry"
import { TelemetryTest } from "tasker-telemetry/testing"

const fetch = Step.make("fetch", { run: () => Effect.sleep("2 seconds") })
const charge = Step.make("charge", {
  dependsOn: [fetch],
  retry: { maximumAttempts: 2, delays: ["5 seconds"], jitter: 0 },
  run: ({ attempt }) => attempt === 1 ? Effect.delay(Effect.fail("declined"), "1 second") : Effect.sleep("3 seconds")
})
const Order = Task.make("order", { input: Schema.Struct({}), steps: [fetch, charge] })

describe("metrics of a run", () => {
  it.effect("carry the durations, states and names of its typed payloads", () =>
    Effect.gen(function*() {
      const fiber = yield* Effect.forkChild(TaskRunner.run(Order, {}))
      yield* TestClock.adjust("20 seconds")
      yield* Fiber.join(fiber)
      const lines: Array<string> = []
      for (const { name, series, unit } of (yield* (yield* MetricStore.MetricStore).snapshot).metrics) {
        // What the store says about itself, and how many could run, are no measurements of the run.
        if (/^tasker_(?:metric|execution)_/.test(name)) continue
        for (const { attributes, value } of series) {
          const labels = Object.entries(attributes).map(([key, text]) => `${key}=${text}`).join(" ")
          lines.push(
            `${name} ${labels}: ${
              typeof value === "number" ? value : `${value.count} × ${value.sum}${unit === undefined ? "" : " s"}`
            }`
          )
        }
      }
      assert.deepStrictEqual(lines, [
        "tasker_batch_duration_seconds task=order namespace=default: 3 × 6 s",
        "tasker_batch_size task=order namespace=default: 3 × 3",
        "tasker_discoveries_total task=order namespace=default outcome=viable_steps: 3",
        "tasker_discoveries_total task=order namespace=default outcome=waiting_for_backoff: 1",
        "tasker_operation_duration_seconds operation=find_viable_steps outcome=success: 3 × 0 s",
        "tasker_operation_duration_seconds operation=step_batch_execution outcome=failure: 1 × 1 s",
        "tasker_operation_duration_seconds operation=step_batch_execution outcome=success: 2 × 5 s",
        "tasker_operation_duration_seconds operation=step_execution outcome=failure: 1 × 1 s",
        "tasker_operation_duration_seconds operation=step_execution outcome=success: 2 × 5 s",
        "tasker_operation_duration_seconds operation=task_finalization outcome=success: 1 × 0 s",
        "tasker_operation_duration_seconds operation=workflow_coordination outcome=success: 1 × 11 s",
        "tasker_step_attempts task=order step=charge status=complete: 1 × 2",
        "tasker_step_attempts task=order step=fetch status=complete: 1 × 1",
        "tasker_step_backoff_seconds task=order step=charge type=exponential: 1 × 5 s",
        "tasker_step_completed_total task=order step=charge: 1",
        "tasker_step_completed_total task=order step=fetch: 1",
        "tasker_step_duration_seconds task=order step=charge status=complete: 1 × 3 s",
        "tasker_step_duration_seconds task=order step=charge status=error: 1 × 1 s",
        "tasker_step_duration_seconds task=order step=fetch status=complete: 1 × 2 s",
        "tasker_step_endtoend_seconds task=order step=charge status=complete: 1 × 9 s",
        "tasker_step_endtoend_seconds task=order step=fetch status=complete: 1 × 2 s",
        "tasker_step_failed_total task=order step=charge error_type=string final=false: 1",
        "tasker_step_queue_seconds task=order step=charge: 2 × 0 s",
        "tasker_step_queue_seconds task=order step=fetch: 1 × 0 s",
        "tasker_step_retries_total task=order step=charge: 1",
        "tasker_steps_active task=order step=charge: 0",
        "tasker_steps_active task=order step=fetch: 0",
        "tasker_steps_total task=order step=charge status=complete: 1",
        "tasker_steps_total task=order step=charge status=error: 1",
        "tasker_steps_total task=order step=fetch status=complete: 1",
        "tasker_task_completed_total task=order namespace=default: 1",
        "tasker_task_deferral_seconds task=order namespace=default reason=retry_backoff: 1 × 5 s",
        "tasker_task_info task=order namespace=default version=0.1.0: 1",
        "tasker_tasks_active task=order: 0",
        "tasker_tasks_requested_total task=order: 1",
        "tasker_tasks_total task=order status=complete: 1",
        "tasker_viable_steps_total task=order: 3",
        "tasker_workflow_duration_seconds task=order status=complete: 1 × 11 s"
      ])
    }).pipe(Effect.provide(TelemetryTest.layer())))
})
