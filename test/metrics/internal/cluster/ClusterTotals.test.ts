import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import * as TimeSlice from "../../../../src/internal/TimeSlice.ts"
import * as ClusterTotals from "../../../../src/metrics/internal/cluster/ClusterTotals.ts"
import * as MetricDelta from "../../../../src/metrics/MetricDelta.ts"
import type { MetricSnapshot, SeriesSnapshot } from "../../../../src/metrics/MetricSnapshot.ts"
import * as model from "../../../support/metricModel.ts"
import { counter, histogramFamily, numbers, series, snapshot } from "../../../support/metricModel.ts"

const limits: ClusterTotals.Limits = { cardinalityLimit: 2000, retentionMillis: 1000 }

/** Readings and ends of processes, one after the other. */
const after = (
  events: ReadonlyArray<readonly [source: string, reading: MetricSnapshot | "end"]>,
  part: Partial<ClusterTotals.Limits> = {}
) =>
  events.reduce(
    (totals, [source, reading]) =>
      TimeSlice.runNow(
        reading === "end"
          ? ClusterTotals.remove(totals, source, { ...limits, ...part })
          : ClusterTotals.replace(totals, source, reading, { ...limits, ...part })
      ),
    ClusterTotals.none(0)
  )

const combined = (totals: ClusterTotals.Totals) => TimeSlice.runNow(ClusterTotals.combine(totals, {})).snapshot

const expired = (totals: ClusterTotals.Totals, ...times: ReadonlyArray<number>) =>
  times.reduce((totals, now) => TimeSlice.runNow(ClusterTotals.expire(totals, now, limits)), totals)

const valuesIn = ({ metrics }: MetricSnapshot) =>
  Object.fromEntries(
    metrics.flatMap((metric) =>
      metric.series.map((one: SeriesSnapshot) => [`${metric.name} ${Object.values(one.attributes).join()}`, one.value])
    )
  )

const a = (value: number, a: string, startMillis = 1) => ({ value, attributes: { a }, startMillis })

