import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Schema } from "effect"
import {
  EventBus,
  EventCatalog,
  EventMetrics,
  EventRouter,
  LogDestination,
  MetricStore,
  Telemetry,
  type TelemetryConfig
} from "tasker-telemetry"
import * as MetricSnapshot from "../../src/metrics/MetricSnapshot.ts"

const Sold = EventCatalog.define("shop.sold", {
  description: "Something was sold.",
  fires: "once per sale",
  payload: Schema.Struct({ city: Schema.String, seconds: Schema.Finite, pieces: Schema.Finite }),
  attributes: ["city"]
})
const sold = EventBus.publish(Sold, { city: "Ulm", seconds: 2, pieces: 3 })
const waiting = EventCatalog.catalog["workflow.task_finalization_started"]

/** Rules of every kind for an event of the program. */
const rules = EventMetrics.layer("shop", (store) => {
  const declared = (name: string) => ({ name, help: "Sales.", attributes: ["city"] } as const)
  const city = { city: "city" } as const
  return [
    EventMetrics.count(Sold, store.counter(declared("sales_total")), city),
    EventMetrics.count(Sold, store.counter(declared("pieces_total")), city, "pieces"),
    EventMetrics.add(Sold, store.upDownCounter(declared("open_sales")), city, 2),
    EventMetrics.observe(Sold, store.histogram({ ...declared("sale_seconds"), buckets: [1, 5] }), city, "seconds"),
    EventMetrics.when(
      Sold,
      ({ pieces }) => pieces > 2,
      EventMetrics.count(Sold, store.counter(declared("large_sales_total")), city)
    )
  ]
})

const names = ["sales_total", "pieces_total", "open_sales", "sale_seconds", "large_sales_total"]

/** What one sale leaves in the metrics. */
const measured = (routes: ReadonlyArray<EventRouter.RouteOverride>, options: TelemetryConfig.Options = {}) =>
  Effect.gen(function*() {
    yield* Effect.provide(sold, rules)
    const snapshot = yield* MetricStore.MetricStore.use((store) => store.snapshot)
    return names.map((name) => {
      const value = MetricSnapshot.valueOf(snapshot, name, { city: "Ulm" })
      return typeof value === "object" ? value.sum : value
    })
  }).pipe(Effect.provide(Telemetry.layer(options, { logDestination: LogDestination.layerNoop, routes })))

const all = [1, 3, 2, 2, 1]
const none = names.map(() => undefined)

describe("EventMetrics.layer", () => {
  it.effect("measures an event of the program that has no route of its own", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* measured([]), all)
    }))

  it.effect("measures whatever an override says about trace, log, rate and predicate", () =>
    Effect.gen(function*() {
      for (
        const override of [
          EventRouter.override(Sold, { trace: false, log: false }),
          EventRouter.override(Sold, { samplingRate: 0 }),
          EventRouter.override(Sold, { when: () => false }),
          EventRouter.override(Sold, { metrics: true }),
          EventRouter.override("*", { trace: false })
        ]
      ) assert.deepStrictEqual(yield* measured([override]), all)
      assert.deepStrictEqual(yield* measured([], { events: { filtered: ["shop.*"], samplingRate: 0 } }), all)
    }))

  it.effect("measures nothing where an override says so", () =>
    Effect.gen(function*() {
      for (
        const override of [
          EventRouter.override(Sold, { metrics: false }),
          EventRouter.override(Sold, { enabled: false }),
          EventRouter.override("*", { metrics: false })
        ]
      ) assert.deepStrictEqual(yield* measured([override]), none)
      assert.deepStrictEqual(
        yield* measured([EventRouter.override("*", { metrics: false }), EventRouter.override(Sold, { metrics: true })]),
        all
      )
    }))

  it.effect("measures an event of the catalog that goes to the log alone", () =>
    Effect.gen(function*() {
      const store = yield* MetricStore.MetricStore
      const finalizations = store.counter({ name: "finalizations_total", help: "Begun.", attributes: [] })
      const task = { taskId: "1", taskName: "t", namespace: "default", version: "0.1.0" }
      yield* EventBus.publish(waiting.name, task as never).pipe(
        Effect.provide(EventMetrics.layer("own", () => [EventMetrics.count(waiting, finalizations, {})]))
      )
      assert.strictEqual(MetricSnapshot.valueOf(yield* store.snapshot, "finalizations_total", {}), 1)
    }).pipe(Effect.provide(Layer.fresh(Telemetry.layer({}, { logDestination: LogDestination.layerNoop })))))

  it.effect("hands an event to no sink of metrics that does not ask for it by a rule", () =>
    Effect.gen(function*() {
      const bus = yield* EventBus.EventBus
      let seen = 0
      yield* bus.register({ name: "plain", signal: "metrics", handle: () => void seen++ })
      yield* Effect.provide(sold, rules)
      assert.strictEqual(seen, 0)
    }).pipe(Effect.scoped, Effect.provide(Telemetry.layer({}, { logDestination: LogDestination.layerNoop }))))
})
