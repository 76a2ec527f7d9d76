import { assert, describe } from "@effect/vitest"
import { Context, Effect, Exit, Layer, Metric, Scope } from "effect"
import { TestClock } from "effect/testing"
import { SelfStatistics } from "../../../../src/internal/SelfStatistics.ts"
import * as MetricStore from "../../../../src/metrics/MetricStore.ts"
import { test, wholeSeriesOf } from "../../storeTest.ts"

describe("MetricStore.layerShared", () => {
  test(
    "keeps what idle threads have counted beyond the retention, so that sums do not fall",
    (store) =>
      Effect.gen(function*() {
        const port = yield* store.share({ maximumBytes: 65_536 })
        const shared = MetricStore.layerShared(port).pipe(Layer.provide(SelfStatistics.layer))
        const registry = Layer.succeed(Metric.MetricRegistry, new Map())
        const running = yield* Scope.make()
        const building = Layer.build(Layer.provide(shared, registry))
        const thread = Context.get(yield* Scope.provide(building, running), MetricStore.MetricStore)
        const declaration = { name: "jobs_total", help: "Jobs.", attributes: ["kind"], cardinalityLimit: 2 } as const
        const jobs = thread.counter(declaration)
        const own = store.counter(declaration)
        jobs.inc({ kind: "a" }, 5)
        jobs.inc({ kind: "b" }, 7)
        yield* Scope.close(running, Exit.void)
        for (let hour = 0; hour < 48; hour++) {
          own.inc({ kind: "a" })
          yield* TestClock.adjust("1 hour")
        }
        assert.deepStrictEqual(
          wholeSeriesOf(yield* store.snapshot, "jobs_total").map(({ attributes, startMillis, value }) => [
            Object.values(attributes)[0],
            startMillis,
            value
          ]),
          [["a", 0, 53], ["true", 0, 7]]
        )
      }).pipe(Effect.scoped),
    { metrics: { retention: "24 hours" } }
  )

  test("keeps the counts of a thread whose memory is given back, and none of its levels", (store) =>
    Effect.gen(function*() {
      const names = Effect.map(
        store.snapshot,
        ({ metrics }) => metrics.map(({ name }) => name).filter((name) => !name.startsWith("tasker_"))
      )
      const scope = yield* Scope.make()
      const port = yield* Scope.provide(store.share(), scope)
      const shared = MetricStore.layerShared(port).pipe(Layer.provide(SelfStatistics.layer))
      const registry = Layer.succeed(Metric.MetricRegistry, new Map())
      const thread = Context.get(yield* Layer.build(Layer.provide(shared, registry)), MetricStore.MetricStore)
      thread.counter({ name: "jobs_total", help: "Jobs.", attributes: [] }).inc({})
      thread.upDownCounter({ name: "active", help: "Active.", attributes: [] }).add({}, 1)
      thread.gauge({ name: "level", help: "Level.", attributes: [] }).set({}, 1)
      assert.deepStrictEqual(yield* names, ["active", "jobs_total", "level"])
      yield* Scope.close(scope, Exit.void)
      assert.deepStrictEqual(yield* names, ["jobs_total"])
    }).pipe(Effect.scoped))
})
