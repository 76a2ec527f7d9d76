/**
 * D26: the type of a metric was no part of its key, so asking for the same name as another type gave an object of the
 * first type; and a counter that was increased by something else than a whole number said `false` and nothing more.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Metric } from "effect"
import { TelemetryTest } from "tasker-telemetry/testing"
import { MetricStore } from "../../src/metrics/MetricStore.ts"

describe("A metric that is declared twice", () => {
  it.effect("is refused as another kind, with both places named", () =>
    Effect.gen(function*() {
      const store = yield* MetricStore
      store.counter({ name: "jobs_total", help: "Jobs.", attributes: ["kind"] })
      const declareAgain = () => store.counter({ name: "jobs_total", help: "Jobs.", attributes: ["site"] })
      assert.throws(
        declareAgain,
        /^metric "jobs_total" is declared twice: as counter\{kind\} at .*metric-kind-conflict\.test\.ts:\d+:\d+ and as counter\{site\} at .*metric-kind-conflict\.test\.ts:\d+:\d+$/
      )
      store.gauge({ name: "level", help: "Level.", attributes: [] })
      assert.throws(
        () => store.upDownCounter({ name: "level", help: "Level.", attributes: [] }),
        /^metric "level" is declared twice: as gauge\{\} at .* and as upDownCounter\{\} at .*$/
      )
    }).pipe(Effect.provide(TelemetryTest.layer()), Effect.provideService(Metric.MetricRegistry, new Map())))

  it.effect("counts fractions, and refuses what is no increment loudly", () =>
    Effect.gen(function*() {
      const store = yield* MetricStore
      const jobs = store.counter({ name: "jobs_total", help: "Jobs.", attributes: [] })
      jobs.inc({}, 0.5)
      assert.throws(() => jobs.inc({}, "three" as never), RangeError)
      assert.throws(() => jobs.inc({}, -1), RangeError)
      assert.strictEqual(yield* (yield* TelemetryTest).metric("jobs_total", {}), 0.5)
    }).pipe(Effect.provide(TelemetryTest.layer()), Effect.provideService(Metric.MetricRegistry, new Map())))
})
