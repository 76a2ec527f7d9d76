import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Exit, Layer, Metric, Scope } from "effect"
import { TestClock } from "effect/testing"
import { SelfStatistics } from "../../../../src/internal/SelfStatistics.ts"
import * as TimeSlice from "../../../../src/internal/TimeSlice.ts"
import * as CompensatedSum from "../../../../src/metrics/internal/aggregation/CompensatedSum.ts"
import * as MetricDeclaration from "../../../../src/metrics/internal/model/MetricDeclaration.ts"
import { MetricStorage, strideOf } from "../../../../src/metrics/internal/store/MetricStorage.ts"
import * as ObservedValues from "../../../../src/metrics/internal/store/ObservedValues.ts"
import type { Reading } from "../../../../src/metrics/internal/store/SeriesNumbers.ts"
import * as SharedMemory from "../../../../src/metrics/internal/threads/SharedMemory.ts"
import { SharedMemoryWriter } from "../../../../src/metrics/internal/threads/SharedMemory.ts"
import { SharedNumbers } from "../../../../src/metrics/internal/threads/SharedNumbers.ts"
import { WorkerThreads } from "../../../../src/metrics/internal/threads/WorkerThreads.ts"
import * as MetricReader from "../../../../src/metrics/MetricReader.ts"
import * as MetricStore from "../../../../src/metrics/MetricStore.ts"
import { type Store, test, valuesOf, wholeSeriesOf } from "../../storeTest.ts"

/** The store of a worker thread, what stops it, and what gives its memory back. */
const startThread = Effect.fnUntraced(function*(store: Store, maximumBytes?: number) {
  const scope = yield* Scope.make()
  const port = yield* Scope.provide(store.share({ maximumBytes }), scope)
  const shared = MetricStore.layerShared(port).pipe(Layer.provide(Layer.fresh(SelfStatistics.layer)))
  const registry = Layer.succeed(Metric.MetricRegistry, new Map())
  const own = yield* Scope.make()
  const context = yield* Scope.provide(Layer.build(Layer.provide(shared, registry)), own)
  return {
    store: Context.get(context, MetricStore.MetricStore),
    scope: own,
    stop: Scope.close(own, Exit.void),
    end: Scope.close(scope, Exit.void)
  }
})

describe("MetricStore.share", () => {
  for (const maximumBytes of [0, 1023, 1e6 + 0.5, Number.NaN, Infinity]) {
    test(`refuses ${maximumBytes} bytes`, (store) =>
      Effect.gen(function*() {
        const shared = yield* Effect.exit(Effect.scoped(store.share({ maximumBytes })))
        const message = `expected a whole number of at least 1024 at maximumBytes, got ${maximumBytes}`
        assert.deepStrictEqual(shared, Exit.die(new RangeError(message)))
      }))
  }
})

const jobs = { name: "jobs_total", help: "Jobs.", attributes: ["kind"] } as const
const retention = { metrics: { retention: "24 hours" } } as const
const hours = (count: number) => Effect.repeat(TestClock.adjust("1 hour"), { times: count - 1 })

/** Kind, start in minutes and value of each series. */
const shownBy = (store: Store) =>
  Effect.map(
    store.snapshot,
    (snapshot) =>
      wholeSeriesOf(snapshot, "jobs_total").map(({ attributes, startMillis, value }) => [
        Object.values(attributes)[0],
        startMillis / 60_000,
        value
      ])
  )

/** Reads what has come since the reading before, and gives the sum of all of it. */
const deltaSum = Effect.fnUntraced(function*(store: Store) {
  const reader = yield* MetricReader.make({ snapshot: store.snapshot, temporality: "delta" })
  let sum = 0
  const collect = reader.collect((delta) =>
    Effect.sync(() => {
      for (const { value } of wholeSeriesOf(delta, "jobs_total")) sum += value as number
    })
  )
  return { sum: Effect.andThen(collect, Effect.sync(() => sum)) }
})

