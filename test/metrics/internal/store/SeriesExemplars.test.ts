import { assert, describe, it } from "@effect/vitest"
import { Effect, Tracer } from "effect"
import { TestClock } from "effect/testing"
import * as TimeSlice from "../../../../src/internal/TimeSlice.ts"
import * as TraceDecision from "../../../../src/internal/TraceDecision.ts"
import { Series } from "../../../../src/metrics/internal/store/Series.ts"
import { ExemplarFilter } from "../../../../src/metrics/internal/store/SeriesExemplars.ts"
import { test, wholeSeriesOf } from "../../storeTest.ts"

const span = (digit: string, sampled: boolean = true) =>
  Tracer.externalSpan({ traceId: digit.repeat(32), spanId: digit.repeat(16), sampled })

/** Runs plain code inside a span. */
const within = (digit: string, record: () => void, sampled: boolean = true) =>
  Effect.withParentSpan(Effect.sync(record), span(digit, sampled))

const exemplarsOf = (snapshot: Parameters<typeof wholeSeriesOf>[0], name: string) =>
  wholeSeriesOf(snapshot, name).flatMap(({ exemplars }) =>
    exemplars.map(({ spanId, timeMillis, traceId, value }) => [value, traceId[0], spanId[0], timeMillis])
  )

describe("Exemplars", () => {
  test("keep the span of a measurement for each bucket and each counter series", (store) =>
    Effect.gen(function*() {
      const jobs = store.counter({ name: "jobs_total", help: "Jobs.", attributes: ["kind"] })
      const waits = store.histogram({ name: "waits", help: "Waits.", attributes: [], buckets: [1, 10] })
      const bound = waits.bind({})
      yield* TestClock.adjust("5 seconds")
      yield* within("a", () => {
        jobs.inc({ kind: "a" }, 2)
        waits.observe({}, 0.5)
      })
      yield* TestClock.adjust("1 second")
      yield* within("b", () => {
        jobs.bind({ kind: "b" }).inc()
        bound.observe(20)
      })
      const snapshot = yield* store.snapshot
      assert.deepStrictEqual(exemplarsOf(snapshot, "jobs_total"), [[2, "a", "a", 5000], [1, "b", "b", 6000]])
      assert.deepStrictEqual(exemplarsOf(snapshot, "waits"), [[0.5, "a", "a", 5000], [20, "b", "b", 6000]])
    }))

  test("are the first of each interval between readings, and stay until there is another", (store) =>
    Effect.gen(function*() {
      const jobs = store.counter({ name: "jobs_total", help: "Jobs.", attributes: [] })
      const exemplars = Effect.map(store.snapshot, (snapshot) => exemplarsOf(snapshot, "jobs_total"))
      yield* within("a", () => jobs.inc({}, 1))
      yield* within("b", () => jobs.inc({}, 2))
      assert.deepStrictEqual(yield* exemplars, [[1, "a", "a", 0]])
      assert.deepStrictEqual(yield* exemplars, [[1, "a", "a", 0]])
      yield* within("c", () => jobs.inc({}, 3))
      assert.deepStrictEqual(yield* exemplars, [[3, "c", "c", 0]])
    }))

  test("are those that there were when the snapshot was taken, whenever it is read", (store) =>
    Effect.gen(function*() {
      const jobs = store.counter({ name: "jobs_total", help: "Jobs.", attributes: ["kind"] })
      yield* within("a", () => jobs.inc({ kind: "a" }, 1))
      const first = yield* store.snapshot
      yield* within("b", () => {
        jobs.inc({ kind: "a" }, 2)
        jobs.inc({ kind: "b" }, 3)
      })
      const second = yield* store.snapshot
      yield* within("c", () => jobs.inc({ kind: "a" }, 4))
      yield* store.snapshot
      yield* within("d", () => jobs.inc({ kind: "a" }, 5))
      assert.deepStrictEqual(exemplarsOf(first, "jobs_total"), [[1, "a", "a", 0]])
      assert.deepStrictEqual(exemplarsOf(second, "jobs_total"), [[2, "b", "b", 0], [3, "b", "b", 0]])
    }))

  it("are not those that came while the snapshot was being made", () => {
    const filter = new ExemplarFilter(true)
    const series = new Series(0, [], {}, 0)
    const keep = (digit: string, value: number) => Effect.runSync(within(digit, () => filter.offer(series, 0, value)))
    const valuesOf = (work: ReturnType<ReturnType<ExemplarFilter["read"]>>) =>
      TimeSlice.runNow(work)?.map((exemplars) => exemplars?.map(({ value }) => value))
    assert.isUndefined(valuesOf(filter.read()([series])))
    keep("a", 1)
    const read = filter.read()
    filter.nextInterval()
    keep("b", 2)
    assert.deepStrictEqual(valuesOf(read([series])), [[1]])
    const next = filter.read()
    filter.nextInterval()
    assert.deepStrictEqual(valuesOf(next([series])), [[2]])
    keep("c", 3)
    filter.nextInterval()
    keep("d", 4)
    assert.deepStrictEqual(valuesOf(read([series])), [[]])
  })

  test("are shown when their trace is kept, and never if it is dropped", (store) =>
    Effect.gen(function*() {
      const jobs = store.counter({ name: "jobs_total", help: "Jobs.", attributes: [] })
      const shown = Effect.map(
        store.snapshot,
        (snapshot) => exemplarsOf(snapshot, "jobs_total").map(([value]) => value)
      )
      const record = (value: number, decision: TraceDecision.TraceDecision) =>
        Effect.withParentSpan(
          Effect.sync(() => jobs.inc({}, value)),
          Object.assign(span(String(value)), { [TraceDecision.key]: decision })
        )
      const first: { isKept: boolean | undefined } = { isKept: undefined }
      yield* record(1, first)
      assert.deepStrictEqual(yield* shown, [])
      first.isKept = true
      assert.deepStrictEqual(yield* shown, [1])
      const second: { isKept: boolean | undefined } = { isKept: undefined }
      yield* record(2, second)
      assert.deepStrictEqual(yield* shown, [1])
      yield* record(3, { isKept: undefined })
      assert.deepStrictEqual(yield* shown, [1])
      second.isKept = false
      yield* record(4, { isKept: false })
      yield* record(5, { isKept: true })
      assert.deepStrictEqual(yield* shown, [5])
    }))

  test("are of sampled spans only", (store) =>
    Effect.gen(function*() {
      const jobs = store.counter({ name: "jobs_total", help: "Jobs.", attributes: [] })
      jobs.inc({})
      yield* within("a", () => jobs.inc({}), false)
      assert.deepStrictEqual(exemplarsOf(yield* store.snapshot, "jobs_total"), [])
      yield* within("b", () => jobs.inc({}))
      assert.deepStrictEqual(exemplarsOf(yield* store.snapshot, "jobs_total"), [[1, "b", "b", 0]])
    }))

  test("are of every span if asked for", (store) =>
    Effect.gen(function*() {
      const jobs = store.counter({ name: "jobs_total", help: "Jobs.", attributes: [] })
      yield* within("a", () => jobs.inc({}), false)
      assert.deepStrictEqual(exemplarsOf(yield* store.snapshot, "jobs_total"), [[1, "a", "a", 0]])
    }), { metrics: { exemplars: "always_on" } })

  test("are off if asked for", (store) =>
    Effect.gen(function*() {
      const jobs = store.counter({ name: "jobs_total", help: "Jobs.", attributes: [] })
      yield* within("a", () => jobs.inc({}))
      assert.deepStrictEqual(exemplarsOf(yield* store.snapshot, "jobs_total"), [])
    }), { metrics: { exemplars: "always_off" } })

  test("go with the magnitude of the value in an exponential histogram", (store) =>
    Effect.gen(function*() {
      const sizes = store.exponentialHistogram({ name: "size", help: "Sizes.", attributes: [] })
      yield* within("a", () => sizes.observe({}, 1.5))
      yield* within("b", () => sizes.observe({}, 1.7))
      yield* within("c", () => sizes.observe({}, 100))
      assert.sameDeepMembers(exemplarsOf(yield* store.snapshot, "size"), [[1.5, "a", "a", 0], [100, "c", "c", 0]])
    }))

  test("are gone with a series that has expired", (store) =>
    Effect.gen(function*() {
      const jobs = store.counter({ name: "jobs_total", help: "Jobs.", attributes: [] })
      yield* within("a", () => jobs.inc({}))
      yield* TestClock.adjust("3 days")
      jobs.inc({})
      assert.deepStrictEqual(exemplarsOf(yield* store.snapshot, "jobs_total"), [])
    }), { metrics: { retention: "1 day" } })
})
