/**
 * D10: the coordinated export called functions that did not exist and had no exporter for its own default format; only
 * specs with mocks ran it. Here it runs from end to end in telemetry as programs compose it.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Schema } from "effect"
import { ExportCoordinator, ExporterRegistry, Step, Task, TaskRunner, Telemetry } from "tasker-telemetry"
import * as exports from "../support/exports.ts"
import * as TestTelemetry from "../support/TestTelemetry.ts"

const greet = Task.make("greet", { input: Schema.Void, steps: [Step.make("hello", { run: () => Effect.void })] })

describe("A coordinated export", () => {
  it.live("has what a task has measured in each format, and the callbacks of exporters are called", () => {
    const calls: Array<string> = []
    const own = exports.exporter("own", calls, { formats: ["prometheus"], export: () => Effect.fail("not mine") })
    const layer = Telemetry.layer({ logging: { enabled: false } }, {
      subscribers: ExporterRegistry.layerExporters([own])
    })
    return Effect.gen(function*() {
      yield* TaskRunner.run(greet, undefined)
      const { exportNow, status } = yield* ExportCoordinator.ExportCoordinator
      for (const format of Object.keys((yield* status).exporters.exportersByFormat)) {
        const outcome = yield* exportNow({ format })
        if (outcome._tag !== "Exported") return assert.fail(format)
        assert.include(exports.text(outcome.body), "tasker_tasks_total", format)
      }
      assert.deepStrictEqual(calls, ["own onExportRequest prometheus", "own onExportComplete true"])
    }).pipe(Effect.provide(Layer.provideMerge(layer, TestTelemetry.registry)))
  })
})