describe("A series of the main thread that worker threads have, too", () => {
  test("stays while a thread has it, however long nothing is recorded", (store) =>
    Effect.gen(function*() {
      const { sum } = yield* deltaSum(store)
      yield* TestClock.adjust("1 minute")
      store.counter(jobs).inc({ kind: "a" }, 100)
      store.counter(jobs).inc({ kind: "own" }, 1)
      yield* TestClock.adjust("1 minute")
      const thread = yield* startThread(store)
      thread.store.counter(jobs).inc({ kind: "a" }, 50)
      yield* thread.stop
      assert.strictEqual(yield* sum, 151)
      for (let hour = 0; hour < 60; hour++) {
        yield* TestClock.adjust("1 hour")
        yield* sum
      }
      assert.deepStrictEqual(yield* shownBy(store), [["a", 1, 150]])
      assert.strictEqual(yield* sum, 151)
    }), retention)

  test(
    "goes as a whole once the thread has ended and nothing was recorded for the retention",
    (store) =>
      Effect.gen(function*() {
        const { sum } = yield* deltaSum(store)
        store.counter(jobs).inc({ kind: "a" }, 100)
        const thread = yield* startThread(store)
        thread.store.counter(jobs).inc({ kind: "a" }, 50)
        thread.store.counter(jobs).inc({ kind: "b" }, 7)
        yield* thread.stop
        yield* hours(20)
        yield* sum
        yield* thread.end
        const seen = new Set<string>()
        for (let hour = 0; hour < 48; hour++) {
          yield* TestClock.adjust("1 hour")
          yield* sum
          seen.add(JSON.stringify(yield* shownBy(store)))
        }
        assert.deepStrictEqual([...seen], [JSON.stringify([["a", 0, 150], ["b", 0, 7]]), "[]"])
        assert.strictEqual(yield* sum, 157)
      }),
    retention
  )

  test(
    "stays while the main thread records to it, with what ended threads have counted",
    (store) =>
      Effect.gen(function*() {
        const thread = yield* startThread(store)
        thread.store.counter(jobs).inc({ kind: "a" }, 50)
        thread.store.counter(jobs).inc({ kind: "b" }, 50)
        yield* thread.stop
        yield* thread.end
        for (let hour = 0; hour < 60; hour++) {
          store.counter(jobs).inc({ kind: "a" })
          yield* TestClock.adjust("1 hour")
        }
        assert.deepStrictEqual(yield* shownBy(store), [["a", 0, 110]])
      }),
    retention
  )
})

describe("Series of worker threads", () => {
  const count = (store: Store, kinds: ReadonlyArray<string>) => {
    for (const kind of kinds) store.counter(jobs).inc({ kind })
  }
  const kinds = (prefix: string, count: number) => Array.from({ length: count }, (_, number) => `${prefix}${number}`)

  test(
    "have one cardinality limit together with those of the main thread, and nothing is lost",
    (store) =>
      Effect.gen(function*() {
        const threads = yield* Effect.forEach(["x", "y", "z"], () => startThread(store))
        count(store, kinds("own", 4))
        yield* store.snapshot
        for (const [number, thread] of threads.entries()) count(thread.store, kinds(`t${number}-`, 4))
        for (const thread of threads) count(thread.store, ["own0"])
        const check = (ownZero: number, overflow: number) =>
          Effect.map(store.snapshot, (snapshot) => {
            const all = valuesOf(snapshot, "jobs_total")
            assert.strictEqual(all.length, 10)
            assert.deepStrictEqual(all.find(({ attributes }) => attributes["kind"] === "own0")?.value, ownZero)
            assert.deepStrictEqual(all.at(-1), { attributes: { otel_metric_overflow: "true" }, value: overflow })
          })
        yield* check(4, 7)
        // One that is beyond the limit in a thread is beyond it in the main thread.
        count(store, ["t2-3", "own0", "late", "t0-0"])
        yield* check(5, 9)
        for (const thread of threads) {
          yield* thread.end
          yield* check(5, 9)
        }
      }),
    { metrics: { cardinalityLimit: 10 } }
  )

  test(
    "that ended threads leave are bounded, retire, and are part of the metrics about memory",
    (store) =>
      Effect.gen(function*() {
        const numberOf = (name: string, attributes: Readonly<Record<string, string>> = {}) =>
          Effect.map(store.snapshot, (snapshot) =>
            valuesOf(snapshot, name).find((series) =>
              Object.entries(attributes).every(([key, value]) =>
                series.attributes[key] === value
              )
            )?.value as number | undefined)
        const series = numberOf("tasker_metric_series", { metric: "jobs_total" })
        const bytes = numberOf("tasker_metric_store_bytes")
        const before = (yield* bytes) ?? 0
        for (let round = 0; round < 5; round++) {
          const thread = yield* startThread(store, 1_000_000)
          count(thread.store, kinds(`r${round}-`, 50))
          yield* thread.stop
          assert.strictEqual(yield* series, Math.min((round + 1) * 50, 100))
          assert.isAbove((yield* bytes) ?? 0, before + 2 * 65_536 + 50 * 100)
          yield* thread.end
          assert.strictEqual(yield* series, Math.min((round + 1) * 50, 100))
        }
        const all = valuesOf(yield* store.snapshot, "jobs_total")
        assert.strictEqual(all.length, 100)
        assert.strictEqual(
          all.reduce((sum, { value }) => sum + (value as number), 0),
          250
        )
        assert.strictEqual(yield* numberOf("tasker_metric_overflows_total", { metric: "jobs_total" }), 1)
        assert.isAbove((yield* bytes) ?? 0, before)
        yield* hours(50)
        assert.deepStrictEqual(valuesOf(yield* store.snapshot, "jobs_total"), [])
        assert.strictEqual(yield* series, undefined)
      }),
    { metrics: { cardinalityLimit: 100, retention: "24 hours" } }
  )
})

