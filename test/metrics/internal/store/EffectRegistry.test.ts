import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Layer, Logger, Metric, References, Schema, Scope } from "effect"
import { SelfStatistics } from "../../../../src/internal/SelfStatistics.ts"
import * as MetricStore from "../../../../src/metrics/MetricStore.ts"

const layer = MetricStore.layer.pipe(Layer.provide(SelfStatistics.layer))

/** The metrics of the registry without what is Effect's own. */
const visible = Effect.map(Metric.snapshot, (snapshots) =>
  snapshots
    .filter(({ id }) => !id.startsWith("effect_") && !id.startsWith("tasker_metric_"))
    .map(({ attributes, id, state, type }) => ({ id, type, attributes, state })))

describe("EffectRegistry", () => {
  it.effect("shows every series of a kind that Effect has, with its state of now", () =>
    Effect.gen(function*() {
      const store = yield* MetricStore.MetricStore
      const jobs = store.counter({ name: "jobs_total", help: "Jobs.", attributes: ["kind"] })
      jobs.inc({ kind: "mail" }, 2)
      store.upDownCounter({ name: "active", help: "Active.", attributes: [] }).add({}, -3)
      store.gauge({ name: "level", help: "Level.", attributes: [] }).set({}, 0.5)
      const wait = store.histogram({ name: "wait", help: "Waits.", attributes: [], buckets: [1, 2] })
      for (const value of [0.5, 1, 1.5, 9]) wait.observe({}, value)
      assert.deepStrictEqual(yield* visible, [
        { id: "jobs_total", type: "Counter", attributes: { kind: "mail" }, state: { count: 2, incremental: true } },
        { id: "active", type: "Counter", attributes: {}, state: { count: -3, incremental: false } },
        { id: "level", type: "Gauge", attributes: {}, state: { value: 0.5 } },
        {
          id: "wait",
          type: "Histogram",
          attributes: {},
          state: { buckets: [[1, 2], [2, 3]], count: 4, min: 0, max: 8, sum: 12 }
        }
      ] as never)
      jobs.inc({ kind: "mail" }, 40)
      assert.deepStrictEqual((yield* visible)[0]?.state, { count: 42, incremental: true })
    }).pipe(Effect.provide(layer), Effect.provideService(Metric.MetricRegistry, new Map())))

  const histogram = Effect.map(visible, ([first]) => first?.state as Metric.HistogramState)

  it.effect.prop("shows extremes of a histogram that lie in its outermost buckets and around its average", [
    Schema.NonEmptyArray(Schema.Int.check(Schema.isBetween({ minimum: -20, maximum: 1000 })))
  ], ([observed]) =>
    Effect.gen(function*() {
      const store = yield* MetricStore.MetricStore
      const bounds = [-3, 1, 5, 40]
      const wait = store.histogram({ name: "wait", help: "Waits.", attributes: [], buckets: bounds })
      for (const value of observed) wait.observe({}, value)
      const { count, max, min, sum } = yield* histogram
      const bucketOf = (value: number) => [...bounds, Infinity].findIndex((bound) => value <= bound)
      assert.strictEqual(bucketOf(min), bucketOf(Math.min(...observed)))
      assert.strictEqual(bucketOf(max), bucketOf(Math.max(...observed)))
      assert.isAtMost(min, sum / count)
      assert.isAtLeast(max, sum / count)
      assert.isTrue(Number.isFinite(min) && Number.isFinite(max))
    }).pipe(Effect.provide(layer), Effect.provideService(Metric.MetricRegistry, new Map())), {
    arbitrary: { runs: 100 }
  })

  it.effect("shows extremes that can be written where a value is infinite", () =>
    Effect.gen(function*() {
      const store = yield* MetricStore.MetricStore
      const wait = store.histogram({ name: "wait", help: "Waits.", attributes: [], buckets: [1, 5] })
      for (const value of [2, Infinity]) wait.observe({}, value)
      const { max, min } = yield* histogram
      assert.isTrue(min > 1 && min <= 2)
      assert.isTrue(max > 5 && Number.isFinite(max))
    }).pipe(Effect.provide(layer), Effect.provideService(Metric.MetricRegistry, new Map())))

  it.effect("shows an exponential histogram in the same buckets always", () =>
    Effect.gen(function*() {
      const store = yield* MetricStore.MetricStore
      const size = store.exponentialHistogram({ name: "size", help: "Sizes.", attributes: [] })
      const bounds = Array.from({ length: 36 }, (_, index) => 4 ** (index - 15))
      let before = bounds.map(() => 0)
      for (const value of [4, 4.5, 1, 3, 1e-6, 0, -7, 1e-40, 1e12, 1e13, 1e-3, 17]) {
        size.observe({}, value)
        const { buckets, count, max, min } = yield* histogram
        assert.deepStrictEqual(buckets.map(([bound]) => bound), bounds)
        const now = buckets.map(([, total]) => total)
        assert.deepStrictEqual(
          now.map((total, index) => total - before[index]!),
          bounds.map((bound) => value <= bound ? 1 : 0),
          `${value}`
        )
        assert.isAtMost(now.at(-1)!, count)
        assert.isTrue(min <= value && value <= max)
        before = now
      }
    }).pipe(Effect.provide(layer), Effect.provideService(Metric.MetricRegistry, new Map())))

  it.effect("removes its metrics when the scope closes, and nothing else", () =>
    Effect.gen(function*() {
      yield* Metric.update(Metric.counter("foreign_total"), 1)
      const scope = yield* Scope.make()
      const services = yield* Layer.buildWithScope(layer, scope)
      yield* Effect.provide(
        Effect.map(MetricStore.MetricStore, (store) =>
          store.counter({ name: "jobs_total", help: "Jobs.", attributes: ["kind"] }).inc({ kind: "mail" })),
        services
      )
      assert.deepStrictEqual(
        (yield* visible).map(({ id }) =>
          id
        ),
        ["foreign_total", "jobs_total"]
      )
      yield* Scope.close(scope, Exit.void)
      assert.deepStrictEqual((yield* visible).map(({ id }) => id), ["foreign_total"])
    }).pipe(Effect.provideService(Metric.MetricRegistry, new Map())))

  it.effect("registers nothing that is recorded after the scope has closed", () =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      const services = yield* Layer.buildWithScope(layer, scope)
      const jobs = yield* Effect.provide(
        Effect.map(MetricStore.MetricStore, (store) =>
          store.counter({ name: "jobs_total", help: "Jobs.", attributes: ["kind"] })),
        services
      )
      yield* Scope.close(scope, Exit.void)
      jobs.inc({ kind: "late" })
      assert.deepStrictEqual(yield* visible, [])
    }).pipe(Effect.provideService(Metric.MetricRegistry, new Map())))

  it.effect("leaves a metric of somebody else alone and says so", () => {
    const lines: Array<unknown> = []
    const record = Effect.gen(function*() {
      yield* Metric.update(Metric.counter("jobs_total", { description: "Theirs." }), 5)
      const store = yield* MetricStore.MetricStore
      const jobs = store.counter({ name: "jobs_total", help: "Ours.", attributes: ["kind"] })
      jobs.inc({ kind: "mail" }, 2)
      assert.deepStrictEqual(
        (yield* visible).map(({ id, state }) => [id, state]),
        [["jobs_total", { count: 5, incremental: false }]] as never
      )
      assert.deepStrictEqual(
        (yield* store.snapshot).metrics.flatMap(({ help, name }) => name === "jobs_total" ? [help] : []),
        ["Ours."]
      )
      assert.deepStrictEqual(lines, [
        "metric jobs_total exists in Effect's metric registry already; Effect's exporters see that one",
        "metric jobs_total of Effect's registry is left out: a declared metric is called jobs_total"
      ])
    })
    return record.pipe(
      Effect.provide(Layer.provideMerge(
        layer,
        Layer.mergeAll(
          Logger.layer([Logger.make(({ message }) => {
            lines.push(...(message as ReadonlyArray<unknown>))
          })]),
          Layer.succeed(Metric.MetricRegistry, new Map())
        )
      )),
      Effect.provideService(References.MinimumLogLevel, "Debug")
    )
  })

  it.effect("shows the overflow series by its own attribute", () =>
    Effect.gen(function*() {
      const store = yield* MetricStore.MetricStore
      const jobs = store.counter({ name: "jobs_total", help: "Jobs.", attributes: ["kind"] })
      for (let number = 0; number < 2100; number++) jobs.inc({ kind: `k${number}` })
      const series = yield* visible
      assert.strictEqual(series.length, 2000)
      assert.deepStrictEqual(series.at(-1), {
        id: "jobs_total",
        type: "Counter",
        attributes: { otel_metric_overflow: "true" },
        state: { count: 101, incremental: true }
      } as never)
    }).pipe(
      Effect.provide(Layer.provideMerge(layer, Logger.layer([]))),
      Effect.provideService(Metric.MetricRegistry, new Map())
    ))
})
