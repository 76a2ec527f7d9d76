import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, Schema } from "effect"
import * as MetricDelta from "../../src/metrics/MetricDelta.ts"
import * as MetricMerge from "../../src/metrics/MetricMerge.ts"
import * as MetricReader from "../../src/metrics/MetricReader.ts"
import type { MetricSnapshot } from "../../src/metrics/MetricSnapshot.ts"
import * as eventLoop from "../support/eventLoop.ts"
import * as model from "../support/metricModel.ts"
import { counter, numbers, snapshot } from "../support/metricModel.ts"
import { exponential } from "../support/metricSnapshots.ts"

/** A store that has what it is told to have. */
const makeStore = (first: MetricSnapshot = MetricDelta.nothing) => {
  const store = { now: first, reads: 0 }
  return {
    set: (...given: Parameters<typeof snapshot>) => {
      store.now = snapshot(...given)
    },
    reads: () => store.reads,
    snapshot: Effect.sync(() => {
      store.reads++
      return store.now
    })
  }
}

/** What a collection delivers, if all of it is taken. */
const collected = (reader: MetricReader.MetricReader) =>
  Effect.gen(function*() {
    const parts: Array<MetricSnapshot> = []
    yield* reader.collect((part) => Effect.sync(() => parts.push(part)))
    return parts
  })

const jobs = (value: number, startMillis = 0, attributes: Readonly<Record<string, string>> = {}) =>
  counter("jobs_total", { value, startMillis, attributes })