describe("A worker thread", () => {
  const misuses = "tasker_metric_misuses_total"

  test(
    "shows what it observes and what its telemetry says about itself",
    (store) =>
      Effect.gen(function*() {
        const shown = (name: string) => Effect.map(store.snapshot, (snapshot) => valuesOf(snapshot, name))
        const limited = { ...jobs, cardinalityLimit: 2 } as const
        store.counter(jobs).inc({ kind: "a" }, -1)
        const thread = yield* startThread(store)
        const counter = thread.store.counter(limited)
        counter.inc({ kind: "a" }, -1)
        for (const kind of ["a", "b", "c"]) counter.inc({ kind })
        let reads = 7
        yield* Scope.provide(
          Effect.all([
            thread.store.observe({
              type: "gauge",
              name: "pool_size",
              help: "Pool.",
              attributes: [],
              read: () => [{ attributes: {}, value: 3 }]
            }),
            thread.store.observe({
              type: "counter",
              name: "reads_total",
              help: "Reads.",
              attributes: [],
              read: () => [{ attributes: {}, value: reads }]
            })
          ]),
          thread.scope
        )
        yield* TestClock.adjust("5 seconds")
        assert.deepStrictEqual(yield* shown("pool_size"), [{ attributes: {}, value: 3 }])
        assert.deepStrictEqual(yield* shown("reads_total"), [{ attributes: {}, value: 7 }])
        assert.deepStrictEqual(yield* shown(misuses), [{ attributes: { metric: "jobs_total" }, value: 2 }])
        assert.deepStrictEqual(yield* shown("tasker_metric_overflows_total"), [
          { attributes: { metric: "jobs_total", attribute: "kind" }, value: 1 }
        ])
        assert.deepStrictEqual(
          (yield* shown("tasker_metric_store_bytes")).map(({ attributes }) => attributes),
          [{}]
        )
        reads = 9
        yield* TestClock.adjust("5 seconds")
        assert.deepStrictEqual(yield* shown("reads_total"), [{ attributes: {}, value: 9 }])
        // Between two looks at it, and then it ends.
        counter.inc({ kind: "a" }, -1)
        yield* thread.stop
        yield* thread.end
        assert.deepStrictEqual(yield* shown("pool_size"), [])
        assert.deepStrictEqual(yield* shown("reads_total"), [{ attributes: {}, value: 9 }])
        assert.deepStrictEqual(yield* shown(misuses), [{ attributes: { metric: "jobs_total" }, value: 3 }])
        yield* hours(60)
        assert.deepStrictEqual(yield* shown("reads_total"), [])
        assert.deepStrictEqual(yield* shown(misuses), [{ attributes: { metric: "jobs_total" }, value: 3 }])
      }),
    retention
  )

  it.live("never lets a total that it observes fall while the main thread reads", () =>
    Effect.sync(() => {
      const memory = new SharedMemoryWriter(SharedMemory.create(1_000_000))
      const declaration = MetricDeclaration.check("counter", jobs, "here")
      const stride = strideOf(declaration)
      const place = memory.addMetric(declaration, stride)
      assert.isDefined(place)
      const storage = new SharedNumbers(memory, stride, place)
      const seen: Array<number> = []
      const state = new MetricStorage({
        declaration,
        cardinalityLimit: 10,
        numbers: storage,
        exemplars: undefined,
        nowMillis: () => 0,
        redact: (_, value) => {
          // Asked for each new series in the midst of the others: what a reader would find then.
          seen.push(CompensatedSum.read(storage.values, stride + 1))
          return value
        },
        misuse: () => {},
        registry: undefined,
        onOverflow: () => {}
      })
      const values = new ObservedValues.ObservedValues(state)
      const give = (kinds: ReadonlyArray<string>) =>
        TimeSlice.runNow(
          values.replace([ObservedValues.copyOf(state, kinds.map((kind) => ({ attributes: { kind }, value: 5 })))])
        )
      give(["a"])
      give(["b", "a"])
      give(["c", "a"])
      assert.deepStrictEqual(seen.slice(1), [5, 5])
      // A total that is no longer given stays: what has been added up from it must not fall.
      assert.strictEqual(state.seriesCount, 3)
    }))
})

