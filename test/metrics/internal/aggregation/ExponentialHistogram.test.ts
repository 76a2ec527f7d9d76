import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import * as ExponentialHistogram from "../../../../src/metrics/internal/aggregation/ExponentialHistogram.ts"
import type { ExponentialHistogramValue } from "../../../../src/metrics/MetricSnapshot.ts"

/** Numbers of every magnitude: mantissa and exponent apart. */
const Positive = Schema.Struct({
  mantissa: Schema.Finite.check(Schema.isBetween({ minimum: 1, maximum: 1.999999 })),
  exponent: Schema.Int.check(Schema.isBetween({ minimum: -1020, maximum: 1020 }))
})

const Near = Schema.Finite.check(Schema.isBetween({ minimum: -1000, maximum: 1000 }))

const observed = (values: ReadonlyArray<number>, size: number): ExponentialHistogramValue => {
  const numbers = new Float64Array(ExponentialHistogram.make(size).size)
  const count = ExponentialHistogram.make(size).count
  for (const value of values) count(numbers, 0, value)
  return ExponentialHistogram.make(size).read(numbers, 0)
}

const SideSize = Schema.Int.check(Schema.isBetween({ minimum: 2, maximum: 200 }))

/** Counts by bucket, at a scale that is so many steps lower. */
const filledOf = ({ counts, offset }: ExponentialHistogramValue["positive"], steps: number) => {
  const filled: Record<number, number> = {}
  counts.forEach((count, index) => {
    const bucket = (offset + index) >> steps
    if (count > 0) filled[bucket] = (filled[bucket] ?? 0) + count
  })
  return filled
}

/** How many of the values belong into a bucket, by its bounds as the data model defines them. */
const within = (values: ReadonlyArray<number>, index: number, scale: number) => {
  // Multiplied by what rounding may move a bound, which is less than the width of the finest bucket.
  const [low, high] = [2 ** (index * 2 ** -scale), 2 ** ((index + 1) * 2 ** -scale)]
  const [loose, strict] = [1 + 1e-12, 1 - 1e-12]
  return {
    atLeast: values.filter((value) => value > low * loose && value <= high * strict).length,
    atMost: values.filter((value) => value > low * strict && value <= high * loose).length
  }
}

