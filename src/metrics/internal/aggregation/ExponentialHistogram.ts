/**
 * The numbers of a histogram with base-2 exponential buckets. If the values need more buckets than there are,
 * neighbouring buckets are joined.
 *
 * **Details**
 *
 * Bucket `i` of scale `s` holds values in `(2^(i·2^-s), 2^((i+1)·2^-s)]`. The place of a bucket is its index modulo the
 * number of buckets, so the range can move without copying. All numbers of a series are zero before its first
 * observation.
 *
 * Another thread may copy the numbers while this thread counts. While numbers only grow, the copy at worst misses the
 * latest measurements. A join takes numbers away. So one number counts joins, and is odd during a join. If a reader
 * sees it change, it copies the series again.
 *
 * @see https://opentelemetry.io/docs/specs/otel/metrics/data-model/#exponentialhistogram
 */
import type { ExponentialBuckets, ExponentialHistogramValue } from "../../MetricSnapshot.ts"
import type { Aggregation, Count, Merge, ReadValue } from "./Aggregation.ts"
import * as CompensatedSum from "./CompensatedSum.ts"
import * as ExponentialArithmetic from "./ExponentialArithmetic.ts"

/** The finest scale, with which a series begins. */
const finest = 20
/** Number of places for exemplars. Neighbouring buckets share a place. */
const exemplarPlaces = 16

// Places of the numbers of a series, before its buckets.
const steps = 0
const zeroCount = 1
const count = 2
const sum = 3
const min = sum + CompensatedSum.size
const max = min + 1
/** How often buckets were joined. Atomic operations need an integer, so the first four bytes of this place hold one. */
const changes = max + 1
const positiveSide = changes + 1
/** A side has its count, its lowest index and its highest index. */
const sideSize = 3
const negativeSide = positiveSide + sideSize
const head = negativeSide + sideSize

/** @param maximumBuckets buckets on either side of zero, at least 2 */
export const make = (maximumBuckets: number): Aggregation<ExponentialHistogramValue> => ({
  size: head + 2 * maximumBuckets,
  count: counter(maximumBuckets),
  read: reader(maximumBuckets),
  merge: merger(maximumBuckets),
  accumulates: true,
  add: (left, right) => ExponentialArithmetic.add(left, right, maximumBuckets),
  subtract: ExponentialArithmetic.subtract,
  amountOf: (value) => value.count,
  positionOf: (exemplar, { scale, zeroThreshold }) => {
    const absolute = Math.abs(exemplar)
    return absolute <= zeroThreshold
      ? "zero"
      : `${Math.sign(exemplar)} ${indexOf(Math.min(absolute, Number.MAX_VALUE), scale)}`
  }
})

const counter = (size: number): Count => {
  const sideCounter = (side: number, buckets: number) => (values: Float64Array, base: number, absolute: number) => {
    const at = base + side
    let index = indexOf(absolute, finest - (values[base + steps] as number))
    const isFirst = values[at] === 0
    let low = isFirst ? index : Math.min(index, values[at + 1] as number)
    let high = isFirst ? index : Math.max(index, values[at + 2] as number)
    let joins = 0
    for (; high - low >= size; joins++) {
      low >>= 1
      high >>= 1
    }
    if (joins > 0) {
      coarsen(values, base, size, joins)
      index >>= joins
    }
    values[at + 1] = low
    values[at + 2] = high
    values[at] = (values[at] as number) + 1
    const place = base + buckets + modulo(index, size)
    values[place] = (values[place] as number) + 1
    return (index >> Math.max(finest - (values[base + steps] as number), 0)) & (exemplarPlaces - 1)
  }
  const countPositive = sideCounter(positiveSide, head)
  const countNegative = sideCounter(negativeSide, head + size)

  return (values, base, value) => {
    const isFirst = values[base + count] === 0
    values[base + min] = isFirst ? value : Math.min(value, values[base + min] as number)
    values[base + max] = isFirst ? value : Math.max(value, values[base + max] as number)
    values[base + count] = (values[base + count] as number) + 1
    CompensatedSum.add(values, base + sum, value)
    // An infinity counts in the outermost bucket.
    if (value > 0) return countPositive(values, base, Math.min(value, Number.MAX_VALUE))
    if (value < 0) return countNegative(values, base, Math.min(-value, Number.MAX_VALUE))
    values[base + zeroCount] = (values[base + zeroCount] as number) + 1
    return 0
  }
}

