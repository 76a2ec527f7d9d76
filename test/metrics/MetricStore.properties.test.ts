import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import type { SeriesSnapshot } from "../../src/metrics/MetricSnapshot.ts"
import * as MetricStore from "../../src/metrics/MetricStore.ts"
import * as TestTelemetry from "../support/TestTelemetry.ts"

/** Texts are kept as they are: one at random may look like the credentials of a URL. */
const layer = TestTelemetry.layer(TestTelemetry.metrics, { redaction: { patterns: [] } })

const buckets = [1, 2, 5]

const Operation = Schema.Struct({
  metric: Schema.Literals(["counter", "upDownCounter", "gauge", "histogram"]),
  a: Schema.Literals(["x", "y", "", "x,y", "\u0000"]),
  b: Schema.Union([Schema.Literals(["x", "y", ""]), Schema.String]),
  /** Quarters, so that sums are exact in any order. */
  quarters: Schema.Int.check(Schema.isBetween({ minimum: -40, maximum: 40 })),
  form: Schema.Literals(["attributes", "reversed", "bound", "kept"])
})

/** The plain model: one map from attribute values to all values ever recorded. */
const modelOf = (operations: ReadonlyArray<typeof Operation.Type>) => {
  const series = new Map<
    string,
    { readonly metric: string; readonly attributes: object; readonly values: Array<number> }
  >()
  for (const { a, b: raw, metric, quarters } of operations) {
    const b = raw.toWellFormed()
    const key = JSON.stringify([metric, a, b])
    const found = series.get(key) ?? { metric, attributes: { a, b }, values: [] }
    series.set(key, found)
    found.values.push(metric === "counter" ? Math.abs(quarters) / 4 : quarters / 4)
  }
  return new Map(Array.from(series, ([key, { metric, values }]) => {
    const sum = values.reduce((left, right) => left + right, 0)
    const within = (from: number, to: number) => values.filter((value) => value > from && value <= to).length
    const counts = [within(-Infinity, 1), within(1, 2), within(2, 5), within(5, Infinity)]
    return [
      key,
      metric === "gauge" ? values.at(-1)! : metric === "histogram" ? { counts, count: values.length, sum } : sum
    ] as const
  }))
}

describe("MetricStore", () => {
  it.effect.prop(
    "holds what a plain model holds after any operations in any form",
    [Schema.Array(Operation)],
    ([operations]) =>
      Effect.gen(function*() {
        const store = yield* MetricStore.MetricStore
        const attributes = ["a", "b"] as const
        const counter = store.counter({ name: "counter_total", help: "h", attributes })
        const upDownCounter = store.upDownCounter({ name: "up_down", help: "h", attributes })
        const gauge = store.gauge({ name: "gauge", help: "h", attributes })
        const histogram = store.histogram({ name: "histogram", help: "h", attributes, buckets })
        const record = {
          counter: (at: { a: string; b: string }, value: number, bound: boolean) =>
            bound ? counter.bind(at).inc(Math.abs(value)) : counter.inc(at, Math.abs(value)),
          upDownCounter: (at: { a: string; b: string }, value: number, bound: boolean) =>
            bound ? upDownCounter.bind(at).add(value) : upDownCounter.add(at, value),
          gauge: (at: { a: string; b: string }, value: number, bound: boolean) =>
            bound ? gauge.bind(at).set(value) : gauge.set(at, value),
          histogram: (at: { a: string; b: string }, value: number, bound: boolean) =>
            bound ? histogram.bind(at).observe(value) : histogram.observe(at, value)
        }
        const kept = new Map<string, (value: number) => void>()
        for (const { a, b, metric, form, quarters } of operations) {
          const at = form === "reversed" ? { b, a } : { a, b }
          const value = quarters / 4
          if (form !== "kept") {
            record[metric](at, value, form === "bound")
            continue
          }
          const key = JSON.stringify([metric, a, b])
          const handle = kept.get(key) ?? keep(metric, at)
          kept.set(key, handle)
          handle(metric === "counter" ? Math.abs(value) : value)
        }

        function keep(metric: keyof typeof record, at: { a: string; b: string }): (value: number) => void {
          switch (metric) {
            case "counter": {
              const handle = counter.bind(at)
              return (value) => handle.inc(value)
            }
            case "upDownCounter": {
              const handle = upDownCounter.bind(at)
              return (value) => handle.add(value)
            }
            case "gauge": {
              const handle = gauge.bind(at)
              return (value) => handle.set(value)
            }
            case "histogram": {
              const handle = histogram.bind(at)
              return (value) => handle.observe(value)
            }
          }
        }

        const held = new Map<string, SeriesSnapshot["value"] | undefined>()
        for (const metric of (yield* store.snapshot).metrics) {
          if (metric.name.startsWith("tasker_")) continue
          for (const { attributes: { a, b }, value } of metric.series) {
            held.set(JSON.stringify([metric.type, a, b]), value)
          }
        }
        const model = modelOf(operations)
        assert.deepStrictEqual(
          Array.from(held).toSorted(([left], [right]) => left < right ? -1 : 1),
          Array.from(model).toSorted(([left], [right]) => left < right ? -1 : 1)
        )
      }).pipe(Effect.provide(layer)),
    { arbitrary: { runs: 200 } }
  )

  it.effect.prop(
    "keeps every sum exact beyond the cardinality limit",
    [Schema.Array(
      Schema.Struct({ a: Schema.String, amount: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 1e6 })) })
    )],
    ([operations]) =>
      Effect.gen(function*() {
        const store = yield* MetricStore.MetricStore
        const counter = store.counter({ name: "counter_total", help: "h", attributes: ["a"] })
        for (const { a, amount } of operations) counter.inc({ a }, amount)
        const metric = (yield* store.snapshot).metrics.find(({ name }) => name === "counter_total")
        const series: ReadonlyArray<SeriesSnapshot> = metric?.series ?? []
        assert.strictEqual(
          series.reduce((sum, { value }) => sum + (value as number), 0),
          operations.reduce((sum, { amount }) => sum + amount, 0)
        )
      }).pipe(Effect.provide(layer))
  )
})
