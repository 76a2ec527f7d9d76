/**
 * What every synchronisation of instances does, and every store that it uses.
 */
import { assert, describe, it } from "@effect/vitest"
import { Clock, Duration, Effect, Exit, type Layer, Scope } from "effect"
import { TestClock } from "effect/testing"
import { InstanceSync, type Options } from "../../src/export/InstanceSync.ts"
import type { SlotStore } from "../../src/export/internal/stores/SlotStore.ts"
import type { MetricSnapshot } from "../../src/metrics/MetricSnapshot.ts"
import { valueOf } from "../../src/metrics/MetricSnapshot.ts"
import * as model from "../support/metricModel.ts"
import * as TestTelemetry from "../support/TestTelemetry.ts"
import { timerless } from "../support/timerless.ts"

type Measurement = typeof model.Measurement.Type

interface Time {
  readonly test: typeof it.effect | typeof it.live
  readonly window: Duration.Duration
  readonly pass: (duration: Duration.Duration) => Effect.Effect<void>
}

export const simulated: Time = { test: it.effect, window: Duration.minutes(5), pass: TestClock.adjust }

/** For servers, which have clocks of their own. */
export const real: Time = { test: it.live, window: Duration.millis(1200), pass: Effect.sleep }

/** An instance with a recorder, which writes only when it is told to. */
const instance = Effect.gen(function*() {
  const clock = yield* Clock.Clock
  const recorder = model.make()
  const scope = yield* Scope.fork(yield* Effect.scope)
  const own = Effect.sync(() => recorder.snapshot(clock.currentTimeMillisUnsafe()))
  const { hold, separate, snapshot, status } = yield* InstanceSync.use(({ join }) => join(own)).pipe(
    Scope.provide(scope),
    Effect.provideService(Clock.Clock, timerless(clock))
  )
  return { recorder, hold, separate, snapshot, status, close: Scope.close(scope, Exit.void) }
})

const measurement = (metric: Measurement["metric"], quarters: number): Measurement => ({
  metric,
  a: "x",
  b: "x",
  quarters,
  power: 0
})

const attributes = { a: "x", b: "x" }
const countIn = (snapshot: MetricSnapshot) => valueOf(snapshot, "c_total", attributes)
const gaugeIn = (snapshot: MetricSnapshot) => valueOf(snapshot, "g", attributes)

