import { assert, describe } from "@effect/vitest"
import { Cause, Effect, Exit, Fiber } from "effect"
import { TestClock } from "effect/testing"
import * as MetricInstrument from "../../src/metrics/MetricInstrument.ts"
import { declared, seriesOf, test } from "./storeTest.ts"

describe("Timer", () => {
  test("measures effects that succeed, fail, die and are interrupted, by how they ended", (store) =>
    Effect.gen(function*() {
      const timer = store.timer({ name: "wait_seconds", help: "Waits.", attributes: ["outcome"], buckets: [1, 10] })
      const outcome = (exit: Exit.Exit<unknown, unknown>) => ({
        outcome: Exit.isSuccess(exit) ? "ok" : Cause.hasInterruptsOnly(exit.cause) ? "interrupted" : "failed"
      })
      const measured = <A, E>(effect: Effect.Effect<A, E>) =>
        Effect.forkChild(Effect.andThen(Effect.sleep("2 seconds"), effect).pipe(timer.track(outcome)), {
          startImmediately: true
        })
      const running = [
        yield* measured(Effect.succeed(42)),
        yield* measured(Effect.fail("no")),
        yield* measured(Effect.die("never"))
      ] as const
      const interrupted = yield* measured(Effect.never)
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual(yield* Fiber.join(running[0]), 42)
      assert.deepStrictEqual(yield* Fiber.await(running[1]), Exit.fail("no"))
      yield* TestClock.adjust("1 second")
      yield* Fiber.interrupt(interrupted)
      assert.deepStrictEqual(yield* seriesOf(store, "wait_seconds"), [
        { attributes: { outcome: "failed" }, value: { counts: [0, 2, 0], count: 2, sum: 4 } },
        { attributes: { outcome: "interrupted" }, value: { counts: [0, 1, 0], count: 1, sum: 3 } },
        { attributes: { outcome: "ok" }, value: { counts: [0, 1, 0], count: 1, sum: 2 } }
      ])
    }))

  test("leaves the exit as it is when its attributes cannot be told", (store) =>
    Effect.gen(function*() {
      const timer = store.timer({ name: "wait_seconds", help: "Waits.", attributes: ["outcome"] })
      const broken = timer.track(() => {
        throw new Error("broken")
      })
      assert.deepStrictEqual(yield* Effect.exit(broken(Effect.succeed(1))), Exit.succeed(1))
      assert.deepStrictEqual(yield* Effect.exit(broken(Effect.fail("no"))), Exit.fail("no"))
    }))

  test("has buckets from milliseconds to an hour unless it is told others", (store) =>
    Effect.gen(function*() {
      store.timer({ name: "wait_seconds", help: "Waits.", attributes: [] }).observe({}, 1)
      const [metric] = yield* declared(store)
      assert.strictEqual(metric?.unit, "seconds")
      assert.deepStrictEqual(metric?.type === "histogram" ? [metric.buckets[0], metric.buckets.at(-1)] : [], [
        0.005,
        3600
      ])
    }))
})

describe("MetricInstrument as effects", () => {
  test("records like the methods", (store) =>
    Effect.gen(function*() {
      const jobs = store.counter({ name: "jobs_total", help: "Jobs.", attributes: ["kind"] })
      const level = store.gauge({ name: "level", help: "Level.", attributes: [] })
      const active = store.upDownCounter({ name: "active", help: "Active.", attributes: [] })
      const waits = store.histogram({ name: "waits", help: "Waits.", attributes: [], buckets: [1] })
      yield* MetricInstrument.increment(jobs, { kind: "a" })
      yield* MetricInstrument.increment(jobs, { kind: "a" }, 2)
      yield* MetricInstrument.set(level, {}, 5)
      yield* MetricInstrument.add(level, {}, -1)
      yield* MetricInstrument.add(active, {}, 3)
      yield* MetricInstrument.observe(waits, {}, 4)
      assert.deepStrictEqual(yield* seriesOf(store, "jobs_total"), [{ attributes: { kind: "a" }, value: 3 }])
      assert.deepStrictEqual(yield* seriesOf(store, "level"), [{ attributes: {}, value: 4 }])
      assert.deepStrictEqual(yield* seriesOf(store, "active"), [{ attributes: {}, value: 3 }])
      assert.deepStrictEqual(yield* seriesOf(store, "waits"), [
        { attributes: {}, value: { counts: [0, 1], count: 1, sum: 4 } }
      ])
    }))
})

describe("An info metric", () => {
  test("is 1 and says something by its attributes", (store) =>
    Effect.gen(function*() {
      store.info({ name: "build_info", help: "Build.", attributes: ["version"] }, { version: "1.2.3" })
      assert.deepStrictEqual(yield* seriesOf(store, "build_info"), [{ attributes: { version: "1.2.3" }, value: 1 }])
    }))
})

describe("Sums", () => {
  test("are exact for whole amounts up to 2^53 and do not drift for fractions", (store) =>
    Effect.gen(function*() {
      const jobs = store.counter({ name: "jobs_total", help: "Jobs.", attributes: [] })
      jobs.inc({}, 2 ** 53 - 2)
      jobs.inc({})
      jobs.inc({})
      assert.deepStrictEqual(yield* seriesOf(store, "jobs_total"), [{ attributes: {}, value: 2 ** 53 }])
      const money = store.upDownCounter({ name: "money", help: "Money.", attributes: [] }).bind({})
      for (let number = 0; number < 100_000; number++) money.add(0.1)
      assert.deepStrictEqual(yield* seriesOf(store, "money"), [{ attributes: {}, value: 10_000 }])
    }))
})

const misuse = (store: Parameters<typeof seriesOf>[0]) => {
  const jobs = store.counter({ name: "jobs_total", help: "Jobs.", attributes: [] })
  const active = store.upDownCounter({ name: "active", help: "Active.", attributes: [] })
  const waits = store.timer({ name: "wait_seconds", help: "Waits.", attributes: [] })
  return [
    () => jobs.inc({}, -1),
    () => jobs.bind({}).inc(Number.NaN),
    () => jobs.inc({}, Infinity),
    () => active.add({}, Number.NaN),
    () => active.bind({}).add(-Infinity),
    () => waits.observe({}, Number.NaN),
    () => waits.bind({}).observe(Number.NaN)
  ]
}

const misuses = [
  { attributes: { metric: "active" }, value: 2 },
  { attributes: { metric: "jobs_total" }, value: 3 },
  { attributes: { metric: "wait_seconds" }, value: 2 }
]

describe("Misuse of an instrument", () => {
  test("is counted, and the first of each metric is logged", (store, lines) =>
    Effect.gen(function*() {
      for (const misused of misuse(store)) misused()
      assert.deepStrictEqual(yield* seriesOf(store, "tasker_metric_misuses_total"), misuses)
      assert.deepStrictEqual(lines, [
        ["Warn", "counter \"jobs_total\" can only be increased, got -1"],
        ["Warn", "up-down counter \"active\" is moved by finite amounts, got NaN"],
        ["Warn", "histogram \"wait_seconds\" observes numbers, got NaN"]
      ])
    }))

  test("is counted and not logged", (store, lines) =>
    Effect.gen(function*() {
      for (const misused of misuse(store)) misused()
      assert.deepStrictEqual(yield* seriesOf(store, "tasker_metric_misuses_total"), misuses)
      assert.deepStrictEqual(lines, [])
    }), { metrics: { onMisuse: "count" } })

  test("throws at the call", (store) =>
    Effect.sync(() => {
      for (const misused of misuse(store)) assert.throws(misused, RangeError)
    }), { metrics: { onMisuse: "die" } })
})
