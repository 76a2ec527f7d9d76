import { assert, describe } from "@effect/vitest"
import { Effect, Metric } from "effect"
import { TestClock } from "effect/testing"
import { test, valuesOf, wholeSeriesOf } from "./storeTest.ts"

const options = { metrics: { retention: "24 hours" } } as const

describe("MetricStore: series that nothing is recorded to", () => {
  test(
    "are left out after the retention and come back at zero with a new start time",
    (store) =>
      Effect.gen(function*() {
        const jobs = store.counter({ name: "jobs_total", help: "Jobs.", attributes: ["kind"] })
        jobs.inc({ kind: "idle" }, 5)
        jobs.inc({ kind: "busy" }, 5)
        for (let hour = 0; hour < 30; hour++) {
          yield* TestClock.adjust("1 hour")
          jobs.inc({ kind: "busy" })
        }
        assert.deepStrictEqual(valuesOf(yield* store.snapshot, "jobs_total"), [{
          attributes: { kind: "busy" },
          value: 35
        }])
        jobs.inc({ kind: "idle" }, 2)
        assert.deepStrictEqual(
          wholeSeriesOf(yield* store.snapshot, "jobs_total").map(({ attributes, startMillis, value }) => [
            attributes["kind"],
            startMillis,
            value
          ]),
          [["busy", 0, 35], ["idle", 30 * 3_600_000, 2]]
        )
      }),
    options
  )

  test("stay for the whole retention", (store) =>
    Effect.gen(function*() {
      const jobs = store.counter({ name: "jobs_total", help: "Jobs.", attributes: ["kind"] })
      jobs.inc({ kind: "idle" })
      yield* TestClock.adjust("24 hours")
      assert.strictEqual(valuesOf(yield* store.snapshot, "jobs_total").length, 1)
      yield* TestClock.adjust("2 hours")
      assert.strictEqual(valuesOf(yield* store.snapshot, "jobs_total").length, 0)
    }), options)

  test(
    "stay while the same value is set and while an up-down counter returns to where it was",
    (store) =>
      Effect.gen(function*() {
        const level = store.gauge({ name: "level", help: "Level.", attributes: [] })
        const active = store.upDownCounter({ name: "active", help: "Active.", attributes: [] })
        for (let hour = 0; hour < 50; hour++) {
          level.set({}, 3)
          active.add({}, 1)
          active.add({}, -1)
          yield* TestClock.adjust("1 hour")
        }
        const snapshot = yield* store.snapshot
        assert.deepStrictEqual(valuesOf(snapshot, "level"), [{ attributes: {}, value: 3 }])
        assert.deepStrictEqual(valuesOf(snapshot, "active"), [{ attributes: {}, value: 0 }])
      }),
    options
  )

  test(
    "stay while they say what is so: an info, and an up-down counter that has not returned to zero",
    (store) =>
      Effect.gen(function*() {
        const active = store.upDownCounter({ name: "active", help: "Active.", attributes: ["task"] })
        active.add({ task: "long" }, 1)
        active.add({ task: "ended" }, 1)
        active.add({ task: "ended" }, -1)
        store.info({ name: "build_info", help: "Build.", attributes: ["version"] }, { version: "1.0.0" })
        yield* TestClock.adjust("3 days")
        const before = yield* store.snapshot
        assert.deepStrictEqual(valuesOf(before, "active"), [{ attributes: { task: "long" }, value: 1 }])
        assert.deepStrictEqual(valuesOf(before, "build_info"), [{ attributes: { version: "1.0.0" }, value: 1 }])
        active.add({ task: "long" }, -1)
        assert.deepStrictEqual(valuesOf(yield* store.snapshot, "active"), [{ attributes: { task: "long" }, value: 0 }])
        yield* TestClock.adjust("3 days")
        assert.deepStrictEqual(valuesOf(yield* store.snapshot, "active"), [])
      }),
    options
  )

  test(
    "give their place to others without mixing, and handles find another place",
    (store) =>
      Effect.gen(function*() {
        const jobs = store.counter({ name: "jobs_total", help: "Jobs.", attributes: ["kind"] })
        const waits = store.histogram({ name: "waits", help: "Waits.", attributes: ["kind"], buckets: [1] })
        const old = jobs.bind({ kind: "old" })
        const oldWait = waits.bind({ kind: "old" })
        const none = store.counter({ name: "runs_total", help: "Runs.", attributes: [] })
        const bound = none.bind({})
        old.inc(100)
        oldWait.observe(0.5)
        bound.inc(100)
        yield* TestClock.adjust("3 days")
        assert.deepStrictEqual(valuesOf(yield* store.snapshot, "jobs_total"), [])
        jobs.inc({ kind: "new" }, 7)
        waits.observe({ kind: "new" }, 9)
        old.inc(1)
        oldWait.observe(2)
        none.inc({}, 1)
        bound.inc(1)
        const snapshot = yield* store.snapshot
        assert.deepStrictEqual(valuesOf(snapshot, "jobs_total"), [
          { attributes: { kind: "new" }, value: 7 },
          { attributes: { kind: "old" }, value: 1 }
        ])
        assert.deepStrictEqual(valuesOf(snapshot, "waits"), [
          { attributes: { kind: "new" }, value: { counts: [0, 1], count: 1, sum: 9 } },
          { attributes: { kind: "old" }, value: { counts: [0, 1], count: 1, sum: 2 } }
        ])
        assert.deepStrictEqual(valuesOf(snapshot, "runs_total"), [{ attributes: {}, value: 2 }])
      }),
    options
  )

  test(
    "make room under the cardinality limit",
    (store) =>
      Effect.gen(function*() {
        const jobs = store.counter({ name: "jobs_total", help: "Jobs.", attributes: ["kind"] })
        for (let number = 0; number < 20; number++) jobs.inc({ kind: `old${number}` })
        yield* TestClock.adjust("3 days")
        for (let number = 0; number < 5; number++) jobs.inc({ kind: `new${number}` })
        assert.deepStrictEqual(
          valuesOf(yield* store.snapshot, "jobs_total").map(({ attributes }) => attributes["kind"]),
          ["new0", "new1", "new2", "new3", "new4"]
        )
      }),
    { metrics: { retention: "24 hours", cardinalityLimit: 10 } }
  )

  test("leave Effect's registry, too", (store) =>
    Effect.gen(function*() {
      store.counter({ name: "jobs_total", help: "Jobs.", attributes: ["kind"] }).inc({ kind: "a" })
      const names = Effect.map(Metric.snapshot, (all) => all.map(({ id }) => id).filter((id) => id === "jobs_total"))
      assert.deepStrictEqual(yield* names, ["jobs_total"])
      yield* TestClock.adjust("3 days")
      assert.deepStrictEqual(yield* names, [])
    }), options)
})
