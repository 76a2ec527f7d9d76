import { assert, describe } from "@effect/vitest"
import { Context, Effect, Layer, Metric } from "effect"
import { TestClock } from "effect/testing"
import { SelfStatistics } from "../../../src/internal/SelfStatistics.ts"
import { MetricStore } from "../../../src/metrics/MetricStore.ts"
import { test, wholeSeriesOf } from "../storeTest.ts"

describe("MetricStore.layerShared", () => {
  test("begins anew with an overflow series that has expired, as often as it does", (store) =>
    Effect.gen(function*() {
      const port = yield* store.share({ maximumBytes: 65_536 })
      const shared = MetricStore.layerShared(port).pipe(Layer.provide(SelfStatistics.layer))
      const registry = Layer.succeed(Metric.MetricRegistry, new Map())
      const thread = Context.get(yield* Layer.build(Layer.provide(shared, registry)), MetricStore)
      const jobs = thread.counter({ name: "jobs_total", help: "Jobs.", attributes: ["kind"], cardinalityLimit: 1 })
      for (let life = 0; life < 12; life++) {
        jobs.inc({ kind: "a" }, 5)
        const [series] = wholeSeriesOf(yield* store.snapshot, "jobs_total")
        assert.strictEqual(series?.value, 5)
        assert.strictEqual(series?.startMillis, life * 48 * 3_600_000)
        for (let hour = 0; hour < 48; hour++) yield* TestClock.adjust("1 hour")
        assert.deepStrictEqual(wholeSeriesOf(yield* store.snapshot, "jobs_total"), [])
      }
    }).pipe(Effect.scoped), { metrics: { retention: "24 hours" } })
})
