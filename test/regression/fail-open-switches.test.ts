/**
 * D31: in the original, switching metrics off did not stop their collection, and a filter that failed let the data
 * through. Here nothing is collected, and what cannot be looked at is masked.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Metric, Schema } from "effect"
import { MetricStore, Redaction, Step, Task, TaskRunner } from "tasker-telemetry"
import { TelemetryTest } from "tasker-telemetry/testing"

const Only = Task.make("only", {
  input: Schema.Struct({}),
  steps: [Step.make("work", { run: () => Effect.void })]
})

describe("Metrics that are switched off", () => {
  it.effect("are not collected", () =>
    Effect.gen(function*() {
      yield* TaskRunner.run(Only, {})
      const store = yield* MetricStore.MetricStore
      const jobs = store.counter({ name: "jobs_total", help: "Jobs.", attributes: ["kind"] })
      jobs.inc({ kind: "a" })
      jobs.bind({ kind: "a" }).inc()
      assert.deepStrictEqual((yield* store.snapshot).metrics, [])
      assert.deepStrictEqual([...(yield* Metric.MetricRegistry).keys()].filter((key) => key.includes("tasker")), [])
    }).pipe(
      Effect.provide(TelemetryTest.layer({ metrics: { enabled: false } })),
      Effect.provideService(Metric.MetricRegistry, new Map())
    ))
})

describe("Redaction that fails", () => {
  const hostile = {
    get broken(): string {
      throw new Error("getter")
    },
    list: [{
      toJSON: () => {
        throw new Error("toJSON")
      }
    }]
  }

  it.effect("masks the value, in lines and spans", () =>
    Effect.gen(function*() {
      const mask = "[FILTERED]"
      assert.deepStrictEqual(Redaction.make().apply("value", hostile), { broken: mask, list: [mask] })
      yield* Effect.logInfo("line", { hostile, password: hostile }).pipe(
        Effect.withSpan("work", { attributes: { hostile } })
      )
      const { logs, spans } = yield* TelemetryTest
      const [line] = yield* logs
      assert.deepStrictEqual(line?.["hostile"], { broken: "[unreadable]", list: ["[unreadable]"] })
      assert.strictEqual(line?.["password"], mask)
      assert.deepStrictEqual((yield* spans)[0]?.attributes.get("hostile"), { broken: mask, list: [mask] })
    }).pipe(Effect.provide(TelemetryTest.layer())))

  it("masks the text whose rule throws", () => {
    const throwing = Redaction.make()
    const text = { toString: () => "x" } as unknown as string
    assert.strictEqual(throwing.sql(text), throwing.mask)
  })
})
