import { assert, describe, it } from "@effect/vitest"
import { Effect, Equal } from "effect"
import { deepStrictEqual } from "node:assert"
import * as TimeSlice from "../../../../src/internal/TimeSlice.ts"
import * as SeriesList from "../../../../src/metrics/internal/model/SeriesList.ts"
import type { MetricData, SeriesSnapshot } from "../../../../src/metrics/MetricSnapshot.ts"
import * as StoreTest from "../../storeTest.ts"

/** A family of counters as a store gives it. */
const familyOf = (store: StoreTest.Store, count: number) => {
  const counter = store.counter({ name: "jobs_total", help: "Jobs.", attributes: ["kind"], cardinalityLimit: 5000 })
  for (let index = 0; index < count; index++) counter.inc({ kind: `${index}`.padStart(4, "0") }, index)
  return Effect.map(StoreTest.declared(store), ([metric]) => metric as MetricData)
}

/** What it says, written out. */
const plainOf = (count: number): MetricData => ({
  type: "counter",
  name: "jobs_total",
  help: "Jobs.",
  unit: undefined,
  attributes: ["kind"],
  series: Array.from({ length: count }, (_, index) => ({
    attributes: { kind: `${index}`.padStart(4, "0") },
    startMillis: 0,
    value: index,
    exemplars: []
  }))
})

const eachOf = (metric: MetricData): ReadonlyArray<SeriesSnapshot> => {
  const list = SeriesList.of(metric)
  return Array.from({ length: list.length }, (_, index) => list.at(index))
}

describe("SeriesList", () => {
  StoreTest.test("gives the series of a store one by one, as the array of the metric has them", (store) =>
    Effect.gen(function*() {
      const metric = yield* familyOf(store, 1200)
      assert.deepStrictEqual(eachOf(metric), plainOf(1200).series)
      assert.deepStrictEqual(metric.series, plainOf(1200).series)
      assert.strictEqual(SeriesList.of(metric).attributesAt(7), metric.series[7]?.attributes)
    }))

  StoreTest.test("leaves the metric plain data, whose series are made once", (store) =>
    Effect.gen(function*() {
      const plain = plainOf(3)
      assert.isTrue(Equal.equals(yield* familyOf(store, 3), plain))
      deepStrictEqual(yield* Effect.map(StoreTest.declared(store), ([again]) => again), plain)
      const [metric] = yield* StoreTest.declared(store) as Effect.Effect<[MetricData]>
      assert.strictEqual(
        JSON.stringify(metric),
        JSON.stringify({ ...plain, attributes: ["kind"], series: plain.series })
      )
      assert.deepStrictEqual(structuredClone(metric), plain)
      assert.strictEqual(metric.series, metric.series)
      assert.isTrue(Equal.equals(metric, { ...metric }))
      assert.isTrue(Equal.equals(metric, plain))
    }))

  StoreTest.test("reads a copy of a metric from the copy", (store) =>
    Effect.gen(function*() {
      const metric = yield* familyOf(store, 3)
      const copy = { ...metric, series: metric.series.slice(1) } as MetricData
      assert.deepStrictEqual(eachOf(copy), plainOf(3).series.slice(1))
    }))

  StoreTest.test("says what was recorded when the snapshot was taken, whenever it is asked", (store) =>
    Effect.gen(function*() {
      const metric = yield* familyOf(store, 2)
      yield* familyOf(store, 3)
      assert.deepStrictEqual(eachOf(metric), plainOf(2).series)
      assert.deepStrictEqual(metric.series, plainOf(2).series)
    }))

  StoreTest.test("makes a long array in several pieces of work", (store) =>
    Effect.gen(function*() {
      const metric = yield* familyOf(store, 1200)
      const work = SeriesList.make(metric)
      assert.isFalse(work.next().done)
      assert.lengthOf(metric.series, 1200)
      TimeSlice.runNow(work)
      assert.deepStrictEqual(metric.series, plainOf(1200).series)
    }))

  StoreTest.test("may write a peeked series over the one before, but never over one that was given", (store) =>
    Effect.gen(function*() {
      const seconds = store.histogram({
        name: "job_seconds",
        help: "Jobs.",
        unit: "seconds",
        attributes: ["kind"],
        buckets: [1, 2]
      })
      for (const [index, kind] of ["a", "b", "c"].entries()) seconds.observe({ kind }, index + 0.5)
      const [metric] = yield* StoreTest.declared(store) as Effect.Effect<[MetricData]>
      const list = SeriesList.of(metric)
      const first = list.at(0)
      const peeked = [0, 2, 1, 0].map((index) => structuredClone(list.peek(index)))
      assert.deepStrictEqual(peeked, [0, 2, 1, 0].map((index) => list.at(index)))
      assert.deepStrictEqual(first.value, { counts: [1, 0, 0], count: 1, sum: 0.5 })
      assert.deepStrictEqual(metric.series.map(({ value }) => value), [
        { counts: [1, 0, 0], count: 1, sum: 0.5 },
        { counts: [0, 1, 0], count: 1, sum: 1.5 },
        { counts: [0, 0, 1], count: 1, sum: 2.5 }
      ])
    }))

  it("takes a metric that was written out", () => {
    const plain = plainOf(2)
    assert.deepStrictEqual(eachOf(plain), plain.series)
    assert.strictEqual(SeriesList.of(plain).at(1), plain.series[1])
    assert.deepStrictEqual(SeriesList.of(plain).attributesAt(1), { kind: "0001" })
    assert.isTrue(SeriesList.make(plain).next().done)
  })
})
