/**
 * D11: the window of exported metrics was overwritten by the retention of stored metrics, and a third setting for the same
 * thing was ignored. Here the store has `metrics.retention`, and the instances have `window`. Neither touches the other.
 */
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Layer } from "effect"
import { InstanceSync } from "tasker-telemetry"
import { ExportCoordinator } from "../../src/export/ExportCoordinator.ts"
import * as ExportTarget from "../../src/export/ExportTarget.ts"
import { valueOf } from "../../src/metrics/MetricSnapshot.ts"
import * as exports from "../support/exports.ts"
import { numbers, snapshot } from "../support/metricModel.ts"
import * as recorder from "../support/recorder.ts"
import { timerless } from "../support/timerless.ts"

describe("The window of the instances and the retention of the store", () => {
  it.effect.each<readonly [window: "1 minute" | "15 minutes", retention: "5 minutes" | "15 minutes"]>([
    ["1 minute", "15 minutes"],
    ["15 minutes", "5 minutes"]
  ])("are obeyed as they are set: %s and %s", ([window, retention]) =>
    Effect.gen(function*() {
      const clock = yield* Clock.Clock
      const { join } = yield* InstanceSync.InstanceSync
      const killed = yield* Effect.provideService(
        join(Effect.succeed(snapshot(0, numbers("gauge", "level", { value: 7 })))),
        Clock.Clock,
        timerless(clock)
      )
      yield* killed.snapshot
      yield* exports.countJobs(1)
      const { add, exportNow } = yield* ExportCoordinator
      const [all, own] = [
        { ...ExportTarget.memory({ name: "all" }), isShared: true },
        ExportTarget.memory({ name: "own" })
      ] as const
      yield* Effect.forEach([all, own], add)
      const look = Effect.gen(function*() {
        yield* Effect.forEach(["all", "all", "own"], (target) => exportNow({ target }))
        return {
          level: valueOf((yield* all.exports).at(-1)!.snapshot, "level", {}),
          jobs: valueOf((yield* own.exports).at(-1)!.snapshot, "jobs_total", { kind: "mail" })
        }
      })
      assert.deepStrictEqual(yield* look, { level: 7, jobs: 1 })
      yield* recorder.advance("7 minutes")
      assert.deepStrictEqual(yield* look, {
        level: window === "1 minute" ? undefined : 7,
        jobs: retention === "5 minutes" ? undefined : 1
      })
    }).pipe(Effect.provide(
      exports.layer({ metrics: { retention } }).pipe(Layer.provideMerge(InstanceSync.layerMemory({ window })))
    )))
})
