import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import * as TimeSlice from "../../../../src/internal/TimeSlice.ts"
import * as SnapshotParts from "../../../../src/metrics/internal/combine/SnapshotParts.ts"
import * as MetricMerge from "../../../../src/metrics/MetricMerge.ts"
import * as model from "../../../support/metricModel.ts"
import { counter, exponentialFamily, histogramFamily, snapshot } from "../../../support/metricModel.ts"
import { exponential } from "../../../support/metricSnapshots.ts"

const split = (...args: Parameters<typeof SnapshotParts.split>) => TimeSlice.runNow(SnapshotParts.split(...args))

const shape = (parts: ReturnType<typeof split>) =>
  parts.map(({ metrics }) => metrics.map(({ name, series }) => `${name} ${series.length}`))

const many = (name: string, count: number) =>
  counter(name, ...Array.from({ length: count }, (_, index) => ({ value: 1, attributes: { a: `${index}` } })))

describe("SnapshotParts", () => {
  it("fills one part after the other, across metrics", () => {
    assert.deepStrictEqual(shape(split(snapshot(1), 2)), [])
    assert.deepStrictEqual(shape(split(snapshot(1, many("a", 2)), 2)), [["a 2"]])
    assert.deepStrictEqual(
      shape(split(snapshot(1, many("a", 1), many("b", 5), many("c", 2)), 3)),
      [["a 1", "b 2"], ["b 3"], ["c 2"]]
    )
  })

  it("counts a series of many buckets as several, and never leaves one out", () => {
    const wide = exponential({ positive: { offset: 0, counts: new Array<number>(80).fill(1) }, count: 80 })
    const narrow = { counts: [1, 0, 0, 0], count: 1, sum: 0 }
    const metrics = [
      exponentialFamily("e", ...["0", "1", "2"].map((a) => ({ value: wide, attributes: { a } }))),
      histogramFamily("h", ...["0", "1", "2"].map((a) => ({ value: narrow, attributes: { a } })))
    ]
    assert.deepStrictEqual(shape(split(snapshot(1, ...metrics), 8)), [["e 2"], ["e 1", "h 3"]])
    assert.deepStrictEqual(shape(split(snapshot(1, ...metrics), 1)), [
      ...["e 1", "e 1", "e 1"].map((part) => [part]),
      ...["h 1", "h 1", "h 1"].map((part) => [part])
    ])
  })

  it.prop("loses nothing", [
    Schema.Array(model.Measurement),
    Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 9 }))
  ], ([measurements, maximumSeries]) => {
    const recorder = model.make()
    for (const measurement of measurements) recorder.record(measurement)
    const whole = recorder.snapshot(1)
    const parts = split(whole, maximumSeries)
    assert.deepStrictEqual(MetricMerge.merge([snapshot(1), ...parts]).snapshot, whole)
    if (parts.length > 0) assert.deepStrictEqual(SnapshotParts.join(parts), whole)
  })
})
