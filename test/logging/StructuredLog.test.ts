import { assert, describe, it } from "@effect/vitest"
import { Cause, Duration, Effect } from "effect"
import * as Correlation from "../../src/Correlation.ts"
import * as StructuredLog from "../../src/logging/StructuredLog.ts"
import * as logs from "../support/logs.ts"
import { hostileValues } from "../support/spans.ts"

const all = logs.layer({ logging: { level: "Trace" } })

/** The one line of an effect. */
const lineOf = (effect: Effect.Effect<void>) =>
  Effect.gen(function*() {
    yield* effect
    const lines = yield* logs.decoded
    assert.lengthOf(lines, 1)
    return lines[0]!
  }).pipe(Effect.provide(all))

const shop = { id: "p-1", name: "prometheus", version: "1.0", class: "PrometheusExporter" }
const entry = { registry: "exporters", entityType: "exporter", entityId: "prometheus", entityClass: "Exporter" }

describe("StructuredLog", () => {
  it.effect("writes a task event", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(
        yield* lineOf(StructuredLog.task({
          event: "enqueued",
          taskId: "t-1",
          taskName: "order",
          status: "pending",
          context: { queue: "default", entity_type: "forged" }
        })),
        {
          level: "INFO",
          message: "Task enqueued",
          task_id: "t-1",
          task_name: "order",
          entity_type: "task",
          entity_id: "t-1",
          entity_name: "order",
          event_type: "enqueued",
          task_status: "pending",
          queue: "default"
        }
      )
    }))

  it.effect("writes a step event with its duration", () =>
    Effect.gen(function*() {
      const step = {
        event: "completed",
        stepId: "s-1",
        stepName: "charge",
        taskId: "t-1",
        taskName: "order",
        attempt: 2
      }
      assert.deepStrictEqual(
        yield* lineOf(StructuredLog.step({ ...step, status: "complete", duration: "123.456789 millis" })),
        {
          level: "INFO",
          message: "Step completed",
          task_id: "t-1",
          task_name: "order",
          step_id: "s-1",
          step_name: "charge",
          attempt: 2,
          entity_type: "step",
          entity_id: "s-1",
          entity_name: "charge",
          event_type: "completed",
          step_status: "complete",
          duration_ms: 123.46,
          performance_category: "moderate"
        }
      )
      const without = yield* lineOf(StructuredLog.step(step))
      assert.doesNotHaveAnyKeys(without, ["duration_ms", "performance_category", "step_status"])
    }))

  it.effect("keeps the context of the step it is called in", () =>
    Effect.gen(function*() {
      const current = { taskId: "t-1", taskName: "order", stepId: "s-1", stepName: "charge", attempt: 3 }
      const line = yield* lineOf(
        StructuredLog.task({ event: "started", taskId: "t-1", taskName: "order" }).pipe(
          Effect.provideService(Correlation.CurrentWorkflow, current),
          Correlation.withCorrelationId("c-1")
        )
      )
      assert.deepInclude(line, { correlation_id: "c-1", step_id: "s-1", attempt: 3 })
    }))

  it.effect("writes an orchestration event", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(
        yield* lineOf(StructuredLog.orchestration({ operation: "workflow_execution", event: "started" })),
        {
          level: "DEBUG",
          message: "Orchestration started",
          entity_type: "orchestration",
          operation: "workflow_execution",
          event_type: "started"
        }
      )
    }))

  it.effect.each(
    [
      ["1 second", undefined, "DEBUG", 1000, "slow", false],
      ["1001 millis", undefined, "WARN", 1001, "slow", true],
      ["50 millis", "10 millis", "WARN", 50, "fast", true],
      ["5 seconds", "10 seconds", "DEBUG", 5000, "very_slow", false]
    ] as const
  )("measures %s", ([duration, slowAfter, level, millis, category, isSlow]) =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* lineOf(StructuredLog.performance({ operation: "query", duration, slowAfter })), {
        level,
        message: "Performance measurement",
        entity_type: "performance",
        operation: "query",
        duration_ms: millis,
        performance_category: category,
        is_slow: isSlow
      })
    }))

  it("knows four categories", () => {
    const categories = [0, 99.9, 100, 999.9, 1000, 4999.9, 5000].map((millis) =>
      StructuredLog.performanceCategory(Duration.millis(millis))
    )
    assert.deepStrictEqual(categories, ["fast", "fast", "moderate", "moderate", "slow", "slow", "very_slow"])
  })

  it.effect("writes an exception with its backtrace and what stands behind it", () =>
    Effect.gen(function*() {
      const error = new TypeError("no password=hunter2", { cause: new RangeError("behind") })
      const line = yield* lineOf(StructuredLog.exception(error, { context: { order: 1 } }))
      const { backtrace, "exception.stacktrace": stack, ...rest } = line
      assert.deepStrictEqual(rest, {
        level: "ERROR",
        message: "Exception occurred: TypeError",
        entity_type: "exception",
        exception_class: "TypeError",
        exception_message: "no password=[FILTERED]",
        order: 1,
        "error.type": "TypeError",
        "exception.type": "TypeError",
        "exception.message": "no password=[FILTERED]",
        "exception.kind": "failure",
        "exception.causes": [{ type: "RangeError", message: "behind" }]
      })
      assert.include(String((backtrace as ReadonlyArray<string>)[0]), "StructuredLog.test.ts")
      assert.isAtMost((backtrace as ReadonlyArray<string>).length, 10)
      assert.isAtMost((backtrace as ReadonlyArray<string>).filter((frame) => frame.includes("node_modules")).length, 3)
      assert.notInclude(String(stack), "hunter2")
      const warned = yield* lineOf(StructuredLog.exception(Cause.die("x"), { level: "Warn" }))
      assert.deepInclude(warned, { level: "WARN", "exception.kind": "defect", exception_class: "string" })
    }))

  it.effect("writes what plugins do", () =>
    Effect.gen(function*() {
      const plugin = {
        entity_type: "telemetry_plugin",
        entity_id: "p-1",
        plugin_name: "prometheus",
        plugin_version: "1.0",
        plugin_class: "PrometheusExporter"
      }
      assert.deepStrictEqual(yield* lineOf(StructuredLog.plugin({ plugin: shop, event: "loaded" })), {
        level: "INFO",
        message: "Plugin loaded",
        ...plugin,
        event_type: "loaded"
      })
      assert.deepInclude(
        yield* lineOf(StructuredLog.pluginPerformance({ plugin: shop, operation: "export", duration: 20 })),
        { ...plugin, level: "DEBUG", operation: "export", duration_ms: 20, is_slow: false }
      )
      assert.deepInclude(
        yield* lineOf(StructuredLog.pluginException(new Error("no"), { plugin: shop })),
        { ...plugin, level: "ERROR", message: "Exception occurred: Error", exception_message: "no" }
      )
    }))

  it.effect("writes what registries do", () =>
    Effect.gen(function*() {
      const fields = {
        entity_type: "exporter",
        entity_id: "prometheus",
        entity_class: "Exporter",
        registry_name: "exporters"
      }
      const lines = yield* Effect.gen(function*() {
        yield* StructuredLog.registration({ ...entry, options: { port: 1, token: "t" } })
        yield* StructuredLog.unregistration(entry)
        yield* StructuredLog.registryOperation("lookup", entry)
        yield* StructuredLog.registryError("lookup", new TypeError("no"), entry)
        yield* StructuredLog.validationFailure(new Error("no name"), entry)
        return yield* logs.decoded
      }).pipe(Effect.provide(all))
      assert.deepStrictEqual(lines, [
        {
          level: "INFO",
          message: "Registered: exporter prometheus",
          ...fields,
          options: { port: 1, token: "[FILTERED]" },
          event_type: "registered"
        },
        { level: "INFO", message: "Unregistered: exporter prometheus", ...fields, event_type: "unregistered" },
        { level: "DEBUG", message: "Registry operation: exporter prometheus", ...fields, event_type: "lookup" },
        {
          level: "ERROR",
          message: "Registry error: exporter prometheus",
          ...fields,
          event_type: "lookup",
          error: "no",
          error_class: "TypeError"
        },
        {
          level: "ERROR",
          message: "Validation failed: exporter prometheus",
          ...fields,
          event_type: "validation_failed",
          validation_error: "no name"
        }
      ])
    }))

  it.effect("makes a line of any arguments, and never fails", () =>
    Effect.gen(function*() {
      const values = Object.values(hostileValues())
      for (const value of values) {
        const odd = value as never
        const odds = { event: odd, taskId: odd, taskName: odd, stepId: odd, stepName: odd, duration: odd, context: odd }
        for (const options of [odd, odds as never]) {
          yield* StructuredLog.task(options)
          yield* StructuredLog.step(options)
          yield* StructuredLog.orchestration(options)
          yield* StructuredLog.performance(options)
          yield* StructuredLog.exception(odd, options)
          yield* StructuredLog.plugin(options)
          yield* StructuredLog.pluginPerformance(options)
          yield* StructuredLog.pluginException(odd, options)
          yield* StructuredLog.registration(options)
          yield* StructuredLog.registryOperation(odd, options)
          yield* StructuredLog.registryError(odd, odd, options)
          yield* StructuredLog.validationFailure(odd, options)
        }
      }
      const lines = yield* logs.lines
      assert.lengthOf(lines, values.length * 24)
      for (const line of lines) JSON.parse(line)
    }).pipe(Effect.provide(all)))
})