/** Joins neighbouring buckets on both sides, `joins` times. */
const coarsen = (values: Float64Array, base: number, size: number, joins: number): void => {
  const positive = joined(values, base + positiveSide, base + head, size, joins)
  const negative = joined(values, base + negativeSide, base + head + size, size, joins)
  const words = wordsOf(values)
  const change = changeOf(base)
  // Everything is computed before, because a thread may be ended at any point between the two additions.
  Atomics.add(words, change, 1)
  values.set(positive, base + head)
  values.set(negative, base + head + size)
  values[base + positiveSide + 1] = (values[base + positiveSide + 1] as number) >> joins
  values[base + positiveSide + 2] = (values[base + positiveSide + 2] as number) >> joins
  values[base + negativeSide + 1] = (values[base + negativeSide + 1] as number) >> joins
  values[base + negativeSide + 2] = (values[base + negativeSide + 2] as number) >> joins
  values[base + steps] = (values[base + steps] as number) + joins
  Atomics.add(words, change, 1)
}

/** The buckets of a side after joining. */
const joined = (values: Float64Array, at: number, buckets: number, size: number, joins: number): Float64Array => {
  const after = new Float64Array(size)
  if (values[at] === 0) return after
  for (let index = values[at + 1] as number; index <= (values[at + 2] as number); index++) {
    const place = modulo(index >> joins, size)
    after[place] = (after[place] as number) + (values[buckets + modulo(index, size)] as number)
  }
  return after
}

const wordsOf = ({ buffer, byteOffset, length }: Float64Array): Int32Array =>
  new Int32Array(buffer, byteOffset, length * 2)

const changeOf = (base: number): number => (base + changes) * 2

/** How often a series is copied before it is taken as it is. Its thread may have ended during a join. */
const attempts = 100

/**
 * Reads the counts of joins before series of another thread are copied. Gives a
 * function that copies a series again if its buckets were joined meanwhile.
 *
 * @param live the numbers to copy
 * @param bases places of series in them
 * @param stride numbers of a series
 */
export const watchJoins = (live: Float64Array, bases: ReadonlyArray<number>, stride: number) => {
  const words = wordsOf(live)
  const changeAt = (base: number) => changeOf(base + 1)
  const seen = Int32Array.from(bases, (base) => Atomics.load(words, changeAt(base)))
  const isWhole = (base: number, before: number): boolean =>
    // An atomic addition happens after the copy. A load might happen before the copy is complete.
    before % 2 === 0 && Atomics.add(words, changeAt(base), 0) === before
  /** @param from the place in `live` that the copy begins with */
  return (copy: Float64Array, from: number): void => {
    for (const [index, base] of bases.entries()) {
      let before = seen[index] as number
      for (let attempt = 0; attempt < attempts && !isWhole(base, before); attempt++) {
        before = Atomics.load(words, changeAt(base))
        copy.set(live.subarray(base, base + stride), base - from)
      }
    }
  }
}

const reader = (size: number): ReadValue<ExponentialHistogramValue> => {
  const readSide = (values: Float64Array, at: number, buckets: number): ExponentialBuckets => {
    if (values[at] === 0) return { offset: 0, counts: [] }
    const offset = values[at + 1] as number
    const counts: Array<number> = []
    for (let index = offset; index <= (values[at + 2] as number); index++) {
      counts.push(values[buckets + modulo(index, size)] as number)
    }
    return { offset, counts }
  }
  return (values, base) => {
    const isEmpty = values[base + count] === 0
    const zeros = values[base + zeroCount] as number
    const positive = readSide(values, base + positiveSide, base + head)
    const negative = readSide(values, base + negativeSide, base + head + size)
    return {
      scale: finest - (values[base + steps] as number),
      zeroCount: zeros,
      zeroThreshold: 0,
      positive,
      negative,
      // The copy was made at another moment, so the stored count may differ.
      count: sumOf(positive.counts) + sumOf(negative.counts) + zeros,
      sum: CompensatedSum.read(values, base + sum),
      min: isEmpty ? undefined : values[base + min],
      max: isEmpty ? undefined : values[base + max]
    }
  }
}