describe("ClusterTotals", () => {
  it("keeps what ended processes have counted, and not their levels", () => {
    const summary = (count: number, quantiles: ReadonlyArray<readonly [number, number]>) => ({
      ...numbers("info", "s"),
      type: "summary" as const,
      series: series({ value: { quantiles, count, sum: count } })
    })
    const metrics = (value: number) => [
      counter("c_total", a(value, "x")),
      numbers("gauge", "g", { value }),
      histogramFamily("h", { value: { counts: [value, 0, 0, 1], count: value + 1, sum: 9 } }),
      numbers("info", "i", { value: 1 }),
      summary(value, [[0.5, value]]),
      numbers("upDownCounter", "u", { value })
    ]
    const ended = after([["1", snapshot(5, ...metrics(3))], ["1", "end"]])
    assert.deepStrictEqual(
      combined(ended),
      snapshot(
        0,
        counter("c_total", a(3, "x")),
        histogramFamily("h", { value: { counts: [3, 0, 0, 1], count: 4, sum: 9 } }),
        summary(3, [])
      )
    )
    assert.deepStrictEqual(
      combined(TimeSlice.runNow(ClusterTotals.replace(ended, "2", snapshot(9, ...metrics(4)), limits))),
      snapshot(
        9,
        counter("c_total", a(7, "x")),
        numbers("gauge", "g", { value: 4 }),
        histogramFamily("h", { value: { counts: [7, 0, 0, 2], count: 9, sum: 18 } }),
        numbers("info", "i", { value: 1 }),
        summary(7, [[0.5, Number.NaN]]),
        numbers("upDownCounter", "u", { value: 4 })
      )
    )
  })

  it("adds to what was counted before where a series begins anew or is gone", () => {
    const totals = after([
      ["1", snapshot(1, counter("c_total", a(5, "less"), a(5, "more"), a(5, "gone"), a(5, "restarted")))],
      ["1", snapshot(2, counter("c_total", a(2, "less"), a(6, "more"), a(7, "restarted", 2)))]
    ])
    assert.deepStrictEqual(valuesIn(combined(totals)), {
      "c_total less": 7,
      "c_total more": 6,
      "c_total restarted": 12,
      "c_total gone": 5
    })
    assert.deepStrictEqual(
      valuesIn(combined(after([["1", snapshot(1, counter("c_total", a(5, "x")))], ["1", snapshot(2)]]))),
      {
        "c_total x": 5
      }
    )
  })

  it("does not keep what is not a number, which every sum would be from then on", () => {
    const odd = [a(Number.NaN, "nan"), a(Infinity, "infinite"), a(1, "x")]
    assert.deepStrictEqual(
      valuesIn(combined(after([["1", snapshot(1, counter("c_total", ...odd))], ["1", "end"]]))),
      { "c_total x": 1 }
    )
  })

  it("counts series beyond the limit in the overflow series, and loses nothing", () => {
    const overflow = { value: 3, attributes: { otel_metric_overflow: "true" }, startMillis: 1 }
    const totals = after([
      ["1", snapshot(1, counter("c_total", a(1, "a"), a(1, "b")))],
      ["1", "end"],
      ["2", snapshot(1, counter("c_total", a(1, "b"), a(5, "c"), overflow))],
      ["2", "end"]
    ], { cardinalityLimit: 2 })
    // A process that had more series than the limit keeps its own.
    assert.deepStrictEqual(valuesIn(combined(totals)), {
      "c_total a": 1,
      "c_total b": 2,
      "c_total c": 5,
      "c_total true": 3
    })
    const third = snapshot(1, counter("c_total", a(7, "d"), a(9, "e"), a(1, "c")))
    const more = TimeSlice.runNow(
      ClusterTotals.remove(
        TimeSlice.runNow(ClusterTotals.replace(totals, "3", third, limits)),
        "3",
        { ...limits, cardinalityLimit: 2 }
      )
    )
    assert.deepStrictEqual(valuesIn(combined(more)), {
      "c_total a": 1,
      "c_total b": 2,
      "c_total c": 6,
      "c_total true": 19
    })
  })

  it("lets go of series that nobody has any more, once the retention is over", () => {
    const totals = after([
      ["1", snapshot(1, counter("c_total", a(1, "used"), a(1, "unused")), counter("d_total", a(1, "x")))],
      ["1", "end"],
      ["2", snapshot(1, counter("c_total", a(1, "used")))]
    ])
    const all = { "c_total unused": 1, "c_total used": 2, "d_total x": 1 }
    assert.deepStrictEqual(valuesIn(combined(expired(totals, 999))), all)
    assert.deepStrictEqual(valuesIn(combined(expired(totals, 999, 1000, 1999))), all)
    assert.deepStrictEqual(valuesIn(combined(expired(totals, 1000, 2000, 3000, 4000))), { "c_total used": 2 })
    // What was added in the meantime lives on together with what was there before.
    const again = TimeSlice.runNow(ClusterTotals.remove(expired(totals, 1000), "2", limits))
    assert.deepStrictEqual(valuesIn(combined(expired(again, 2000))), { "c_total used": 2 })
    assert.deepStrictEqual(valuesIn(combined(expired(again, 2000, 3000))), {})
  })

  it("keeps the newer of two versions of a metric", () => {
    const old = snapshot(
      1,
      numbers("counter", "c_total", a(5, "x")),
      histogramFamily("h", { value: { counts: [1, 0, 0, 0], count: 1, sum: 1 } })
    )
    const now = snapshot(
      2,
      { ...histogramFamily("h", { value: { counts: [2, 0], count: 2, sum: 1 } }), buckets: [9] } as never
    )
    assert.deepStrictEqual(
      valuesIn(combined(after([["1", old], ["1", "end"], ["2", now], ["2", "end"]]))),
      { "c_total x": 5, "h ": { counts: [2, 0], count: 2, sum: 1 } }
    )
    assert.deepStrictEqual(
      TimeSlice.runNow(ClusterTotals.combine(after([["1", old], ["1", "end"], ["2", now]]), {})).conflicts,
      [{ name: "h", difference: "buckets", snapshot: 1 }]
    )
  })

  it("has no series start earlier than it was seen to", () => {
    const keep = (before: MetricSnapshot, now: MetricSnapshot) =>
      TimeSlice.runNow(ClusterTotals.keepStarts(before, now))
    const before = snapshot(1, counter("c_total", a(1, "x", 5), a(1, "y", 5)))
    assert.deepStrictEqual(
      keep(
        before,
        snapshot(2, counter("b_total", a(1, "x", 3)), counter("c_total", a(2, "x", 3), a(2, "y", 6), a(2, "z", 3)))
      ),
      snapshot(2, counter("b_total", a(1, "x", 3)), counter("c_total", a(2, "x", 5), a(2, "y", 6), a(2, "z", 3)))
    )
  })

  const Event = Schema.Union([
    Schema.Struct({
      type: Schema.Literal("measure"),
      process: Schema.Literals([0, 1, 2]),
      measurement: model.Measurement
    }),
    Schema.Struct({ type: Schema.Literals(["read", "kill", "restart", "expire"]), process: Schema.Literals([0, 1, 2]) })
  ])

  it.prop("has exactly what all processes have counted until they were read last, and never less", [
    Schema.Array(Event).check(Schema.isMinLength(40), Schema.isMaxLength(120))
  ], ([events]) => {
    /** Records what all processes have together. */
    const truth = model.make()
    const processes = [0, 1, 2].map((name) => ({
      name: `${name}`,
      recorder: model.make(),
      unread: Array<typeof model.Measurement.Type>()
    }))
    let totals = ClusterTotals.none(0)
    let last = combined(totals)
    const received = new Map<string, number>()
    let now = 0
    for (const event of events) {
      now++
      const one = processes[event.process]!
      const read = () => {
        totals = TimeSlice.runNow(ClusterTotals.replace(totals, one.name, one.recorder.snapshot(now), limits))
        for (const measurement of one.unread.splice(0)) truth.record(measurement)
      }
      if (event.type === "measure") {
        one.recorder.record(event.measurement, now)
        one.unread.push(event.measurement)
      } else if (event.type === "read") read()
      else if (event.type === "expire") {
        // What a store forgets has been read before, as it was idle for long.
        read()
        one.recorder.forget(now)
      } else {
        // A process that began anew may be known by the name of the one before.
        if (event.type === "kill") totals = TimeSlice.runNow(ClusterTotals.remove(totals, one.name, limits))
        one.recorder = model.make()
        one.unread = []
      }
      const sum = TimeSlice.runNow(ClusterTotals.keepStarts(last, combined(totals)))
      const values = model.additive(sum)
      assert.deepStrictEqual(values, model.additive(truth.snapshot(now)))
      for (const [key, value] of Object.entries(model.additive(last))) {
        if (typeof value === "number") assert.isAtLeast(Number(values[key]), value)
      }
      // To a receiver of differences all of them are one process that never ends.
      for (const [key, value] of Object.entries(model.additive(MetricDelta.between(last, sum)))) {
        if (typeof value === "number") received.set(key, (received.get(key) ?? 0) + value)
      }
      for (const [key, value] of received) assert.strictEqual(values[key], value)
      last = sum
    }
  })
})
