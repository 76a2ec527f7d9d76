import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Schema } from "effect"
import { Step, Task, TaskRunner, type TelemetryConfig } from "tasker-telemetry"
import { TelemetryTest } from "tasker-telemetry/testing"

const leaf = Step.make("leaf", { run: () => Effect.void })
const Inner = Task.make("inner", { input: Schema.Void, steps: [leaf] })
const outer = Step.make("outer", { run: () => TaskRunner.run(Inner, undefined) })
const background = Step.make("background", {
  dependsOn: [outer],
  run: () => Effect.flatMap(TaskRunner.start(Inner, undefined), ({ fiber }) => Fiber.join(fiber))
})
const Outer = Task.make("outer", { input: Schema.Void, steps: [outer, background] })

/** The spans of the three runs: whose child they are, and whom they link to. */
const runs = Effect.gen(function*() {
  yield* Effect.withSpan(TaskRunner.run(Outer, undefined), "request")
  const spans = yield* (yield* TelemetryTest).spans
  const step = (name: string) => spans.find(({ attributes }) => attributes.get("tasker.step.name") === name)
  const nameOf = (id: string | undefined) => {
    const span = spans.find(({ spanId }) => spanId === id)
    return span === undefined
      ? undefined
      : `${span.name} ${(span.attributes.get("tasker.step.name") ?? "") as string}`.trim()
  }
  const tasks = spans.filter(({ name }) => name === "tasker.task.execution")
  return {
    parents: tasks.map(({ parentSpanId }) => nameOf(parentSpanId)),
    links: tasks.map(({ links }) => links.map(({ span }) => nameOf(span.spanId))),
    traces: new Set(spans.map(({ traceId }) => traceId)).size,
    correlations: new Set(tasks.map(({ attributes }) => attributes.get("tasker.correlation_id"))).size,
    // A span inside of a run belongs to the trace of the run.
    isWhole: spans.every(({ parentSpanId, traceId }) =>
      parentSpanId === undefined || spans.find(({ spanId }) =>
          spanId === parentSpanId
        )?.traceId === traceId
    ) && step("leaf") !== undefined
  }
})

const withRuns = (childRuns: TelemetryConfig.TelemetryConfig["tracing"]["childRuns"]) =>
  Effect.provide(runs, TelemetryTest.layer({ tracing: { childRuns } }))

describe("tracing.childRuns", () => {
  it.effect("continues the trace of the outer run by default", () =>
    Effect.gen(function*() {
      const expected = {
        parents: ["tasker.step.execution outer", "tasker.step.execution background", "request"],
        links: [[], [], []],
        traces: 1,
        correlations: 1,
        isWhole: true
      }
      assert.deepStrictEqual(yield* withRuns("continuous"), expected)
      assert.deepStrictEqual(yield* Effect.provide(runs, TelemetryTest.layer()), expected)
    }))

  it.effect("gives runs inside of runs a trace of their own, linked to the step that started them", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* withRuns("linked"), {
        parents: [undefined, undefined, "request"],
        links: [["tasker.step.execution outer"], ["tasker.step.execution background"], []],
        traces: 3,
        correlations: 1,
        isWhole: true
      })
    }))
})
