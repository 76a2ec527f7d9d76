/**
 * A walk through every path of a run, in which each metric of the catalog is recorded. The metrics of the Node process
 * have a walk of their own, in `NodeRuntimeMetrics.test.ts`.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Schema } from "effect"
import { MetricCluster, MetricStore, Step, StepError, Task, TaskRunner, Telemetry } from "tasker-telemetry"
import { catalog, clusterCatalog } from "../../src/metrics/MetricCatalog.ts"
import * as recorder from "../support/recorder.ts"
import * as TestTelemetry from "../support/TestTelemetry.ts"

const layer = Telemetry.layer({ backoff: { jitter: 0 }, logging: { enabled: false } }, {
  metricStore: Layer.provide(MetricCluster.layerPrimary(), MetricStore.layer)
}).pipe(Layer.provide(TestTelemetry.registry))

const input = Schema.Void

const flaky = Step.make("flaky", { run: ({ attempt }) => attempt === 1 ? Effect.fail("again") : Effect.void })
const slow = Step.make("slow", {
  timeout: "5 seconds",
  run: ({ attempt }) => attempt === 1 ? Effect.never : Effect.void
})
const optional = Step.make("optional", { dependsOn: [slow], skipWhen: () => true, run: () => Effect.void })
const Good = Task.make("good", { input, steps: [flaky, slow, optional] })

const permanent = Step.make("permanent", { run: () => Effect.fail(new StepError.PermanentError({ message: "no" })) })
const exhausted = Step.make("exhausted", { retry: { maximumAttempts: 2 }, run: () => Effect.fail("again") })
const Bad = Task.make("bad", { input, steps: [permanent, exhausted] })

const endless = Step.make("endless", { run: () => Effect.never })
const Stopped = Task.make("stopped", { input, steps: [endless] })

describe("MetricCatalog", () => {
  it.effect("has no metric without a series after a walk through every path of a run", () =>
    Effect.gen(function*() {
      const seen = new Set<string>()
      // Some metrics are there while a run goes on.
      const look = Effect.map(MetricStore.MetricStore.use(({ snapshot }) => snapshot), ({ metrics }) => {
        for (const { name, series } of metrics) if (series.length > 0) seen.add(name)
      })
      const good = yield* Effect.forkChild(TaskRunner.run(Good, undefined))
      yield* recorder.advance("1 second")
      yield* look
      yield* recorder.advance("1 minute")
      yield* Fiber.join(good)

      const bad = yield* TaskRunner.start(Bad, undefined)
      yield* recorder.advance("1 minute")
      yield* Fiber.await(bad.fiber)
      yield* TaskRunner.resolveStep(bad.taskId, permanent, undefined as never)
      yield* TaskRunner.resolveStep(bad.taskId, exhausted, undefined as never)

      const stopped = yield* TaskRunner.start(Stopped, undefined)
      yield* recorder.advance("1 second")
      yield* TaskRunner.cancel(stopped.taskId)
      yield* look

      const all = [...Object.values(catalog), ...Object.values(clusterCatalog)].map(({ name }) => name)
      assert.deepStrictEqual(all.filter((name) => !seen.has(name)), [])
    }).pipe(Effect.provide(layer)))
})
