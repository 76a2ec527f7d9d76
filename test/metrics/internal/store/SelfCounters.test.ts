import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Logger, Metric } from "effect"
import type { MetricView } from "../../../../src/config/internal/metricView.ts"
import { SelfStatistics } from "../../../../src/internal/SelfStatistics.ts"
import * as MetricStore from "../../../../src/metrics/MetricStore.ts"
import * as PrometheusFormat from "../../../../src/metrics/PrometheusFormat.ts"
import { seriesOf, type Store, test } from "../../storeTest.ts"

const viewed = (...views: ReadonlyArray<MetricView>) => ({ metrics: { views } })

/** Misuses two counters of a program, one of them twice. */
const misuse = (store: Store) => {
  const jobs = store.counter({ name: "jobs_total", help: "Jobs.", attributes: [] })
  const mails = store.counter({ name: "mails_total", help: "Mails.", attributes: [] })
  jobs.inc({}, -1)
  mails.inc({}, -1)
  mails.inc({}, -1)
}

/** Reaches the limit of a metric. */
const overflow = (store: Store) => {
  const seen = store.counter({ name: "seen_total", help: "Seen.", attributes: ["k"], cardinalityLimit: 2 })
  for (const k of ["a", "b", "c"]) seen.inc({ k })
}

const names = (store: Store) => Effect.map(store.snapshot, ({ metrics }) => metrics.map(({ name }) => name))

const misuses = "tasker_metric_misuses_total"

describe("SelfCounters", () => {
  test("are not shown where a view denies them", (store) =>
    Effect.gen(function*() {
      misuse(store)
      overflow(store)
      assert.deepStrictEqual(yield* names(store), ["seen_total"])
    }), viewed({ metric: "tasker_*", deny: true }))

  test(
    "are renamed, and rid of attributes, by views",
    (store) =>
      Effect.gen(function*() {
        misuse(store)
        overflow(store)
        assert.deepStrictEqual(yield* seriesOf(store, "bad_measurements_total"), [{ attributes: {}, value: 3 }])
        assert.deepStrictEqual(yield* seriesOf(store, "tasker_metric_overflows_total"), [
          { attributes: { metric: "seen_total" }, value: 1 }
        ])
        assert.notInclude(yield* names(store), misuses)
      }),
    viewed(
      { metric: misuses, rename: "bad_measurements_total", dropAttributes: ["metric"] },
      { metric: "*_overflows_total", keepAttributes: ["metric"] }
    )
  )

  test("keep their name where a view gives them one that they cannot have", (store, lines) =>
    Effect.gen(function*() {
      misuse(store)
      overflow(store)
      store.counter({ name: "own_total", help: "Own.", attributes: [] }).inc({})
      yield* store.snapshot
      assert.includeMembers([...(yield* names(store))], ["own_total", misuses, "tasker_metric_overflows_total"])
      assert.deepStrictEqual(lines.slice(-2), [
        [
          "Warn",
          "metric tasker_metric_overflows_total keeps its name: a view calls it own_total, but the name is taken"
        ],
        ["Warn", `metric ${misuses} keeps its name: a view calls it bad, but the name of a counter ends in _total`]
      ])
    }), viewed({ metric: misuses, rename: "bad" }, { metric: "tasker_metric_overflows_total", rename: "own_total" }))

  test("keep their names from the metrics of a program", (store, lines) =>
    Effect.gen(function*() {
      const theirs = store.counter({ name: misuses, help: "Theirs.", attributes: ["shop"] })
      theirs.inc({ shop: "a" }, 5)
      misuse(store)
      const { metrics } = yield* store.snapshot
      assert.deepStrictEqual(metrics.filter(({ name }) => name === misuses).map(({ help }) => help), [
        "Wrong measurements, which were not recorded."
      ])
      assert.lengthOf(PrometheusFormat.format(yield* store.snapshot).match(/^# TYPE tasker_metric_misuses/gm)!, 1)
      assert.deepStrictEqual(lines[0], [
        "Warn",
        `metric ${misuses} is not recorded: the telemetry counts about itself under this name`
      ])
    }))

  test("keep their names from what a program observes", (store, lines) =>
    Effect.gen(function*() {
      misuse(store)
      const read = () => [{ attributes: { shop: "a" }, value: 7 }]
      yield* store.observe({ type: "counter", name: misuses, help: "Theirs.", attributes: ["shop"], read })
      const { metrics } = yield* store.snapshot
      assert.lengthOf(metrics.filter(({ name }) => name === misuses), 1)
      assert.deepInclude(lines, [
        "Warn",
        `metric ${misuses} is not recorded: the telemetry counts about itself under this name`
      ])
    }).pipe(Effect.scoped))

  test("keep their names from views of a program's metrics", (store, lines) =>
    Effect.gen(function*() {
      misuse(store)
      store.counter({ name: "own_total", help: "Own.", attributes: [] }).inc({})
      assert.includeMembers([...(yield* names(store))], ["own_total", misuses])
      assert.deepStrictEqual(lines.at(-1), [
        "Warn",
        `metric own_total keeps its name: a view calls it ${misuses}, but the name is taken`
      ])
    }), viewed({ metric: "own_total", rename: misuses }))

  it.effect("are left out where a program's metric had their name first, and said once", () => {
    const lines: Array<unknown> = []
    return Effect.gen(function*() {
      const store = yield* MetricStore.MetricStore
      const statistics = yield* SelfStatistics
      store.counter({ name: "late_total", help: "Theirs.", attributes: [] }).inc({})
      statistics.counter("late_total", "Ours.", [])([])
      const twice = { type: "counter", name: "twice_total", help: "Twice.", attribute: "k" } as const
      statistics.observe({ ...twice, values: () => ({ a: 1, b: 2 }) })
      statistics.observe({ ...twice, values: () => ({ b: 3 }) })
      yield* store.snapshot
      const { metrics } = yield* store.snapshot
      assert.deepStrictEqual(metrics.flatMap(({ help, name }) => name === "late_total" ? [help] : []), ["Theirs."])
      assert.deepStrictEqual(metrics.filter(({ name }) => name === "twice_total").length, 1)
      assert.deepStrictEqual(yield* seriesOf(store, "twice_total"), [
        { attributes: { k: "a" }, value: 1 },
        { attributes: { k: "b" }, value: 5 }
      ])
      assert.deepStrictEqual(lines, [
        ["metric late_total of the telemetry is left out: a declared metric is called late_total"]
      ])
    }).pipe(
      Effect.provide(MetricStore.layer.pipe(Layer.provideMerge(SelfStatistics.layer))),
      Effect.provideService(Metric.MetricRegistry, new Map()),
      Effect.provide(Logger.layer([Logger.make(({ message }) => {
        lines.push(message)
      })]))
    )
  })
})
