import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import * as NativeHistogram from "../../../../src/metrics/internal/exposition/NativeHistogram.ts"
import type { ExponentialBuckets, ExponentialHistogramValue } from "../../../../src/metrics/MetricSnapshot.ts"

const none: ExponentialBuckets = { offset: 0, counts: [] }

const histogram = (value: Partial<ExponentialHistogramValue>): ExponentialHistogramValue => ({
  scale: 0,
  zeroCount: 0,
  zeroThreshold: 0,
  positive: none,
  negative: none,
  count: 0,
  sum: 0,
  min: undefined,
  max: undefined,
  ...value
})

const total = ({ counts }: ExponentialBuckets) => counts.reduce((sum, count) => sum + count, 0)

/** A histogram of positive observations. */
const positive = (scale: number, offset: number, counts: ReadonlyArray<number>): ExponentialHistogramValue =>
  histogram({ scale, positive: { offset, counts }, count: total({ offset, counts }), sum: 1 })

/** Counts by Prometheus' number of the bucket. */
const expand = ({ deltas, spans }: NativeHistogram.NativeBuckets): ReadonlyMap<number, number> => {
  const found = new Map<number, number>()
  let [index, count, used] = [0, 0, 0]
  for (const [offset, length] of spans) {
    index += offset
    for (let inSpan = 0; inSpan < length; inSpan++, index++) {
      count += deltas[used++]!
      if (count > 0) found.set(index, count)
    }
  }
  assert.strictEqual(used, deltas.length)
  return found
}

/** Upper bound of a bucket of Prometheus. */
const boundOf = (index: number, schema: number) => 2 ** (index * 2 ** -schema)

/** The number of the bucket of OpenTelemetry that holds a value, by its bounds: `(base^i, base^(i+1)]`. */
const bucketOf = (value: number, scale: number): number => {
  let index = Math.floor(Math.log2(value) * 2 ** scale)
  while (2 ** (index * 2 ** -scale) >= value) index--
  while (2 ** ((index + 1) * 2 ** -scale) < value) index++
  return index
}

const observed = (values: ReadonlyArray<number>, scale: number): ExponentialHistogramValue => {
  const indexes = values.map((value) => bucketOf(value, scale))
  const offset = Math.min(...indexes)
  const counts = Array.from({ length: Math.max(...indexes) - offset + 1 }, () => 0)
  for (const index of indexes) counts[index - offset]!++
  return positive(scale, offset, counts)
}

const Positive = Schema.Finite.check(Schema.isBetween({ minimum: 2 ** -40, maximum: 2 ** 40 }))
const Values = Schema.Array(Schema.Union([Positive, Schema.Literals([0.5, 1, 2, 4, 1024])]))
  .check(Schema.isMinLength(1), Schema.isMaxLength(20))

const NearOne = Schema.Array(Schema.Finite.check(Schema.isBetween({ minimum: 0.1, maximum: 10 })))
  .check(Schema.isMinLength(1), Schema.isMaxLength(20))