/** Runs the contract. @param layer gives a synchronisation over a store of its own */
export const suite = (name: string, time: Time, layer: (options: Options) => Layer.Layer<InstanceSync>) => {
  const { pass, test, window } = time
  const synced = <A, E>(effect: Effect.Effect<A, E, InstanceSync | Scope.Scope>, options: Options = {}) =>
    Effect.scoped(effect).pipe(
      Effect.provide(layer({ window, ...options }), { local: true }),
      Effect.provide(TestTelemetry.settings())
    )

  describe(`InstanceSync: ${name}`, () => {
    test("adds up counters and histograms of every kind exactly", () =>
      synced(Effect.gen(function*() {
        const all = model.make()
        const instances = yield* Effect.all([instance, instance, instance])
        for (let round = 0; round < 30; round++) {
          const metric = (["counter", "histogram", "exponentialHistogram"] as const)[round % 3]!
          const one: Measurement = {
            metric,
            a: round % 2 === 0 ? "x" : "y",
            b: "x",
            quarters: round - 15,
            power: ([0, 3, 12, 40] as const)[round % 4]!
          }
          all.record(one)
          instances[round % 3]!.recorder.record(one)
          yield* instances[(round + 1) % 3]!.snapshot
        }
        for (const { snapshot } of instances) yield* snapshot
        assert.deepStrictEqual(model.additive(yield* instances[0].snapshot), model.additive(all.snapshot(0)))
      })))

    test("counts once what an instance writes again and again (D9)", () =>
      synced(Effect.gen(function*() {
        const { recorder, snapshot } = yield* instance
        recorder.record(measurement("counter", 8))
        for (let round = 0; round < 5; round++) assert.strictEqual(countIn(yield* snapshot), 2)
      })))

    test("merges gauges as they are declared", () =>
      Effect.forEach(
        [["sum", 4], ["min", 1], ["max", 3], ["last", 3]] as const,
        ([how, expected]) =>
          synced(
            Effect.gen(function*() {
              const [first, second] = [yield* instance, yield* instance]
              first.recorder.record(measurement("gauge", 4))
              yield* first.snapshot
              yield* pass(Duration.millis(10))
              second.recorder.record(measurement("gauge", 12))
              assert.strictEqual(gaugeIn(yield* second.snapshot), expected, how)
            }),
            { gauges: { g: how } }
          )
      ))

    test("keeps the counts of a killed instance, and its levels until its window ends", () =>
      synced(Effect.gen(function*() {
        const [killed, other] = [yield* instance, yield* instance]
        killed.recorder.record(measurement("counter", 8))
        killed.recorder.record(measurement("gauge", 8))
        other.recorder.record(measurement("counter", 4))
        other.recorder.record(measurement("gauge", 4))
        yield* killed.snapshot
        const before = yield* other.snapshot
        assert.deepStrictEqual([countIn(before), gaugeIn(before)], [3, 3])
        yield* pass(Duration.times(window, 1.2))
        for (let round = 0; round < 3; round++) assert.strictEqual(countIn(yield* other.snapshot), 3)
        assert.strictEqual(gaugeIn(yield* other.snapshot), 1)
        assert.lengthOf((yield* other.status).instances, 1)
        const late = yield* instance
        assert.strictEqual(countIn(yield* late.snapshot), 3)
      })))

    test("adds a restarted process to what the process before it has counted", () =>
      synced(Effect.gen(function*() {
        const before = yield* instance
        before.recorder.record(measurement("counter", 8))
        yield* before.snapshot
        const restarted = yield* instance
        restarted.recorder.record(measurement("counter", 4))
        assert.strictEqual(countIn(yield* restarted.snapshot), 3)
        assert.lengthOf((yield* restarted.status).instances, 2)
      })))

    test("counts exactly what a process measures that was paused beyond its window", () =>
      synced(Effect.gen(function*() {
        const [paused, other] = [yield* instance, yield* instance]
        paused.recorder.record(measurement("counter", 8))
        paused.recorder.record(measurement("exponentialHistogram", 8))
        other.recorder.record(measurement("counter", 4))
        yield* paused.snapshot
        for (let round = 1; round <= 2; round++) {
          yield* pass(Duration.times(window, 1.2))
          assert.strictEqual(countIn(yield* other.snapshot), 2 + round)
          yield* other.snapshot
          paused.recorder.record(measurement("counter", 4))
          paused.recorder.record(measurement("exponentialHistogram", 40))
          assert.strictEqual(countIn(yield* paused.snapshot), 3 + round)
          assert.strictEqual(countIn(yield* other.snapshot), 3 + round)
        }
        const all = model.make()
        for (const quarters of [8, 40, 40]) all.record(measurement("exponentialHistogram", quarters))
        const name = "e {\"a\":\"x\",\"b\":\"x\"}"
        assert.deepStrictEqual(
          model.additive(yield* other.snapshot)[name],
          model.additive(all.snapshot(0))[name]
        )
      })))

    test("lets the levels of an instance that ends in order end at once", () =>
      synced(Effect.gen(function*() {
        const [ended, other] = [yield* instance, yield* instance]
        ended.recorder.record(measurement("counter", 8))
        ended.recorder.record(measurement("gauge", 8))
        other.recorder.record(measurement("gauge", 4))
        yield* ended.close
        for (let round = 0; round < 2; round++) {
          const snapshot = yield* other.snapshot
          assert.deepStrictEqual([countIn(snapshot), gaugeIn(snapshot)], [2, 1])
        }
      })))

    test("does not mix two services that share the store", () =>
      Effect.scoped(Effect.gen(function*() {
        const [own, other] = yield* Effect.forEach(["shop", "billing"], (name) =>
          Effect.provide(instance, TestTelemetry.settings({ service: { name } }), { local: true }))
        own!.recorder.record(measurement("counter", 8))
        other!.recorder.record(measurement("counter", 4))
        for (const [{ snapshot, status }, count] of [[own!, 2], [other!, 1]] as const) {
          for (let round = 0; round < 2; round++) {
            assert.strictEqual(countIn(yield* snapshot), count)
          }
          assert.lengthOf((yield* status).instances, 1)
        }
        yield* own!.close
        assert.strictEqual(countIn(yield* other!.snapshot), 1)
      })).pipe(Effect.provide(layer({ window }), { local: true })))

    test("gives each living instance series of its own, if it is asked for them", () =>
      synced(Effect.gen(function*() {
        const [first, second] = [yield* instance, yield* instance]
        for (const [{ recorder, snapshot }, quarters] of [[first, 8], [second, 4]] as const) {
          recorder.record(measurement("counter", quarters))
          recorder.record(measurement("histogram", quarters))
          yield* snapshot
        }
        const each = yield* first.separate
        const { instances } = yield* first.status
        const valuesOf = (name: string) =>
          Object.fromEntries(
            each.metrics.filter((metric) => metric.name === name).flatMap(({ series }) =>
              series.map(({ attributes, value }) => [
                attributes["instance"],
                typeof value === "number" ? value : value.count
              ])
            )
          )
        assert.sameMembers(Object.values(valuesOf("c_total")), [2, 1])
        assert.deepStrictEqual(
          Object.keys(valuesOf("c_total")).toSorted(),
          instances.map(({ id }) => id).toSorted()
        )
        assert.sameMembers(Object.values(valuesOf("h")), [1, 1])
        yield* second.close
        assert.deepStrictEqual(Object.values(valuesOf("c_total")).length, 2)
        const left = yield* first.separate
        assert.deepStrictEqual(left.metrics.flatMap(({ series }) => series.length), [1, 1])
      })))

    test("keeps the levels of a killed instance for as long as it is told", () =>
      synced(Effect.gen(function*() {
        const [killed, other] = [yield* instance, yield* instance]
        killed.recorder.record(measurement("gauge", 8))
        other.recorder.record(measurement("gauge", 4))
        yield* killed.snapshot
        yield* other.hold(Duration.times(window, 2))
        yield* pass(Duration.times(window, 1.2))
        for (let round = 0; round < 2; round++) assert.strictEqual(gaugeIn(yield* other.snapshot), 3)
        yield* pass(window)
        yield* other.snapshot
        assert.strictEqual(gaugeIn(yield* other.snapshot), 1)
      })))

    test("adds up an ended instance once, if many see its end at the same time", () =>
      synced(Effect.gen(function*() {
        const ended = yield* instance
        ended.recorder.record(measurement("counter", 8))
        yield* ended.close
        const others = yield* Effect.all(Array.from({ length: 6 }, () => instance))
        for (let round = 0; round < 3; round++) {
          const snapshots = yield* Effect.forEach(others, ({ snapshot }) => snapshot, { concurrency: "unbounded" })
          assert.deepStrictEqual(snapshots.map(countIn), others.map(() => 2))
        }
      })))
  })
}

