import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Layer, Metric } from "effect"
import * as ClusterMetrics from "effect/cluster/ClusterMetrics"
import * as TimeSlice from "../../../../src/internal/TimeSlice.ts"
import * as ForeignMetrics from "../../../../src/metrics/internal/store/EffectMetrics.ts"
import type { MetricData } from "../../../../src/metrics/MetricSnapshot.ts"
import * as MetricStore from "../../../../src/metrics/MetricStore.ts"
import * as TestTelemetry from "../../../support/TestTelemetry.ts"
import { declared, seriesOf, test } from "../../storeTest.ts"

describe("Metrics recorded with Effect's own Metric", () => {
  test("appear in the snapshot under the names that Prometheus takes", (store) =>
    Effect.gen(function*() {
      yield* Metric.update(
        Metric.counter("http.requests", { attributes: { "http.method": "GET" }, incremental: true }),
        3
      )
      yield* Metric.update(Metric.counter("balance", { description: "Money." }), -2)
      yield* Metric.update(Metric.gauge("temperature", { bigint: true }), 7n)
      yield* Metric.update(Metric.frequency("verdicts"), "guilty")
      yield* Metric.update(Metric.histogram("sizes", { boundaries: [1, 2] }), 1.5)
      yield* Metric.update(Metric.histogram("sizes", { boundaries: [1, 2] }), 9)
      yield* Metric.update(
        Metric.summary("ages", { maxAge: "1 hour", maxSize: 10, quantiles: [0.5] }),
        4
      )
      const rest = { unit: undefined, attributes: [] }
      const series = (attributes: object, value: unknown) => [{ attributes, startMillis: 0, value, exemplars: [] }]
      assert.deepStrictEqual(yield* declared(store), [
        {
          type: "summary",
          name: "ages",
          help: "Recorded with Effect's Metric.",
          series: series({}, { count: 1, sum: 4, quantiles: [[0.5, 4]] }),
          ...rest
        },
        { type: "upDownCounter", name: "balance", help: "Money.", series: series({}, -2), ...rest },
        {
          type: "counter",
          name: "http_requests_total",
          help: "Recorded with Effect's Metric.",
          series: series({ http_method: "GET" }, 3),
          ...rest
        },
        {
          type: "histogram",
          name: "sizes",
          help: "Recorded with Effect's Metric.",
          series: series({}, { counts: [0, 1, 1], count: 2, sum: 10.5 }),
          buckets: [1, 2],
          ...rest
        },
        { type: "gauge", name: "temperature", help: "Recorded with Effect's Metric.", series: series({}, 7), ...rest },
        {
          type: "counter",
          name: "verdicts_total",
          help: "Recorded with Effect's Metric.",
          series: series({ key: "guilty" }, 1),
          ...rest
        }
      ] as never)
    }))

  test("are found from reading to reading, whatever comes and goes in between", (store) =>
    Effect.gen(function*() {
      const depth = (queue: string) => Metric.gauge("depth", { attributes: { queue } })
      const queues = Effect.map(
        seriesOf(store, "depth"),
        (series) => series.map(({ attributes }) => attributes["queue"])
      )
      const own = store.counter({ name: "own_total", help: "Own.", attributes: ["kind"] })
      own.inc({ kind: "a" })
      assert.deepStrictEqual(yield* queues, [])
      yield* Metric.update(depth("mail"), 1)
      assert.deepStrictEqual(yield* queues, ["mail"])
      assert.deepStrictEqual(yield* queues, ["mail"])
      yield* Metric.remove(depth("mail"))
      yield* Metric.update(depth("news"), 1)
      assert.deepStrictEqual(yield* queues, ["news"])
      yield* Metric.remove(depth("news"))
      own.inc({ kind: "b" })
      assert.deepStrictEqual(yield* queues, [])
      yield* Metric.update(depth("mail"), 1)
      yield* Metric.update(depth("news"), 1)
      assert.deepStrictEqual(yield* queues, ["mail", "news"])
    }))

  it.effect("are found whole by every reading, whether another one is under way or was left", () =>
    Effect.gen(function*() {
      const registry = yield* Metric.MetricRegistry
      for (let index = 0; index < 3000; index++) {
        yield* Metric.update(Metric.gauge("depth", { attributes: { queue: `${index}` } }), index)
      }
      const reader = ForeignMetrics.reader({
        context: yield* Effect.context<never>(),
        registry,
        countOurs: () => 0,
        startMillis: 0,
        views: [],
        redact: (_key, value) => value,
        redactName: (name) => name,
        onConflict: () => {}
      })
      const read = () => reader(() => false)
      const first = read()
      assert.isFalse(first.next().done)
      const lengthOf = (metrics: ReadonlyArray<MetricData>) => metrics.map(({ series }) => series.length)
      assert.deepStrictEqual(lengthOf(TimeSlice.runNow(read())), [3000])
      assert.deepStrictEqual(lengthOf(TimeSlice.runNow(first)), [3000])
      yield* Metric.update(Metric.gauge("level"), 1)
      assert.isFalse(read().next().done)
      assert.deepStrictEqual(lengthOf(TimeSlice.runNow(read())), [3000, 1])
    }).pipe(Effect.provideService(Metric.MetricRegistry, new Map())))

  test("are found though another store of the same registry has lost a series", (store) =>
    Effect.gen(function*() {
      const other = yield* MetricStore.MetricStore.pipe(
        Effect.provide(Layer.fresh(TestTelemetry.layer(MetricStore.layer)))
      )
      let connections: ReadonlyArray<number> = [1]
      yield* other.observe({
        type: "gauge",
        name: "connections",
        help: "Connections.",
        attributes: [],
        read: () => connections.map((value) => ({ attributes: {}, value }))
      })
      // What stores say about themselves is registered by and by.
      for (let reading = 0; reading < 4; reading++) yield* Effect.andThen(other.snapshot, store.snapshot)
      connections = []
      yield* other.snapshot
      yield* Metric.update(Metric.gauge("level"), 1)
      assert.deepStrictEqual(yield* seriesOf(store, "level"), [{ attributes: {}, value: 1 }])
    }).pipe(Effect.scoped))

  test("are in the order of their attributes, and added up where they have become the same", (store) =>
    Effect.gen(function*() {
      const level = (attributes: Record<string, string>, value: number) =>
        Metric.update(Metric.counter("level", { attributes }), value)
      yield* Effect.all([level({ zone: "b" }, 1), level({ zone: "c" }, 2), level({ zone: "a" }, 4), level({}, 8)])
      yield* Effect.all([level({ "a.b": "x" }, 16), level({ a_b: "x" }, 32)])
      assert.deepStrictEqual(yield* seriesOf(store, "level"), [
        { attributes: {}, value: 8 },
        { attributes: { a_b: "x" }, value: 48 },
        { attributes: { zone: "a" }, value: 4 },
        { attributes: { zone: "b" }, value: 1 },
        { attributes: { zone: "c" }, value: 2 }
      ])
    }))

  test("have no attribute that the samples of a format have by themselves", (store) =>
    Effect.gen(function*() {
      yield* Metric.update(Metric.gauge("level", { attributes: { le: "1", quantile: "2" } }), 1)
      assert.deepStrictEqual(yield* seriesOf(store, "level"), [
        { attributes: { exported_le: "1", exported_quantile: "2" }, value: 1 }
      ])
    }))

  test("of libraries and of the runtime are among them", (store) =>
    Effect.gen(function*() {
      yield* Metric.update(ClusterMetrics.runners, 3n)
      yield* Metric.update(Metric.timer("request"), Duration.millis(5))
      yield* Effect.yieldNow.pipe(Effect.forkChild, Effect.flatMap((fiber) => Effect.as(Effect.yieldNow, fiber)))
      assert.deepStrictEqual(yield* seriesOf(store, "effect_cluster_runners"), [{ attributes: {}, value: 3 }])
      assert.strictEqual((yield* seriesOf(store, "request")).length, 1)
    }))

  test("join the values of attribute keys that become one, in the order of the keys", (store) =>
    Effect.gen(function*() {
      yield* Metric.update(Metric.gauge("level", { attributes: { "a.b": "1", a_b: "2", "a-b": "3" } }), 1)
      assert.deepStrictEqual(yield* seriesOf(store, "level"), [{ attributes: { a_b: "3;1;2" }, value: 1 }])
    }))

  test("are masked like everything that leaves", (store) =>
    Effect.gen(function*() {
      yield* Metric.update(Metric.gauge("level", { attributes: { password: "hunter2" } }), 1)
      assert.deepStrictEqual(yield* seriesOf(store, "level"), [{ attributes: { password: "[FILTERED]" }, value: 1 }])
    }))

  test("are left out, and it is said once, where their name has another kind or is that of a declared metric", (
    store,
    lines
  ) =>
    Effect.gen(function*() {
      store.gauge({ name: "level", help: "Ours.", attributes: [] }).set({}, 1)
      yield* Metric.update(Metric.gauge("level", { attributes: { site: "x" } }), 2)
      yield* Metric.update(Metric.gauge("queue"), 3)
      yield* Metric.update(Metric.histogram("queue", { boundaries: [1] }), 4)
      yield* store.snapshot
      assert.deepStrictEqual(yield* seriesOf(store, "level"), [{ attributes: {}, value: 1 }])
      assert.deepStrictEqual(yield* seriesOf(store, "queue"), [{ attributes: {}, value: 3 }])
      assert.deepStrictEqual(lines, [
        ["Warn", "metric level of Effect's registry is left out: a declared metric is called level"],
        ["Warn", "metric queue of Effect's registry is left out: queue is a gauge already"]
      ])
    }))

  test("that cannot be read are left out", (store) =>
    Effect.gen(function*() {
      const context = yield* Effect.context<never>()
      Metric.registerUnsafe(Metric.gauge("broken"), context, {
        get: () => {
          throw new Error("broken")
        },
        update: () => {},
        modify: () => {}
      })
      assert.deepStrictEqual(yield* declared(store), [])
    }))
})
