import { assert, describe, it } from "@effect/vitest"
import { Effect, Metric } from "effect"
import * as MetricSnapshot from "../../src/metrics/MetricSnapshot.ts"
import * as MetricStore from "../../src/metrics/MetricStore.ts"
import * as TestTelemetry from "../support/TestTelemetry.ts"
import { suite } from "./MetricStoreTest.ts"
import { declared, seriesOf, test } from "./storeTest.ts"

suite("layer", TestTelemetry.layer(TestTelemetry.metrics))
suite("layerNoop", MetricStore.layerNoop)

describe("MetricStore", () => {
  test("reads inherited attribute values through a handle as it does when recording", (store) =>
    Effect.gen(function*() {
      class Labels {
        get kind() {
          return "a"
        }
      }
      const jobs = store.counter({ name: "jobs_total", help: "Jobs.", attributes: ["kind"] })
      jobs.inc(new Labels())
      jobs.bind(new Labels()).inc()
      assert.deepStrictEqual(yield* seriesOf(store, "jobs_total"), [{ attributes: { kind: "a" }, value: 2 }])
    }))

  test("reads everything else where an attribute of a metric of Effect cannot be made text", (store) =>
    Effect.gen(function*() {
      const attributes: Record<string, string> = {}
      Object.assign(attributes, { kind: Object.create(null) })
      yield* Metric.update(Metric.gauge("odd", { attributes }), 1)
      store.gauge({ name: "level", help: "Level.", attributes: [] }).set({}, 1)
      assert.deepStrictEqual(yield* seriesOf(store, "level"), [{ attributes: {}, value: 1 }])
    }))

  test("takes a name with a word that every object has a property for", (store) =>
    Effect.gen(function*() {
      store.counter({ name: "jobs_constructor_total", help: "Jobs.", attributes: [] }).inc({})
      assert.deepStrictEqual(yield* seriesOf(store, "jobs_constructor_total"), [{ attributes: {}, value: 1 }])
    }))

  test("gives a snapshot of all metrics with a series, sorted by name and by attribute values", (store) =>
    Effect.gen(function*() {
      const jobs = store.counter({ name: "jobs_total", help: "Jobs done.", attributes: ["kind", "site"] })
      store.gauge({ name: "unused", help: "Nothing.", attributes: [] })
      store.histogram({ name: "age_seconds", help: "Ages.", attributes: [], buckets: [1, 2.5] }).observe({}, 2.5)
      jobs.inc({ kind: "b", site: "x" })
      jobs.inc({ kind: "a", site: "y" }, 2)
      jobs.inc({ site: "x", kind: "a" }, 0.5)
      const rest = { startMillis: 0, exemplars: [] }
      assert.deepStrictEqual(yield* declared(store), [
        {
          type: "histogram",
          name: "age_seconds",
          help: "Ages.",
          unit: undefined,
          attributes: [],
          series: [{ attributes: {}, value: { counts: [0, 1, 0], count: 1, sum: 2.5 }, ...rest }],
          buckets: [1, 2.5]
        },
        {
          type: "counter",
          name: "jobs_total",
          help: "Jobs done.",
          unit: undefined,
          attributes: ["kind", "site"],
          series: [
            { attributes: { kind: "a", site: "x" }, value: 0.5, ...rest },
            { attributes: { kind: "a", site: "y" }, value: 2, ...rest },
            { attributes: { kind: "b", site: "x" }, value: 1, ...rest }
          ]
        }
      ])
    }))

  test("gives the same metric for the same declaration", (store) =>
    Effect.gen(function*() {
      const declare = () => store.counter({ name: "jobs_total", help: "Jobs.", attributes: ["kind"] })
      declare().inc({ kind: "a" })
      declare().inc({ kind: "a" })
      assert.strictEqual(declare(), declare())
      assert.deepStrictEqual(yield* seriesOf(store, "jobs_total"), [{ attributes: { kind: "a" }, value: 2 }])
    }))

  test("keeps bound handles valid while the metric grows", (store) =>
    Effect.gen(function*() {
      const jobs = store.counter({ name: "jobs_total", help: "Jobs.", attributes: ["kind"] })
      const waits = store.histogram({ name: "wait", help: "Waits.", attributes: ["kind"], buckets: [1, 2, 3] })
      const first = jobs.bind({ kind: "first" })
      const firstWait = waits.bind({ kind: "first" })
      first.inc()
      firstWait.observe(2)
      for (let number = 0; number < 500; number++) {
        jobs.inc({ kind: `k${number}` }, number)
        waits.observe({ kind: `k${number}` }, number)
      }
      first.inc(41)
      firstWait.observe(9)
      const snapshot = yield* store.snapshot
      assert.strictEqual(MetricSnapshot.valueOf(snapshot, "jobs_total", { kind: "first" }), 42)
      assert.strictEqual(MetricSnapshot.valueOf(snapshot, "jobs_total", { kind: "k499" }), 499)
      assert.deepStrictEqual(MetricSnapshot.valueOf(snapshot, "wait", { kind: "first" }), {
        counts: [0, 1, 0, 1],
        count: 2,
        sum: 11
      })
      assert.deepStrictEqual(MetricSnapshot.valueOf(snapshot, "wait", { kind: "k3" }), {
        counts: [0, 0, 1, 0],
        count: 1,
        sum: 3
      })
    }))

  test(
    "counts what exceeds the limit in one overflow series, exactly, and says so once",
    (store, lines) =>
      Effect.gen(function*() {
        const requests = store.counter({ name: "requests_total", help: "Requests.", attributes: ["method", "user"] })
        let expected = 0
        for (let number = 0; number < 5000; number++) {
          requests.inc({ method: number % 2 === 0 ? "GET" : "PUT", user: `u${number}` }, number)
          expected += number
        }
        const late = requests.bind({ method: "PUT", user: "late" })
        late.inc(7)
        const series = yield* seriesOf(store, "requests_total")
        assert.isAtMost(series.length, 100)
        assert.deepStrictEqual(series.at(-1)?.attributes, { otel_metric_overflow: "true" })
        assert.strictEqual(series.reduce((sum, { value }) => sum + (value as number), 0), expected + 7)
        assert.strictEqual(
          MetricSnapshot.valueOf(yield* store.snapshot, "requests_total", { method: "GET", user: "u0" }),
          0
        )
        assert.deepStrictEqual(lines, [[
          "Warn",
          "metric requests_total has reached its limit of 100 series; attribute \"user\" has the most distinct values"
        ]])
        assert.deepStrictEqual(yield* seriesOf(store, "tasker_metric_overflows_total"), [
          { attributes: { metric: "requests_total", attribute: "user" }, value: 1 }
        ])
      }),
    { metrics: { cardinalityLimit: 100 } }
  )

  for (const limit of [1, 2, 3]) {
    test(`keeps at most ${limit} series with a limit of ${limit}`, (store) =>
      Effect.gen(function*() {
        const jobs = store.counter({ name: "jobs_total", help: "Jobs.", attributes: ["kind"] })
        const runs = store.counter({ name: "runs_total", help: "Runs.", attributes: [] })
        for (const kind of ["a", "b", "c", "d", "a"]) {
          jobs.inc({ kind })
          runs.inc({})
        }
        const series = yield* seriesOf(store, "jobs_total")
        assert.strictEqual(series.length, limit)
        assert.strictEqual(series.reduce((sum, { value }) => sum + (value as number), 0), 5)
        assert.deepStrictEqual(yield* seriesOf(store, "runs_total"), [{ attributes: {}, value: 5 }])
      }), { metrics: { cardinalityLimit: limit } })
  }

  test("sums a million observations of 0.1 to 100 000", (store) =>
    Effect.gen(function*() {
      const wait = store.histogram({ name: "wait", help: "Waits.", attributes: [], buckets: [0.1, 1] }).bind({})
      for (let number = 0; number < 1_000_000; number++) wait.observe(0.1)
      assert.deepStrictEqual(MetricSnapshot.valueOf(yield* store.snapshot, "wait", {}), {
        counts: [1_000_000, 0, 0],
        count: 1_000_000,
        sum: 100_000
      })
    }))

  test("does not count NaN in a histogram and counts infinities in the outermost buckets", (store) =>
    Effect.gen(function*() {
      const wait = store.histogram({ name: "wait", help: "Waits.", attributes: [], buckets: [0, 1] })
      wait.observe({}, Number.NaN)
      assert.strictEqual(MetricSnapshot.valueOf(yield* store.snapshot, "wait", {}), undefined)
      wait.observe({}, -Infinity)
      wait.observe({}, 1)
      assert.deepStrictEqual(MetricSnapshot.valueOf(yield* store.snapshot, "wait", {}), {
        counts: [1, 1, 0],
        count: 2,
        sum: -Infinity
      })
      const over = store.histogram({ name: "over", help: "Waits.", attributes: [], buckets: [0, 1] })
      over.observe({}, Infinity)
      over.observe({}, 1)
      assert.deepStrictEqual(MetricSnapshot.valueOf(yield* store.snapshot, "over", {}), {
        counts: [0, 1, 1],
        count: 2,
        sum: Infinity
      })
    }))

  test(
    "keeps the beginning of a value without end, and counts all of those in one series",
    (store) =>
      Effect.gen(function*() {
        const jobs = store.counter({ name: "jobs_total", help: "Jobs.", attributes: ["kind"] })
        jobs.inc({ kind: "x".repeat(1_000_000) })
        jobs.bind({ kind: "x".repeat(2_000_000) }).inc()
        assert.deepStrictEqual(yield* seriesOf(store, "jobs_total"), [
          { attributes: { kind: `${"x".repeat(1023)}…` }, value: 2 }
        ])
      }),
    { redaction: { patterns: [] } }
  )

  test("masks the values of a sensitive attribute key", (store) =>
    Effect.gen(function*() {
      const logins = store.counter({ name: "logins_total", help: "Logins.", attributes: ["iban", "token"] })
      logins.inc({ iban: "DE02", token: "hunter2" })
      logins.bind({ iban: "DE03", token: "hunter3" }).inc()
      assert.deepStrictEqual(yield* seriesOf(store, "logins_total"), [
        { attributes: { iban: "***", token: "***" }, value: 2 }
      ])
    }), { redaction: { keys: ["iban"], mask: "***" } })

  test("turns values that are no strings into text and finds the same series again", (store) =>
    Effect.gen(function*() {
      const jobs = store.counter({ name: "jobs_total", help: "Jobs.", attributes: ["kind"] })
      jobs.inc({ kind: 5 as never })
      jobs.inc({ kind: "5" })
      jobs.inc({ kind: 5n as never })
      jobs.inc({ kind: true as never })
      jobs.inc({ kind: Symbol("s") as never })
      jobs.inc({} as never)
      jobs.inc({ kind: "" })
      jobs.inc({ kind: null as never })
      jobs.inc({ kind: Object.create(null) as never })
      assert.deepStrictEqual(yield* seriesOf(store, "jobs_total"), [
        { attributes: { kind: "" }, value: 3 },
        { attributes: { kind: "5" }, value: 3 },
        { attributes: { kind: "[object]" }, value: 1 },
        { attributes: { kind: "[symbol]" }, value: 1 },
        { attributes: { kind: "true" }, value: 1 }
      ])
    }))

  test("takes two values that are the same text in UTF-8 for one series", (store) =>
    Effect.gen(function*() {
      const jobs = store.counter({ name: "jobs_total", help: "Jobs.", attributes: ["kind"] })
      jobs.inc({ kind: "\ud800" })
      jobs.inc({ kind: "\udbff" })
      assert.deepStrictEqual(yield* seriesOf(store, "jobs_total"), [{ attributes: { kind: "\ufffd" }, value: 2 }])
    }))
})

describe("MetricStore.layerNoop", () => {
  it.effect("records nothing", () =>
    Effect.gen(function*() {
      const store = yield* MetricStore.MetricStore
      store.counter({ name: "jobs_total", help: "Jobs.", attributes: [] }).inc({})
      assert.deepStrictEqual(yield* store.snapshot, { timeMillis: 0, metrics: [] })
    }).pipe(Effect.provide(MetricStore.layerNoop)))
})
