import { assert, describe } from "@effect/vitest"
import { Cause, Effect, Exit, Fiber, Scope } from "effect"
import { TestClock } from "effect/testing"
import * as TimeSlice from "../../../../src/internal/TimeSlice.ts"
import * as ClusterTotals from "../../../../src/metrics/internal/cluster/ClusterTotals.ts"
import * as MetricReader from "../../../../src/metrics/MetricReader.ts"
import { seriesOf, test } from "../../storeTest.ts"

describe("MetricStore.observe", () => {
  test("asks for the values at every reading and leaves out what is no longer given", (store) =>
    Effect.gen(function*() {
      let queues: Readonly<Record<string, number>> = { mail: 3, print: 1 }
      yield* store.observe({
        type: "gauge",
        name: "queue_length",
        help: "Waiting.",
        attributes: ["queue"],
        read: () => Object.entries(queues).map(([queue, value]) => ({ attributes: { queue }, value }))
      })
      assert.deepStrictEqual(yield* seriesOf(store, "queue_length"), [
        { attributes: { queue: "mail" }, value: 3 },
        { attributes: { queue: "print" }, value: 1 }
      ])
      queues = { mail: 0, fax: 2 }
      assert.deepStrictEqual(yield* seriesOf(store, "queue_length"), [
        { attributes: { queue: "fax" }, value: 2 },
        { attributes: { queue: "mail" }, value: 0 }
      ])
    }).pipe(Effect.scoped))

  test("takes effects and shows the total of a counter that somebody else keeps", (store) =>
    Effect.gen(function*() {
      let total = 10
      yield* store.observe({
        type: "counter",
        name: "reads_total",
        help: "Reads.",
        attributes: [],
        read: Effect.sync(() => [{ attributes: {}, value: total }])
      })
      assert.deepStrictEqual(yield* seriesOf(store, "reads_total"), [{ attributes: {}, value: 10 }])
      total = 12.5
      assert.deepStrictEqual(yield* seriesOf(store, "reads_total"), [{ attributes: {}, value: 12.5 }])
    }).pipe(Effect.scoped))

  test("adds up what several observers of one metric give, until each of them ends", (store) =>
    Effect.gen(function*() {
      const observe = (pool: string, value: number) =>
        store.observe({
          type: "gauge",
          name: "pool_connections",
          help: "Connections.",
          attributes: ["pool"],
          read: () => [{ attributes: { pool }, value }, { attributes: { pool: "all" }, value }]
        })
      const scope = yield* Scope.make()
      yield* observe("a", 1)
      yield* Scope.provide(observe("b", 2), scope)
      assert.deepStrictEqual(yield* seriesOf(store, "pool_connections"), [
        { attributes: { pool: "a" }, value: 1 },
        { attributes: { pool: "all" }, value: 3 },
        { attributes: { pool: "b" }, value: 2 }
      ])
      yield* Scope.close(scope, Exit.void)
      assert.deepStrictEqual(yield* seriesOf(store, "pool_connections"), [
        { attributes: { pool: "a" }, value: 1 },
        { attributes: { pool: "all" }, value: 1 }
      ])
    }).pipe(Effect.scoped))

  test("goes on from where a total was that was missing from a reading", (store) =>
    Effect.gen(function*() {
      let rows = [{ attributes: { node: "a" }, value: 100 }]
      const reader = yield* MetricReader.make({ snapshot: store.snapshot, temporality: "delta" })
      let sum = 0
      let totals = ClusterTotals.none(0)
      const read = Effect.gen(function*() {
        yield* TestClock.adjust("1 minute")
        yield* reader.collect((part) =>
          Effect.sync(() => {
            for (const { name, series } of part.metrics) {
              if (name === "hits_total") { for (const { value } of series) sum += value as number }
            }
          })
        )
        const snapshot = yield* store.snapshot
        totals = TimeSlice.runNow(
          ClusterTotals.replace(totals, "1", snapshot, { cardinalityLimit: 2000, retentionMillis: 86_400_000 })
        )
        const all = TimeSlice.runNow(ClusterTotals.combine(totals, {})).snapshot
        return all.metrics.find(({ name }) => name === "hits_total")?.series.map(({ value }) => value)
      })
      yield* store.observe({ type: "counter", name: "hits_total", help: "H.", attributes: ["node"], read: () => rows })
      assert.deepStrictEqual(yield* read, [100])
      rows = []
      assert.deepStrictEqual(yield* read, [100])
      rows = [{ attributes: { node: "a" }, value: 101 }]
      assert.deepStrictEqual(yield* read, [101])
      assert.strictEqual(sum, 101)
    }).pipe(Effect.scoped))

  test("begins a total anew that has become less", (store) =>
    Effect.gen(function*() {
      let value = 100
      yield* store.observe({
        type: "counter",
        name: "hits_total",
        help: "Hits.",
        attributes: ["node"],
        read: () => [{ attributes: { node: "a" }, value }]
      })
      const read = Effect.map(
        store.snapshot,
        ({ metrics }) =>
          metrics.find(({ name }) => name === "hits_total")?.series.map((
            { startMillis, value }
          ) => [startMillis, value])
      )
      assert.deepStrictEqual(yield* read, [[0, 100]])
      yield* TestClock.adjust("1 minute")
      value = 3
      assert.deepStrictEqual(yield* read, [[60_000, 3]])
      yield* TestClock.adjust("1 minute")
      value = 4
      assert.deepStrictEqual(yield* read, [[60_000, 4]])
    }).pipe(Effect.scoped))

  test("lets a total go that nobody gives for the retention", (store) =>
    Effect.gen(function*() {
      let rows = [{ attributes: { node: "a" }, value: 100 }]
      yield* store.observe({ type: "counter", name: "hits_total", help: "H.", attributes: ["node"], read: () => rows })
      yield* seriesOf(store, "hits_total")
      rows = []
      yield* TestClock.adjust("23 hours")
      assert.strictEqual((yield* seriesOf(store, "hits_total")).length, 1)
      yield* TestClock.adjust("3 hours")
      assert.strictEqual((yield* seriesOf(store, "hits_total")).length, 0)
    }).pipe(Effect.scoped))

  test("is not declared where a program records, nor the other way round", (store) =>
    Effect.gen(function*() {
      const declaration = { name: "hits_total", help: "Hits.", attributes: ["node"] } as const
      const observe = (name: string) =>
        Effect.exit(store.observe({ ...declaration, name, type: "counter", read: () => [] }))
      store.counter(declaration).inc({ node: "a" }, 5)
      const exit = yield* observe("hits_total")
      assert.match(
        Exit.isFailure(exit) ? String(Cause.squash(exit.cause)) : "",
        /"hits_total" is declared twice: as counter\{node\} at .* and as observed counter\{node\} at /
      )
      assert.deepStrictEqual(yield* seriesOf(store, "hits_total"), [{ attributes: { node: "a" }, value: 5 }])
      yield* observe("reads_total")
      assert.throws(
        () => store.counter({ ...declaration, name: "reads_total" }),
        /as observed counter\{node\} at .* and as counter\{node\} at /
      )
    }).pipe(Effect.scoped))

  test("keeps the values of before where reading breaks off midway", (store) =>
    Effect.gen(function*() {
      let readings = 0
      yield* store.observe({
        type: "counter",
        name: "reads_total",
        help: "Reads.",
        attributes: ["kind"],
        read: function*() {
          readings++
          yield { attributes: { kind: "a" }, value: 10 * readings }
          if (readings > 1) throw new Error("gone")
          yield { attributes: { kind: "b" }, value: 20 }
        }
      })
      const expected = [{ attributes: { kind: "a" }, value: 10 }, { attributes: { kind: "b" }, value: 20 }]
      assert.deepStrictEqual(yield* seriesOf(store, "reads_total"), expected)
      assert.deepStrictEqual(yield* seriesOf(store, "reads_total"), expected)
    }).pipe(Effect.scoped))

  test("waits no longer than a second for an effect that cannot be interrupted, and starts it once", (store) =>
    Effect.gen(function*() {
      let started = 0
      yield* store.observe({
        type: "gauge",
        name: "level",
        help: "Level.",
        attributes: [],
        read: Effect.uninterruptible(Effect.andThen(Effect.sync(() => started++), Effect.never))
      })
      for (let reading = 0; reading < 3; reading++) {
        const fiber = yield* Effect.forkChild(store.snapshot)
        yield* TestClock.adjust("2 seconds")
        assert.isDefined(fiber.pollUnsafe())
      }
      assert.strictEqual(started, 1)
    }).pipe(Effect.scoped))

  test("gives two readings at the same time the values of one effect", (store) =>
    Effect.gen(function*() {
      let started = 0
      yield* store.observe({
        type: "gauge",
        name: "level",
        help: "Level.",
        attributes: [],
        read: Effect.sync(() => [{ attributes: {}, value: ++started }]).pipe(Effect.delay("500 millis"))
      })
      const fibers = yield* Effect.forEach([1, 2], () => Effect.forkChild(seriesOf(store, "level")))
      yield* TestClock.adjust("500 millis")
      const one = [{ attributes: {}, value: 1 }]
      assert.deepStrictEqual(yield* Fiber.joinAll(fibers), [one, one])
    }).pipe(Effect.scoped))

  test("keeps the last total of a counter that is given one below zero or no number", (store) =>
    Effect.gen(function*() {
      let total = 10
      yield* store.observe({
        type: "counter",
        name: "reads_total",
        help: "Reads.",
        attributes: [],
        read: () => [{ attributes: {}, value: total }]
      })
      for (total of [10, -5, Number.NaN, Infinity]) {
        assert.deepStrictEqual(yield* seriesOf(store, "reads_total"), [{ attributes: {}, value: 10 }])
      }
      assert.deepStrictEqual(yield* seriesOf(store, "tasker_metric_observe_errors_total"), [
        { attributes: { metric: "reads_total" }, value: 4 }
      ])
    }).pipe(Effect.scoped))

  test("ends with its scope", (store) =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      yield* Scope.provide(
        store.observe({
          type: "upDownCounter",
          name: "active",
          help: "Active.",
          attributes: [],
          read: () => [{ attributes: {}, value: 1 }]
        }),
        scope
      )
      assert.strictEqual((yield* seriesOf(store, "active")).length, 1)
      yield* Scope.close(scope, Exit.void)
      assert.strictEqual((yield* seriesOf(store, "active")).length, 0)
    }))

  test("adds up what shares the overflow series and keeps the limit", (store) =>
    Effect.gen(function*() {
      yield* store.observe({
        type: "gauge",
        name: "size",
        help: "Sizes.",
        attributes: ["kind"],
        cardinalityLimit: 3,
        read: () => Array.from({ length: 10 }, (_, index) => ({ attributes: { kind: `k${index}` }, value: 1 }))
      })
      assert.deepStrictEqual(yield* seriesOf(store, "size"), [
        { attributes: { kind: "k0" }, value: 1 },
        { attributes: { kind: "k1" }, value: 1 },
        { attributes: { otel_metric_overflow: "true" }, value: 8 }
      ])
    }).pipe(Effect.scoped))

  test(
    "goes on when reading throws, fails, dies or never ends, and counts it",
    (store, lines) =>
      Effect.gen(function*() {
        const declaration = { type: "gauge", help: "Broken.", attributes: [] } as const
        yield* store.observe({
          ...declaration,
          name: "throws",
          read: () => {
            throw new Error("broken")
          }
        })
        yield* store.observe({ ...declaration, name: "fails", read: Effect.fail("broken") })
        yield* store.observe({ ...declaration, name: "dies", read: Effect.die("broken") })
        yield* store.observe({ ...declaration, name: "hangs", read: Effect.never })
        yield* store.observe({ ...declaration, name: "works", read: () => [{ attributes: {}, value: 1 }] })
        const reading = yield* Effect.forkChild(store.snapshot, { startImmediately: true })
        yield* TestClock.adjust("1 second")
        const { metrics } = yield* Fiber.join(reading)
        assert.include(metrics.map(({ name }) => name), "works")
        const again = yield* Effect.forkChild(seriesOf(store, "tasker_metric_observe_errors_total"), {
          startImmediately: true
        })
        yield* TestClock.adjust("1 second")
        assert.deepStrictEqual(
          (yield* Fiber.join(again)).map(({ attributes, value }) => [attributes["metric"], value]),
          [["dies", 2], ["fails", 2], ["hangs", 2], ["throws", 2]]
        )
        assert.deepStrictEqual(lines.map((line) => (line as ReadonlyArray<unknown>)[1]), [
          "the values of metric throws could not be read",
          "the values of metric fails could not be read",
          "the values of metric dies could not be read",
          "the values of metric hangs could not be read"
        ])
      }).pipe(Effect.scoped)
  )
})

describe("MetricStore about itself", () => {
  test("tells its series by metric and its memory", (store) =>
    Effect.gen(function*() {
      const jobs = store.counter({ name: "jobs_total", help: "Jobs.", attributes: ["kind"] })
      const bytes = Effect.map(seriesOf(store, "tasker_metric_store_bytes"), ([series]) => series?.value as number)
      // The first reading makes the series of these metrics themselves.
      yield* store.snapshot
      const before = yield* bytes
      for (let number = 0; number < 1000; number++) jobs.inc({ kind: `k${number}` })
      assert.deepInclude(yield* seriesOf(store, "tasker_metric_series"), {
        attributes: { metric: "jobs_total" },
        value: 1000
      })
      assert.isAbove((yield* bytes) - before, 500_000)
    }))
})