describe("ExponentialHistogram", () => {
  it.prop(
    "puts every number between the bounds of its bucket at every scale",
    [Positive, Schema.Int.check(Schema.isBetween({ minimum: -10, maximum: 20 }))],
    ([{ exponent, mantissa }, scale]) => {
      const value = mantissa * 2 ** exponent
      const index = ExponentialHistogram.indexOf(value, scale)
      const distance = Math.log2(mantissa) + exponent - index * 2 ** -scale
      assert.isAtLeast(distance, -1e-12)
      assert.isAtMost(distance, 2 ** -scale + 1e-12)
      return true
    },
    { arbitrary: { runs: 500 } }
  )

  it("takes powers of two as upper bounds, exactly", () => {
    for (const scale of [-3, 0, 1, 5, 20]) {
      for (const exponent of [-1022, -8, 0, 1, 16, 1023]) {
        const expected = scale > 0 ? exponent * 2 ** scale - 1 : (exponent - 1) >> -scale
        assert.strictEqual(ExponentialHistogram.indexOf(2 ** exponent, scale), expected, `2^${exponent} at ${scale}`)
      }
    }
  })

  it.prop(
    "holds what a plain model holds, within the number of buckets",
    [Schema.Array(Near), Schema.Int.check(Schema.isBetween({ minimum: 2, maximum: 200 }))],
    ([given, size]) => {
      // Subnormal numbers share the bucket of the smallest normal one.
      const values = given.filter((one) => one === 0 || Math.abs(one) >= 2 ** -1022)
      const value = observed(values, size)
      assert.strictEqual(value.count, values.length)
      assert.strictEqual(value.zeroCount, values.filter((one) => one === 0).length)
      assert.strictEqual(value.min, values.length === 0 ? undefined : Math.min(...values))
      assert.strictEqual(value.max, values.length === 0 ? undefined : Math.max(...values))
      assert.approximately(value.sum, values.reduce((sum, one) => sum + one, 0), 1e-6)
      for (const [side, own] of [[value.positive, values], [value.negative, values.map((one) => -one)]] as const) {
        assert.isAtMost(side.counts.length, size)
        assert.strictEqual(
          side.counts.reduce((sum, count) => sum + count, 0),
          own.filter((one) => one > 0).length
        )
        side.counts.forEach((count, position) => {
          const { atLeast, atMost } = within(own, side.offset + position, value.scale)
          assert.isAtLeast(count, atLeast)
          assert.isAtMost(count, atMost)
        })
      }
      return true
    },
    { arbitrary: { runs: 300 } }
  )

  it.prop(
    "is added to another one as if all values had been counted together",
    [Schema.Array(Near), Schema.Array(Near), SideSize, SideSize],
    ([left, right, size, otherSize]) => {
      const [own, other, both] = [new Float64Array(1500), new Float64Array(1500), [...left, ...right]]
      for (const value of left) ExponentialHistogram.make(size).count(own, 1, value)
      for (const value of right) ExponentialHistogram.make(otherSize).count(other, 2, value)
      ExponentialHistogram.make(size).merge(own, 1, other, 2, ExponentialHistogram.make(otherSize).size)
      const merged = ExponentialHistogram.make(size).read(own, 1)
      const expected = observed(both, size)
      // Fewer buckets in the other one may have cost it its scale.
      if (otherSize >= size) assert.strictEqual(merged.scale, expected.scale)
      else assert.isAtMost(merged.scale, expected.scale)
      assert.deepStrictEqual(
        [merged.count, merged.zeroCount, merged.min, merged.max],
        [expected.count, expected.zeroCount, expected.min, expected.max]
      )
      assert.approximately(merged.sum, expected.sum, 1e-6)
      const steps = expected.scale - merged.scale
      for (const side of ["positive", "negative"] as const) {
        assert.isAtMost(merged[side].counts.length, size)
        assert.deepStrictEqual(filledOf(merged[side], 0), filledOf(expected[side], steps))
      }
      return true
    },
    { arbitrary: { runs: 500 } }
  )

  it("is copied again if its buckets were joined while they were copied", () => {
    const size = 160
    const stride = 1 + ExponentialHistogram.make(size).size
    const live = new Float64Array(new SharedArrayBuffer(3 * stride * 8))
    const bases = [0, stride, 2 * stride]
    const count = ExponentialHistogram.make(size).count
    const countAll = (value: number) => {
      for (const base of bases) count(live, base + 1, value)
    }
    for (let index = 0; index < 100; index++) countAll(1 + index * 1e-6)
    const recopy = ExponentialHistogram.watchJoins(live, bases, stride)
    const copy = live.slice()
    // The beginning was copied before, the end after the change.
    countAll(1000)
    copy.set(live.subarray(stride + 60, 2 * stride), stride + 60)
    const read = (numbers: Float64Array, base: number) => ExponentialHistogram.make(size).read(numbers, base + 1)
    assert.notStrictEqual(read(copy, stride).count, 100)
    assert.notStrictEqual(read(copy, stride).count, 101)
    recopy(copy, 0)
    assert.deepStrictEqual(bases.map((base) => read(copy, base)), bases.map((base) => read(live, base)))
    assert.strictEqual(read(copy, stride).count, 101)
  })

  it("is taken as it is if its thread was ended while it joined buckets", () => {
    const size = 4
    const stride = 1 + ExponentialHistogram.make(size).size
    const live = new Float64Array(new SharedArrayBuffer(stride * 8))
    ExponentialHistogram.make(size).count(live, 1, 1)
    const whole = live.slice()
    ExponentialHistogram.make(size).count(live, 1, 1000)
    // The change is counted at its beginning and at its end.
    const place = live.findIndex((number, index) => number !== whole[index] && number > 0 && number < 1e-300)
    const words = new Int32Array(live.buffer)
    assert.strictEqual(words[place * 2], 2)
    words[place * 2] = 1
    const recopy = ExponentialHistogram.watchJoins(live, [0], stride)
    const copy = live.slice()
    recopy(copy, 0)
    assert.strictEqual(ExponentialHistogram.make(size).read(copy, 1).count, 2)
  })

  it("keeps the finest scale that the spread of the values allows", () => {
    assert.strictEqual(observed([1], 160).scale, 20)
    assert.strictEqual(observed([1, 2], 160).scale, 7)
    // 1 ms to 1 h in seconds.
    assert.strictEqual(observed([0.001, 3600], 160).scale, 2)
    assert.strictEqual(observed([Number.MIN_VALUE, Number.MAX_VALUE], 160).scale, -4)
    assert.strictEqual(observed([Number.MIN_VALUE, Number.MAX_VALUE], 2).scale, -10)
  })

  it("counts infinities in the outermost bucket of numbers", () => {
    const value = observed([Infinity, -Infinity, 1], 160)
    assert.strictEqual(value.count, 3)
    assert.strictEqual(value.negative.counts.reduce((sum, count) => sum + count, 0), 1)
    assert.strictEqual(value.positive.counts.reduce((sum, count) => sum + count, 0), 2)
  })

  it.effect("tells quantiles with an error below a twentieth over a range of 1 to 3000", () =>
    Effect.sync(() => {
      const values = Array.from({ length: 30_000 }, (_, index) => (index + 1) / 10)
      const { positive, scale } = observed(values, 160)
      let rank = 0
      const bucket = positive.counts.findIndex((count) => (rank += count) >= values.length * 0.95)
      const low = 2 ** ((positive.offset + bucket) * 2 ** -scale)
      const high = 2 ** ((positive.offset + bucket + 1) * 2 ** -scale)
      const p95 = values[Math.floor(values.length * 0.95)] as number
      assert.isAtMost(low, p95 * 1.0001)
      assert.isAtLeast(high, p95)
      assert.isBelow((high - low) / (high + low), 1 / 20)
    }))
})
