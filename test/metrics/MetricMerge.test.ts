import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer, Schema } from "effect"
import * as MetricMerge from "../../src/metrics/MetricMerge.ts"
import type { ExponentialHistogramValue, MetricSnapshot } from "../../src/metrics/MetricSnapshot.ts"
import * as MetricStore from "../../src/metrics/MetricStore.ts"
import * as model from "../support/metricModel.ts"
import { counter, exponentialFamily, histogramFamily, numbers, snapshot } from "../support/metricModel.ts"
import { exponential } from "../support/metricSnapshots.ts"
import * as TestTelemetry from "../support/TestTelemetry.ts"

const merged = (snapshots: ReadonlyArray<MetricSnapshot>, options?: MetricMerge.Options) => {
  const { conflicts, snapshot } = MetricMerge.merge(snapshots, options)
  assert.deepStrictEqual(conflicts, [])
  return snapshot
}

describe("MetricMerge", () => {
  it("adds up counters, up-down counters and histograms from the earliest start", () => {
    assert.deepStrictEqual(
      merged([
        snapshot(
          10,
          counter("a_total", { value: 3, startMillis: 2 }),
          histogramFamily("h", { value: { counts: [1, 0, 0, 1], count: 2, sum: 9 } })
        ),
        snapshot(
          30,
          counter("a_total", { value: 4, startMillis: 1 }),
          histogramFamily("h", { value: { counts: [0, 2, 0, 1], count: 3, sum: 11 } }),
          numbers("upDownCounter", "u", { value: -2 })
        ),
        snapshot(20, numbers("upDownCounter", "u", { value: 1 }))
      ]),
      snapshot(
        30,
        counter("a_total", { value: 7, startMillis: 1 }),
        histogramFamily("h", { value: { counts: [1, 2, 0, 2], count: 5, sum: 20 } }),
        numbers("upDownCounter", "u", { value: -1 })
      )
    )
  })

  it("finds equal series whatever the order of their keys, and keeps series sorted, the overflow series last", () => {
    const overflow = { otel_metric_overflow: "true" }
    assert.deepStrictEqual(
      merged([
        snapshot(
          1,
          counter(
            "a_total",
            { value: 1, attributes: { a: "2", b: "1" } },
            { value: 5, attributes: { a: "3", b: "" } },
            { value: 2, attributes: overflow }
          )
        ),
        snapshot(
          1,
          counter(
            "a_total",
            { value: 4, attributes: { b: "2", a: "1" } },
            { value: 3, attributes: { b: "1", a: "2" } },
            { value: 1, attributes: overflow }
          )
        )
      ]).metrics[0]?.series.map(({ attributes, value }) => [attributes, value]),
      [
        [{ b: "2", a: "1" }, 4],
        [{ a: "2", b: "1" }, 4],
        [{ a: "3", b: "" }, 5],
        [overflow, 3]
      ]
    )
  })

  it("does not take values for equal that run into each other", () => {
    const series = (a: string, b: string) => ({ value: 1, attributes: { a, b } })
    const { metrics } = merged([
      snapshot(1, counter("a_total", series("x", "1:x"), series("x1:b1:x", ""))),
      snapshot(1, counter("a_total", series("x1:b", "1:x"), series("", "x1:x")))
    ])
    assert.deepStrictEqual(metrics[0]?.series.map(({ value }) => value), [1, 1, 1, 1])
  })

  const gauges = (...values: ReadonlyArray<readonly [name: string, unit: string | undefined, value: number]>) =>
    snapshot(1, ...values.map(([name, unit, value]) => ({ ...numbers("gauge", name, { value }), unit })))

  it("adds up gauges of amounts and takes the highest of ages, shares and points in time", () => {
    assert.deepStrictEqual(
      merged([
        gauges(["heap_bytes", "bytes", 1], ["oldest_seconds", undefined, 5], ["running", undefined, 1], [
          "u",
          "ratio",
          2
        ]),
        gauges(["heap_bytes", "bytes", 2], ["oldest_seconds", undefined, 4], ["running", undefined, 2], [
          "u",
          "ratio",
          1
        ])
      ]),
      gauges(["heap_bytes", "bytes", 3], ["oldest_seconds", undefined, 5], ["running", undefined, 3], ["u", "ratio", 2])
    )
  })

  it("merges gauges as it is told, by the first pattern that matches the name", () => {
    const values = (...numbers: ReadonlyArray<number>) =>
      gauges(
        ...["a_first", "a_low", "a_rest", "b.c", "bxc"].map((name, index) =>
          [name, undefined, numbers[index]!] as const
        )
      )
    assert.deepStrictEqual(
      merged([values(3, 3, 3, 3, 3), values(1, 1, 1, 1, 1), values(2, 2, 2, 2, 2)], {
        gauges: { a_first: "last", "a_l*": "min", "a_*": "max", "b.*": "min" }
      }),
      values(2, 1, 3, 1, 6)
    )
  })

  it("keeps an info at 1, and does not make up quantiles", () => {
    const summary = (count: number, quantiles: ReadonlyArray<readonly [number, number]>) => ({
      type: "summary" as const,
      name: "s",
      help: "h",
      unit: undefined,
      attributes: [],
      series: model.series({ value: { quantiles, count, sum: count } })
    })
    const info = numbers("info", "i", { value: 1, attributes: { version: "1" } })
    assert.deepStrictEqual(
      merged([
        snapshot(1, info, summary(1, [[0.5, 1], [0.9, 2]])),
        snapshot(1, info, summary(2, [[0.5, 4], [0.1, 1]]))
      ]),
      snapshot(1, info, summary(3, [[0.1, Number.NaN], [0.5, Number.NaN], [0.9, Number.NaN]]))
    )
  })

  it("reports metrics of one name that differ and keeps the first", () => {
    const first = snapshot(
      1,
      counter("a_total", { value: 1 }),
      counter("b_total", { value: 1, attributes: { x: "1" } }),
      histogramFamily("h", { value: { counts: [1, 0, 0, 0], count: 1, sum: 1 } }),
      { ...numbers("gauge", "u", { value: 1 }), unit: "seconds" }
    )
    const other = snapshot(
      2,
      numbers("gauge", "a_total", { value: 1 }),
      counter("b_total", { value: 1, attributes: { y: "1" } }),
      { ...histogramFamily("h"), type: "histogram" as const, buckets: [1, 2], series: [] },
      { ...numbers("gauge", "u", { value: 1 }), unit: "bytes" }
    )
    assert.deepStrictEqual(MetricMerge.merge([first, first, other]), {
      snapshot: { ...merged([first, first]), timeMillis: 2 },
      conflicts: [
        { name: "a_total", difference: "type", snapshot: 2 },
        { name: "b_total", difference: "attributes", snapshot: 2 },
        { name: "h", difference: "buckets", snapshot: 2 },
        { name: "u", difference: "unit", snapshot: 2 }
      ]
    })
  })

  it("takes keys in another order and a missing unit for the same", () => {
    const metric = counter("a_total", { value: 1, attributes: { a: "1", b: "2" } })
    const other = { ...counter("a_total", { value: 1, attributes: { b: "2", a: "1" } }), unit: "bytes" }
    assert.deepStrictEqual(
      merged([snapshot(1, metric), snapshot(1, other)]).metrics[0]?.series.map(({ value }) => value),
      [2]
    )
  })

  it("brings exponential histograms to the coarser scale, and to one at which their range fits", () => {
    const value = (scale: number, offset: number, counts: ReadonlyArray<number>) =>
      exponential({ scale, positive: { offset, counts }, count: counts.length, min: offset, max: offset })
    assert.deepStrictEqual(
      merged([
        snapshot(1, exponentialFamily("e", { value: value(2, -5, [1, 1, 1]) })),
        snapshot(1, exponentialFamily("e", { value: value(0, 1, [1, 0, 1]) }))
      ]),
      snapshot(
        1,
        exponentialFamily("e", {
          value: exponential({ positive: { offset: -2, counts: [1, 2, 0, 1, 0, 1] }, count: 6, min: -5, max: 1 })
        })
      )
    )
    assert.deepStrictEqual(
      merged([
        snapshot(1, exponentialFamily("e", { value: value(0, -1000, [1]) })),
        snapshot(1, exponentialFamily("e", { value: value(0, 1000, [1]) }))
      ], { maximumBuckets: 4 }),
      snapshot(
        1,
        exponentialFamily("e", {
          value: exponential({
            scale: -9,
            positive: { offset: -2, counts: [1, 0, 0, 1] },
            count: 2,
            min: -1000,
            max: 1000
          })
        })
      )
    )
  })

  it("keeps as many buckets of an exponential histogram as either side has", () => {
    const wide = (scale: number, length: number) =>
      exponential({ scale, positive: { offset: 0, counts: new Array<number>(length).fill(1) }, count: length })
    const together = (left: number, right: number, scale = 3) =>
      merged([
        snapshot(1, exponentialFamily("e", { value: wide(scale, left) })),
        snapshot(1, exponentialFamily("e", { value: wide(3, right) }))
      ]).metrics.map(({ series }) => {
        const { positive, scale } = series[0]!.value as ExponentialHistogramValue
        return [scale, positive.counts.length]
      })
    assert.deepStrictEqual(together(1500, 1500), [[3, 1500]])
    assert.deepStrictEqual(together(10, 2048), [[3, 2048]])
    assert.deepStrictEqual(together(2048, 10, 2), [[2, 2048]])
    assert.deepStrictEqual(together(160, 160), [[3, 160]])
  })

  it("keeps the newest exemplar of each bucket", () => {
    const exemplar = (value: number, timeMillis: number) => ({ value, timeMillis, traceId: "1", spanId: "2" })
    const histogram = (...exemplars: ReadonlyArray<ReturnType<typeof exemplar>>) =>
      histogramFamily("h", { value: { counts: [2, 2, 2, 2], count: 8, sum: 1 }, exemplars })
    const sizes = (...exemplars: ReadonlyArray<ReturnType<typeof exemplar>>) =>
      exponentialFamily("e", { value: exponential({ positive: { offset: 0, counts: [1] }, count: 1 }), exemplars })
    const left = snapshot(
      1,
      counter("a_total", { value: 1, exemplars: [exemplar(1, 5)] }),
      sizes(exemplar(-3, 1), exemplar(0, 1), exemplar(3, 1)),
      histogram(exemplar(0.5, 1), exemplar(2, 2), exemplar(9, 9))
    )
    const right = snapshot(
      1,
      counter("a_total", { value: 1, exemplars: [exemplar(1, 4)] }),
      sizes(exemplar(0, 2), exemplar(4, 2), exemplar(5, 1)),
      histogram(exemplar(1, 2), exemplar(1.5, 1), exemplar(8, 8))
    )
    const both = merged([left, right])
    assert.deepStrictEqual(both, merged([right, left]))
    assert.deepStrictEqual(both.metrics.map(({ series }) => series[0]?.exemplars.map(({ value }) => value)), [
      [1],
      [-3, 0, 4, 5],
      [1, 2, 9]
    ])
    assert.deepStrictEqual(both.metrics[0]?.series[0]?.exemplars, [exemplar(1, 5)])
  })

  const Split = Schema.Array(Schema.Struct({ ...model.Measurement.fields, process: Schema.Literals([0, 1, 2]) }))

  const layerStore = Layer.fresh(TestTelemetry.layer(TestTelemetry.metrics))

  const ownFamilies = (given: MetricSnapshot): MetricSnapshot => ({
    ...given,
    metrics: given.metrics.filter(({ name }) => !name.startsWith("tasker_"))
  })

  /** Each process alone, and all in one; gauges, of which the last value counts, only where they are wanted. */
  const recorded = (measurements: typeof Split.Type, withGauges: boolean) => {
    const processes = [model.make(), model.make(), model.make()] as const
    const all = model.make()
    measurements.forEach((measurement, time) => {
      if (measurement.metric === "gauge" && !withGauges) return
      processes[measurement.process].record(measurement, time)
      all.record(measurement, time)
    })
    const [a, b, c] = processes.map((process) => process.snapshot(1000)) as [
      MetricSnapshot,
      MetricSnapshot,
      MetricSnapshot
    ]
    return { a, b, c, all: all.snapshot(1000) }
  }

  it.prop("of recordings that were split is the recording in one", [Split], ([measurements]) => {
    const { a, all, b, c } = recorded(measurements, false)
    assert.deepStrictEqual(merged([a, b, c]), all)
  })

  it.effect.prop(
    "of real stores is the snapshot of one that has recorded everything",
    [Split],
    ([measurements]) =>
      Effect.gen(function*() {
        const stores = yield* Effect.forEach(
          [0, 1, 2, 3],
          () => Effect.map(Layer.build(layerStore), Context.get(MetricStore.MetricStore))
        )
        const recorders = stores.map((store) => {
          const attributes = ["a", "b"] as const
          const size = { name: "e", help: "h", attributes, maximumBuckets: 8 } as const
          return {
            counter: store.counter({ name: "c_total", help: "h", attributes }),
            upDownCounter: store.upDownCounter({ name: "u", help: "h", attributes }),
            histogram: store.histogram({ name: "h", help: "h", attributes, buckets: model.buckets }),
            exponentialHistogram: store.exponentialHistogram(size)
          }
        })
        for (const { a, b, metric, power, process, quarters } of measurements) {
          for (
            const { counter, exponentialHistogram, histogram, upDownCounter } of [recorders[process]!, recorders[3]!]
          ) {
            if (metric === "counter") counter.inc({ a, b }, Math.abs(quarters) / 4)
            else if (metric === "upDownCounter") upDownCounter.add({ a, b }, quarters / 4)
            else if (metric === "histogram") histogram.observe({ a, b }, quarters / 4)
            else exponentialHistogram.observe({ a, b }, quarters * 2 ** power)
          }
        }
        const [first, second, third, all] = yield* Effect.forEach(
          stores,
          (store) => Effect.map(store.snapshot, ownFamilies)
        )
        assert.deepStrictEqual(merged([first!, second!, third!], { maximumBuckets: 8 }), all)
      }).pipe(Effect.scoped)
  )

  for (const gauges of [undefined, "sum", "max", "min", "last"] as const) {
    const options = gauges === undefined ? {} : { gauges: { "*": gauges } }

    it.prop(`is associative with gauges merged by ${gauges ?? "default"}`, [Split], ([measurements]) => {
      const { a, b, c } = recorded(measurements, true)
      const all = merged([a, b, c], options)
      assert.deepStrictEqual(merged([merged([a, b], options), c], options), all)
      assert.deepStrictEqual(merged([a, merged([b, c], options)], options), all)
      assert.deepStrictEqual(merged([all], options), all)
      assert.deepStrictEqual(merged([{ timeMillis: 0, metrics: [] }, all], options), all)
    })

    if (gauges === "last") continue
    it.prop(`is commutative with gauges merged by ${gauges ?? "default"}`, [Split], ([measurements]) => {
      const { a, b, c } = recorded(measurements, true)
      const all = merged([a, b, c], options)
      assert.deepStrictEqual(merged([c, a, b], options), all)
      assert.deepStrictEqual(merged([b, a, c], options), all)
    })
  }
})