describe("NativeHistogram", () => {
  it("numbers buckets one higher than OpenTelemetry", () => {
    // Scale 0: (0.5, 1] is -1 there and 0 here, (1, 2] is 0 there and 1 here.
    const native = NativeHistogram.make(observed([1, 1.5, 2, 3, 4, 4.1], 0))
    assert.strictEqual(native.schema, 0)
    assert.deepStrictEqual(expand(native.positive), new Map([[0, 1], [1, 2], [2, 2], [3, 1]]))
  })

  it("merges the buckets of scales above 8", () => {
    const native = NativeHistogram.make(positive(10, -5, [1, 2, 3, 4, 5, 6, 7, 8, 9]))
    assert.strictEqual(native.schema, 8)
    // -5 | -4 -3 -2 -1 | 0 1 2 3
    assert.deepStrictEqual(expand(native.positive), new Map([[-1, 1], [0, 14], [1, 30]]))
  })

  it("keeps the upper bounds of scales below -4", () => {
    // Scale -6 has the bounds 2^-64, 1, 2^64, 2^128; schema -4 has one every 2^16.
    const native = NativeHistogram.make(positive(-6, -1, [1, 2, 3]))
    assert.strictEqual(native.schema, -4)
    assert.deepStrictEqual(expand(native.positive), new Map([[0, 1], [4, 2], [8, 3]]))
    assert.deepStrictEqual([0, 4, 8].map((index) => boundOf(index, -4)), [1, 2 ** 64, 2 ** 128])
  })

  it("bridges short gaps with empty buckets and long ones with a new span", () => {
    const native = NativeHistogram.make(positive(3, 10, [4, 0, 0, 1, 0, 0, 0, 2, 0]))
    assert.deepStrictEqual(native.positive, { spans: [[11, 4], [3, 1]], deltas: [4, -4, 0, 1, 1] })
  })

  it("has no buckets where there are no counts, and a threshold above 0 always", () => {
    const empty = { spans: [], deltas: [] }
    assert.deepStrictEqual(NativeHistogram.make(positive(0, 7, [0, 0])), {
      schema: 0,
      zeroThreshold: 1e-128,
      zeroCount: 0,
      count: 0,
      positive: empty,
      negative: empty
    })
    assert.strictEqual(NativeHistogram.make(histogram({ zeroThreshold: 1e-3 })).zeroThreshold, 1e-3)
  })

  it("keeps negative observations and those around 0 apart", () => {
    const native = NativeHistogram.make(histogram({
      zeroCount: 2,
      positive: { offset: 0, counts: [1] },
      negative: { offset: 1, counts: [0, 3] },
      count: 6,
      sum: -20
    }))
    assert.deepStrictEqual([native.zeroCount, native.count], [2, 6])
    assert.deepStrictEqual(native.positive, { spans: [[1, 1]], deltas: [1] })
    assert.deepStrictEqual(native.negative, { spans: [[3, 1]], deltas: [3] })
  })

  it("counts what the buckets have, as Prometheus would refuse the scrape otherwise", () => {
    const value = histogram({ zeroCount: 1, positive: { offset: 0, counts: [2] }, count: 5, sum: 3 })
    assert.strictEqual(NativeHistogram.make(value).count, 3)
  })

  it.effect.prop(
    "has each value in the bucket that Prometheus would put it in",
    [Values, Schema.Int.check(Schema.isBetween({ minimum: -4, maximum: 8 }))],
    ([values, scale]) =>
      Effect.sync(() => {
        const native = NativeHistogram.make(observed(values, scale))
        assert.strictEqual(native.schema, scale)
        const expected = new Map<number, number>()
        for (const value of values) {
          let index = bucketOf(value, scale)
          while (boundOf(index, scale) < value) index++
          expected.set(index, (expected.get(index) ?? 0) + 1)
        }
        assert.deepStrictEqual(expand(native.positive), expected)
        assert.strictEqual(native.count, values.length)
      })
  )

  it.effect.prop(
    "has as many observations below each bound as before, at any scale",
    [NearOne, Schema.Int.check(Schema.isBetween({ minimum: -10, maximum: 11 }))],
    ([values, scale]) =>
      Effect.sync(() => {
        const value = observed(values, scale)
        const native = NativeHistogram.make(value)
        const found = expand(native.positive)
        const { counts, offset } = value.positive
        const [bounds, nativeBounds]: ReadonlyArray<Map<number, number>> = [new Map(), new Map()]
        counts.forEach((count, bucket) => count > 0 && bounds!.set((offset + bucket + 1) * 2 ** -scale, count))
        for (const [index, count] of found) nativeBounds!.set(index * 2 ** -native.schema, count)
        const below = (all: ReadonlyMap<number, number>, bound: number) =>
          [...all].reduce((sum, [other, count]) => other <= bound ? sum + count : sum, 0)
        // Bounds that both have, as powers of two: for the finer one all, for the coarser one each of its own.
        for (const bound of scale > native.schema ? nativeBounds!.keys() : bounds!.keys()) {
          assert.strictEqual(below(nativeBounds!, bound), below(bounds!, bound))
        }
        assert.strictEqual(below(nativeBounds!, Infinity), values.length)
      })
  )
})
