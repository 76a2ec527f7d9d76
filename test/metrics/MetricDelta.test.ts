import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import * as MetricDelta from "../../src/metrics/MetricDelta.ts"
import * as MetricMerge from "../../src/metrics/MetricMerge.ts"
import * as model from "../support/metricModel.ts"
import { counter, exponentialFamily, histogramFamily, numbers, snapshot } from "../support/metricModel.ts"
import { exponential } from "../support/metricSnapshots.ts"

const exemplar = (timeMillis: number, value = 1) => ({
  value,
  timeMillis,
  traceId: "1".repeat(32),
  spanId: "2".repeat(16)
})

describe("MetricDelta", () => {
  it("counts from the time of the snapshot before", () => {
    assert.deepStrictEqual(
      MetricDelta.between(
        snapshot(10, counter("a_total", { value: 3, startMillis: 1 })),
        snapshot(20, counter("a_total", { value: 5, startMillis: 1 }))
      ),
      snapshot(20, counter("a_total", { value: 2, startMillis: 10 }))
    )
  })

  it("leaves out counters and histograms to which nothing was added, and then their metrics", () => {
    const same = [
      counter("a_total", { value: 3 }),
      histogramFamily("h", { value: { counts: [1, 0, 0, 0], count: 1, sum: 0.5 } }),
      exponentialFamily("e", { value: exponential({ zeroCount: 1, count: 1 }) })
    ]
    assert.deepStrictEqual(MetricDelta.between(snapshot(10, ...same), snapshot(20, ...same)), snapshot(20))
  })

  it("has a new series even if it is zero, from its own start", () => {
    const fresh = counter("a_total", { value: 0, startMillis: 15 })
    assert.deepStrictEqual(MetricDelta.between(snapshot(10), snapshot(20, fresh)), snapshot(20, fresh))
  })

  it("counts a series that expired and came back from zero and from its new start", () => {
    const fresh = counter("a_total", { value: 2, startMillis: 15 })
    assert.deepStrictEqual(
      MetricDelta.between(snapshot(10, counter("a_total", { value: 1, startMillis: 1 })), snapshot(20, fresh)),
      snapshot(20, fresh)
    )
  })

  it("takes a value that has become less as a new beginning", () => {
    const value = (counts: ReadonlyArray<number>) => ({ counts, count: counts.length, sum: 0 })
    const positive = (counts: ReadonlyArray<number>) =>
      exponential({ positive: { offset: 0, counts }, count: counts.length })
    assert.deepStrictEqual(
      MetricDelta.between(
        snapshot(
          10,
          counter("a_total", { value: 5 }),
          exponentialFamily("e", { value: positive([1, 1]) }),
          histogramFamily("h", { value: value([1, 1, 0, 0]) })
        ),
        snapshot(
          20,
          counter("a_total", { value: 4 }),
          exponentialFamily("e", { value: positive([0, 2]) }),
          histogramFamily("h", { value: value([0, 2, 0, 0]) })
        )
      ),
      snapshot(
        20,
        counter("a_total", { value: 4, startMillis: 10 }),
        exponentialFamily("e", { value: positive([0, 2]), startMillis: 10 }),
        histogramFamily("h", { value: value([0, 2, 0, 0]), startMillis: 10 })
      )
    )
  })

  it("keeps levels, infos and summaries as they are, changed or not", () => {
    const levels = [
      numbers("gauge", "g", { value: 1 }),
      numbers("info", "i", { value: 1, attributes: { version: "1" } }),
      {
        type: "summary",
        name: "s",
        help: "h",
        unit: undefined,
        attributes: [],
        series: model.series({ value: { quantiles: [[0.5, 1]] as const, count: 1, sum: 1 } })
      },
      numbers("upDownCounter", "u", { value: -1 })
    ] as const
    assert.deepStrictEqual(
      MetricDelta.between(snapshot(10, ...levels), snapshot(20, ...levels)),
      snapshot(20, ...levels)
    )
  })

  it("leaves counters that are observed as they are for a receiver that wants little memory", () => {
    const observed = { ...counter("o_total", { value: 3 }), observed: true }
    const both = [counter("a_total", { value: 3 }), observed]
    assert.deepStrictEqual(
      MetricDelta.between(snapshot(10, ...both), snapshot(20, ...both), "lowmemory"),
      snapshot(20, observed)
    )
    assert.deepStrictEqual(MetricDelta.between(snapshot(10, ...both), snapshot(20, ...both), "delta"), snapshot(20))
  })

  it("brings exponential histograms of different scales and offsets to the coarser scale", () => {
    const previous = exponential({
      scale: 1,
      positive: { offset: -3, counts: [1, 0, 2, 1] },
      negative: { offset: 2, counts: [1] },
      count: 5,
      sum: 2
    })
    const current = exponential({
      scale: 0,
      zeroCount: 1,
      positive: { offset: -3, counts: [4, 1, 2, 1, 0, 0, 1] },
      negative: { offset: 1, counts: [3] },
      count: 13,
      sum: 9,
      min: -3,
      max: 16
    })
    assert.deepStrictEqual(
      MetricDelta.between(
        snapshot(10, exponentialFamily("e", { value: previous })),
        snapshot(20, exponentialFamily("e", { value: current }))
      ),
      snapshot(
        20,
        exponentialFamily("e", {
          startMillis: 10,
          value: {
            scale: 0,
            zeroCount: 1,
            zeroThreshold: 0,
            positive: { offset: -3, counts: [4, 0, 0, 0, 0, 0, 1] },
            negative: { offset: 1, counts: [2] },
            count: 8,
            sum: 7,
            min: undefined,
            max: undefined
          }
        })
      )
    )
  })

  it("moves what is below a higher zero threshold into the zero bucket of both", () => {
    const previous = exponential({ positive: { offset: -2, counts: [2, 1] }, count: 3 })
    const current = exponential({
      zeroThreshold: 0.4,
      zeroCount: 3,
      positive: { offset: -1, counts: [2] },
      count: 5
    })
    assert.deepStrictEqual(
      MetricDelta.between(
        snapshot(10, exponentialFamily("e", { value: previous })),
        snapshot(20, exponentialFamily("e", { value: current }))
      ),
      snapshot(
        20,
        exponentialFamily("e", {
          startMillis: 10,
          value: exponential({
            zeroThreshold: 0.5,
            zeroCount: 1,
            positive: { offset: -1, counts: [1] },
            count: 2
          })
        })
      )
    )
  })

  it("has the exemplars that the snapshot before did not have, to the millisecond", () => {
    const exemplars = [exemplar(9), exemplar(10, 1), exemplar(10, 2), exemplar(11)]
    assert.deepStrictEqual(
      MetricDelta.between(
        snapshot(10, counter("a_total", { value: 1, exemplars: [exemplar(10, 1)] })),
        snapshot(20, counter("a_total", { value: 2, exemplars }))
      ),
      snapshot(20, counter("a_total", { value: 1, startMillis: 10, exemplars: [exemplar(10, 2), exemplar(11)] }))
    )
  })

  it("finds series whose order and objects have changed", () => {
    const series = (a: string, value: number) => ({ value, attributes: { a } })
    const before = snapshot(10, counter("a_total", series("3", 1), series("1", 1), series("2", 1), series("0", 1)))
    const after = snapshot(20, counter("a_total", series("2", 3), series("4", 9), series("3", 1), series("1", 2)))
    assert.deepStrictEqual(
      MetricDelta.between(before, after).metrics[0]?.series.map(({ attributes, value }) => [attributes["a"], value]),
      [["2", 2], ["4", 9], ["1", 1]]
    )
  })

  it("leaves the attributes as the objects they are", () => {
    const attributes = { a: "x" }
    const { metrics: [metric] } = MetricDelta.between(
      snapshot(10, counter("a_total", { value: 1, attributes: { a: "x" } })),
      snapshot(20, counter("a_total", { value: 2, attributes }))
    )
    assert.strictEqual(metric?.series[0]?.attributes, attributes)
  })

  const Readings = Schema.Array(Schema.Array(model.Measurement))

  it.prop("makes differences whose merge is the last snapshot", [Readings], ([readings]) => {
    const recorder = model.make()
    let before = MetricDelta.nothing
    const differences = readings.map((measurements, index) => {
      const time = 1000 * (index + 1)
      measurements.forEach((measurement, offset) => recorder.record(measurement, time - 500 + offset))
      const now = recorder.snapshot(time)
      const difference = MetricDelta.between(before, now)
      before = now
      return difference
    })
    const last = differences.at(-1)
    const levels = last?.metrics.filter(({ type }) => type === "gauge" || type === "upDownCounter") ?? []
    const merged = MetricMerge.merge(differences).snapshot
    assert.deepStrictEqual(model.additive(merged), model.additive(before))
    assert.deepStrictEqual(levels, before.metrics.filter(({ type }) => type === "gauge" || type === "upDownCounter"))
    const starts = (snapshot: typeof merged) =>
      snapshot.metrics.flatMap((metric) => metric.series.map(({ startMillis }) => startMillis))
    assert.deepStrictEqual(starts(merged), starts(before))
  })

  it.prop("makes differences that add up to all that was measured, though series expire and come back", [
    Schema.Array(Schema.Struct({ measurements: Schema.Array(model.Measurement), forget: Schema.Boolean }))
  ], ([readings]) => {
    const recorder = model.make()
    const everything = model.make()
    let before = MetricDelta.nothing
    const differences = readings.map(({ forget, measurements }, index) => {
      const time = 1000 * (index + 1)
      for (const measurement of measurements) {
        recorder.record(measurement, time - 500)
        everything.record(measurement)
      }
      const now = recorder.snapshot(time)
      const difference = MetricDelta.between(before, now)
      before = now
      if (forget) recorder.forget(time - 500)
      return difference
    })
    assert.deepStrictEqual(
      model.additive(MetricMerge.merge(differences).snapshot),
      model.additive(everything.snapshot(0))
    )
  })
})