describe("MetricReader", () => {
  it.effect("hands over the present values again and again if it is cumulative", () =>
    Effect.gen(function*() {
      const store = makeStore(snapshot(10, jobs(3)))
      const reader = yield* MetricReader.make({ snapshot: store.snapshot })
      assert.strictEqual(reader.temporality, "cumulative")
      assert.deepStrictEqual(yield* collected(reader), [snapshot(10, jobs(3))])
      store.set(20, jobs(5))
      assert.deepStrictEqual(yield* Effect.exit(reader.collect(() => Effect.fail("no"))), Exit.fail("no"))
      assert.deepStrictEqual(yield* collected(reader), [snapshot(20, jobs(5))])
    }))

  it.effect("hands over what was added since it delivered last, and nothing if there is nothing", () =>
    Effect.gen(function*() {
      const store = makeStore(snapshot(10, jobs(3)))
      const reader = yield* MetricReader.make({ snapshot: store.snapshot, temporality: "delta" })
      assert.deepStrictEqual(yield* collected(reader), [snapshot(10, jobs(3))])
      store.set(20, jobs(5))
      assert.deepStrictEqual(yield* collected(reader), [snapshot(20, jobs(2, 10))])
      store.set(30, jobs(5))
      assert.deepStrictEqual(yield* collected(reader), [])
      store.set(40, jobs(6))
      assert.deepStrictEqual(yield* collected(reader), [snapshot(40, jobs(1, 30))])
    }))

  for (
    const [what, deliver] of [
      ["fails", Effect.fail("no")],
      ["dies", Effect.die("no")],
      ["is interrupted", Effect.interrupt]
    ] as const
  ) {
    it.effect(`owes what was handed over to a delivery that ${what}`, () =>
      Effect.gen(function*() {
        const store = makeStore(snapshot(10, jobs(3)))
        const reader = yield* MetricReader.make({ snapshot: store.snapshot, temporality: "delta" })
        yield* collected(reader)
        store.set(20, jobs(5))
        assert.isTrue(Exit.isFailure(yield* Effect.exit(reader.collect(() => deliver))))
        store.set(30, jobs(9))
        assert.isTrue(Exit.isFailure(yield* Effect.exit(reader.collect(() => deliver))))
        store.set(40, jobs(9))
        assert.deepStrictEqual(yield* collected(reader), [snapshot(40, jobs(6, 10))])
        assert.deepStrictEqual(yield* collected(reader), [])
      }))
  }

  it.effect("owes an exponential histogram in the buckets of the store, however many these are", () =>
    Effect.gen(function*() {
      const metric = (buckets: number) => {
        const positive = { offset: 0, counts: new Array<number>(buckets).fill(1) }
        return model.exponentialFamily("e", { value: exponential({ scale: 5, positive, count: buckets }) })
      }
      const store = makeStore(snapshot(10, metric(1000)))
      const reader = yield* MetricReader.make({ snapshot: store.snapshot, temporality: "delta" })
      yield* Effect.exit(reader.collect(() => Effect.fail("no")))
      store.set(20, metric(2000))
      assert.deepStrictEqual(yield* collected(reader), [snapshot(20, metric(2000))])
    }))

  it.effect("owes levels no longer than they are true", () =>
    Effect.gen(function*() {
      const store = makeStore(snapshot(10, numbers("gauge", "a", { value: 1 }), numbers("gauge", "b", { value: 1 })))
      const reader = yield* MetricReader.make({ snapshot: store.snapshot, temporality: "delta" })
      yield* Effect.exit(reader.collect(() => Effect.fail("no")))
      store.set(20, numbers("gauge", "a", { value: 2 }))
      assert.deepStrictEqual(yield* collected(reader), [snapshot(20, numbers("gauge", "a", { value: 2 }))])
    }))

  it.effect("owes a series that the store has forgotten, and adds what it has measured after that", () =>
    Effect.gen(function*() {
      const store = makeStore(snapshot(10, jobs(3, 5)))
      const reader = yield* MetricReader.make({ snapshot: store.snapshot, temporality: "delta" })
      yield* Effect.exit(reader.collect(() => Effect.fail("no")))
      store.set(20)
      yield* Effect.exit(reader.collect(() => Effect.fail("no")))
      store.set(30, jobs(1, 25))
      assert.deepStrictEqual(yield* collected(reader), [snapshot(30, jobs(4, 5))])
    }))

  it.effect.each([0, -1, 1.5, Number.NaN, "7"])("refuses %s series at once", (maximumSeries) =>
    Effect.gen(function*() {
      const { snapshot } = makeStore()
      const made = yield* Effect.exit(MetricReader.make({ snapshot, maximumSeries: maximumSeries as number }))
      assert.deepStrictEqual(
        made,
        Exit.die(
          new RangeError(
            `expected a whole number of at least 1 at maximumSeries, got ${
              typeof maximumSeries === "string" ? `"${maximumSeries}"` : maximumSeries
            }`
          )
        )
      )
    }))

  it.effect("hands over in parts; those that fail come again, the others do not", () =>
    Effect.gen(function*() {
      const series = (time: number, ...values: ReadonlyArray<number>) =>
        counter(
          "jobs_total",
          ...values.map((value, index) => ({ value, startMillis: time, attributes: { queue: `${index}` } }))
        )
      const store = makeStore(snapshot(10, series(0, 1, 2, 3, 4, 5), numbers("gauge", "z", { value: 1 })))
      const reader = yield* MetricReader.make({ snapshot: store.snapshot, temporality: "delta", maximumSeries: 2 })
      const sizes: Array<number> = []
      const error = yield* Effect.flip(reader.collect((part) => {
        sizes.push(part.metrics.reduce((sum, metric) => sum + metric.series.length, 0))
        return sizes.length === 2 ? Effect.fail("second") : Effect.void
      }))
      assert.deepStrictEqual([error, sizes], ["second", [2, 2, 2]])
      store.set(20, series(0, 1, 2, 3, 4, 6), numbers("gauge", "z", { value: 1 }))
      const parts = yield* collected(reader)
      assert.deepStrictEqual(
        parts.flatMap(({ metrics }) =>
          metrics.flatMap((metric) =>
            metric.series.map(({ attributes, startMillis, value }) => [attributes["queue"], startMillis, value])
          )
        ),
        [["2", 0, 3], ["3", 0, 4], ["4", 10, 1], [undefined, 0, 1]]
      )
    }))

  it.effect("remembers two thousand series that the store has forgotten, and the sum of any further ones", () =>
    Effect.gen(function*() {
      const store = makeStore()
      const reader = yield* MetricReader.make({ snapshot: store.snapshot, temporality: "delta", maximumSeries: 1e6 })
      for (let round = 0; round < 50; round++) {
        store.set(
          10 * (round + 1),
          counter(
            "jobs_total",
            ...Array.from({ length: 100 }, (_, index) => ({
              value: 1,
              startMillis: 10 * round,
              attributes: { id: `${round} ${index}` }
            }))
          )
        )
        yield* Effect.exit(reader.collect(() => Effect.fail("no")))
      }
      const [part] = yield* collected(reader)
      const series = part?.metrics[0]?.series ?? []
      const sum = series.reduce((sum, { value }) => sum + (value as number), 0)
      assert.isAtMost(series.length, 2200)
      assert.deepStrictEqual([sum, series.at(-1)?.attributes], [5000, { otel_metric_overflow: "true" }])
    }))

  it.effect("knows nothing of what another reader has delivered", () =>
    Effect.gen(function*() {
      const store = makeStore(snapshot(10, jobs(3)))
      const [left, right] = yield* Effect.all([
        MetricReader.make({ snapshot: store.snapshot, temporality: "delta" }),
        MetricReader.make({ snapshot: store.snapshot, temporality: "delta" })
      ])
      yield* collected(left)
      store.set(20, jobs(5))
      assert.deepStrictEqual(yield* collected(left), [snapshot(20, jobs(2, 10))])
      assert.deepStrictEqual(yield* collected(right), [snapshot(20, jobs(5))])
    }))

  it.effect("lets collections wait for each other, also behind one that is interrupted", () =>
    Effect.gen(function*() {
      const store = makeStore(snapshot(10, jobs(3)))
      const reader = yield* MetricReader.make({ snapshot: store.snapshot, temporality: "delta" })
      const gate = yield* Deferred.make<void>()
      const first = yield* Effect.forkChild(reader.collect(() => Deferred.await(gate)), { startImmediately: true })
      const second = yield* Effect.forkChild(collected(reader), { startImmediately: true })
      const third = yield* Effect.forkChild(collected(reader), { startImmediately: true })
      yield* eventLoop.quiet
      assert.strictEqual(store.reads(), 1)
      store.set(20, jobs(5))
      yield* Fiber.interrupt(first)
      assert.deepStrictEqual(yield* Fiber.join(second), [snapshot(20, jobs(5))])
      assert.deepStrictEqual(yield* Fiber.join(third), [])
    }))

  const Step = Schema.Struct({
    measurements: Schema.Array(model.Measurement),
    forget: Schema.Boolean,
    /** Whether each part is taken, again from the first if there are more. */
    taken: Schema.NonEmptyArray(Schema.Boolean)
  })

  it.effect.prop("delivers every measurement once, whatever is delivered, fails or expires in between", [
    Schema.Array(Step)
  ], ([steps]) =>
    Effect.gen(function*() {
      const recorder = model.make()
      const everything = model.make()
      const delivered: Array<MetricSnapshot> = []
      let time = 0
      const reader = yield* MetricReader.make({
        snapshot: Effect.sync(() => recorder.snapshot(time)),
        temporality: "delta",
        maximumSeries: 3
      })
      for (const { forget, measurements, taken } of [...steps, { forget: false, measurements: [], taken: [true] }]) {
        time += 1000
        for (const measurement of measurements) {
          recorder.record(measurement, time - 500)
          everything.record(measurement)
        }
        let number = 0
        yield* Effect.ignore(reader.collect((part) =>
          Effect.suspend(() =>
            taken[number++ % taken.length] === true ? Effect.sync(() => delivered.push(part)) : Effect.fail("no")
          )
        ))
        if (forget) {
          recorder.forget(time - 500)
        }
      }
      assert.deepStrictEqual(
        model.additive(MetricMerge.merge(delivered).snapshot),
        model.additive(everything.snapshot(0))
      )
      assert.deepStrictEqual(overlaps(delivered), [])
    }), { arbitrary: { runs: 200 } })

  /** Points of counters and histograms that begin before the point before them has ended. */
  const overlaps = (delivered: ReadonlyArray<MetricSnapshot>) => {
    const ends = new Map<string, number>()
    const found: Array<string> = []
    for (const { metrics, timeMillis } of delivered) {
      for (const metric of metrics.filter(({ type }) => type === "counter" || type.endsWith("istogram"))) {
        for (const { attributes, startMillis } of metric.series) {
          const key = `${metric.name} ${JSON.stringify(attributes)}`
          if (startMillis < (ends.get(key) ?? 0)) found.push(`${key} ${startMillis}`)
          ends.set(key, timeMillis)
        }
      }
    }
    return found
  }
})