/** Runs the contract of a store that is empty. */
export const storeSuite = (name: string, time: Time, layer: Effect.Effect<SlotStore>) => {
  const { test } = time
  const slot = (id: string, sequence: number, body: string) => ({
    id,
    sequence,
    windowMillis: 1000,
    isLast: false,
    body
  })

  describe(`store of slots: ${name}`, () => {
    test("keeps the latest sequence of a slot, in whatever order they come", () =>
      Effect.gen(function*() {
        const store = yield* layer
        for (const sequence of [1, 3, 2, 3]) {
          assert.deepStrictEqual(yield* store.write(slot("late", sequence, `"Größe" ${sequence}`)), { _tag: "Written" })
        }
        const found = (yield* store.read).slots.find(({ id }) => id === "late")!
        assert.deepStrictEqual([found.sequence, found.body], [3, "\"Größe\" 3"])
        assert.deepStrictEqual([found.windowMillis, found.isLast], [1000, false])
      }))

    test("lets slots last longer, never shorter, and not those that have said that they end", () =>
      Effect.gen(function*() {
        const store = yield* layer
        yield* store.write(slot("held", 1, ""))
        yield* store.write({ ...slot("ending", 1, ""), isLast: true })
        for (const millis of [60_000, 10]) yield* store.hold(millis)
        const { nowMillis, slots } = yield* store.read
        const windowOf = (id: string) => slots.find((one) => one.id === id)!
        const held = windowOf("held")
        assert.approximately(held.writtenMillis + held.windowMillis, nowMillis + 60_000, 5000)
        assert.deepStrictEqual([held.sequence, held.isLast], [1, false])
        assert.deepInclude(windowOf("ending"), { windowMillis: 1000, isLast: true })
        assert.isTrue(
          yield* store.fold({
            version: (yield* store.read).version,
            ended: "",
            slots: [{ id: "held", sequence: 1 }, { id: "ending", sequence: 1 }]
          })
        )
        yield* store.hold(60_000)
      }))

    test("folds slots in one step, unless the slots or the counts have changed", () =>
      Effect.gen(function*() {
        const store = yield* layer
        yield* store.write(slot("one", 1, "1"))
        yield* store.write(slot("two", 5, "5"))
        const { version } = yield* store.read
        const all = [{ id: "one", sequence: 1 }, { id: "two", sequence: 5 }]
        assert.isFalse(yield* store.fold({ version, ended: "no", slots: [all[0]!, { id: "two", sequence: 4 }] }))
        assert.isFalse(yield* store.fold({ version: version + 1, ended: "no", slots: all }))
        assert.strictEqual((yield* store.read).version, version)
        assert.isTrue(yield* store.fold({ version, ended: "6", slots: all }))
        const after = yield* store.read
        assert.deepStrictEqual([after.version, after.ended], [version + 1, "6"])
        assert.isFalse(after.slots.some(({ id }) => id === "one" || id === "two"))
        for (const sequence of [5, 6]) {
          assert.deepStrictEqual(yield* store.write(slot("two", sequence, "")), { _tag: "Folded", sequence: 5 })
        }
        assert.isFalse(yield* store.fold({ version, ended: "12", slots: all }))
      }))
  })
}