describe("A total that several threads observe", () => {
  for (const which of ["a worker thread", "the main thread"] as const) {
    test(`never falls where that of ${which} begins anew`, (store) =>
      Effect.gen(function*() {
        const { sum } = yield* deltaSum(store)
        const [first, second] = [yield* startThread(store), yield* startThread(store)]
        const totals = [100, 200]
        const stores = [which === "the main thread" ? store : first.store, second.store]
        for (const [index, observed] of stores.entries()) {
          const read = () => [{ attributes: { kind: "a" }, value: totals[index] as number }]
          yield* observed.observe({ ...jobs, type: "counter", read })
        }
        const shown = Effect.andThen(Effect.forEach(stores, ({ snapshot }) => snapshot), shownBy(store))
        assert.deepStrictEqual(yield* shown, [["a", 0, 300]])
        assert.strictEqual(yield* sum, 300)
        yield* TestClock.adjust("1 minute")
        totals[0] = 5
        assert.deepStrictEqual((yield* shown).map(([, , value]) => value), [305])
        assert.strictEqual(yield* sum, 305)
        totals[0] = 6
        assert.deepStrictEqual((yield* shown).map(([, , value]) => value), [306])
        assert.strictEqual(yield* sum, 306)
      }).pipe(Effect.scoped))
  }
})

describe("WorkerThreads", () => {
  it.effect("takes new series, and keeps what ended threads leave, in small pieces", () =>
    Effect.gen(function*() {
      const threads = new WorkerThreads({
        cardinalityLimit: 100_000,
        nowMillis: () => 0,
        own: () => undefined,
        onOverflow: () => {},
        onConflict: () => {}
      })
      const scope = yield* Scope.make()
      const memory = new SharedMemoryWriter(yield* Scope.provide(threads.share(64_000_000), scope))
      const declaration = MetricDeclaration.check("counter", jobs, "here")
      const stride = strideOf(declaration)
      const place = memory.addMetric(declaration, stride)
      assert.isDefined(place)
      const storage = new SharedNumbers(memory, stride, place)
      const add = (from: number, to: number) => {
        for (let number = from; number < to; number++) storage.allocate([`kind-${number}`], 0)
      }
      const seriesOf = (read: ReturnType<WorkerThreads["read"]>) =>
        wholeSeriesOf(TimeSlice.runNow(read({ timeMillis: 0, metrics: [] })), "jobs_total").length

      add(0, 20_000)
      const reading: Reading = new Map()
      const preparing = threads.prepare(reading)
      let pieces = 1
      while (preparing.next().done !== true) pieces++
      assert.isAbove(pieces, 100)
      // What comes after it does not hold up the reading, however much it is.
      add(20_000, 40_000)
      const now = seriesOf(threads.read(reading, 0))
      assert.isAtLeast(now, 20_000)
      assert.isBelow(now, 21_000)
      TimeSlice.runNow(threads.take())
      assert.strictEqual(seriesOf(threads.read(new Map(), 0)), 40_000)
      yield* Scope.close(scope, Exit.void)
      assert.strictEqual(seriesOf(threads.read(new Map(), 0)), 40_000)
    }))
})