const sumOf = (counts: ReadonlyArray<number>): number => {
  let sum = 0
  for (const one of counts) sum += one
  return sum
}

/**
 * Adds the counts of another series, which may have another number of buckets.
 * The result has the finest scale with room for both.
 */
const merger = (size: number): Merge => {
  return (values, at, from, fromAt, fromNumbers) => {
    if (from[fromAt + count] === 0) return
    const fromSize = (fromNumbers - head) / 2
    const sides = [[positiveSide, head, head], [negativeSide, head + size, head + fromSize]] as const
    const isFirst = values[at + count] === 0
    const own = isFirst ? from[fromAt + steps] as number : values[at + steps] as number
    if (isFirst) values[at + steps] = own
    const theirs = from[fromAt + steps] as number
    let shared = Math.max(own, theirs)
    for (const [side] of sides) {
      const [low, high] = rangeOf(values, at + side, own, from, fromAt + side, theirs, shared)
      for (let joins = 0; (high >> joins) - (low >> joins) >= size; joins++) shared++
    }
    if (shared > own) coarsen(values, at, size, shared - own)
    for (const [side, buckets, fromBuckets] of sides) {
      const added = from[fromAt + side] as number
      if (added === 0) continue
      const [low, high] = rangeOf(values, at + side, shared, from, fromAt + side, theirs, shared)
      for (let index = from[fromAt + side + 1] as number; index <= (from[fromAt + side + 2] as number); index++) {
        const place = at + buckets + modulo(index >> (shared - theirs), size)
        values[place] = (values[place] as number) + (from[fromAt + fromBuckets + modulo(index, fromSize)] as number)
      }
      values[at + side] = (values[at + side] as number) + added
      values[at + side + 1] = low
      values[at + side + 2] = high
    }
    values[at + zeroCount] = (values[at + zeroCount] as number) + (from[fromAt + zeroCount] as number)
    values[at + count] = (values[at + count] as number) + (from[fromAt + count] as number)
    CompensatedSum.merge(values, at + sum, from, fromAt + sum)
    const [lowest, highest] = [from[fromAt + min] as number, from[fromAt + max] as number]
    values[at + min] = isFirst ? lowest : Math.min(lowest, values[at + min] as number)
    values[at + max] = isFirst ? highest : Math.max(highest, values[at + max] as number)
  }
}

/** Lowest and highest index of two sides together, at a shared scale. */
const rangeOf = (
  values: Float64Array,
  at: number,
  scaleSteps: number,
  from: Float64Array,
  fromAt: number,
  fromSteps: number,
  shared: number
): readonly [low: number, high: number] => {
  const ends = [[values, at, scaleSteps], [from, fromAt, fromSteps]] as const
  let low = Infinity
  let high = -Infinity
  for (const [numbers, side, own] of ends) {
    if (numbers[side] === 0) continue
    low = Math.min(low, (numbers[side + 1] as number) >> (shared - own))
    high = Math.max(high, (numbers[side + 2] as number) >> (shared - own))
  }
  return low > high ? [0, 0] : [low, high]
}

const modulo = (index: number, size: number): number => {
  const rest = index % size
  return rest < 0 ? rest + size : rest
}

/** Index of the bucket of a positive finite number. */
export const indexOf = (value: number, scale: number): number => {
  // Subnormal numbers share the bucket of the smallest normal one.
  const normal = Math.max(value, smallestNormal)
  let exponent = Math.floor(Math.log2(normal))
  // Rounding of the logarithm must not move a value over a power of two.
  if (2 ** exponent > normal) exponent--
  else if (2 ** (exponent + 1) <= normal) exponent++
  // Powers of two are upper bounds, which are known exactly.
  const isPower = normal === 2 ** exponent
  if (scale <= 0) return (isPower ? exponent - 1 : exponent) >> -scale
  const lowest = exponent * 2 ** scale
  if (isPower) return lowest - 1
  return Math.min(Math.max(Math.floor(Math.log2(normal) * 2 ** scale), lowest), lowest + 2 ** scale - 1)
}

const smallestNormal = 2 ** -1022
