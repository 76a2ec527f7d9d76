/**
 * Adds and subtracts exponential histograms. Their scales, offsets and zero
 * thresholds may differ.
 *
 * **Details**
 *
 * A bucket lies wholly within one bucket of each lower scale. So the finer of two
 * values is brought to the scale of the coarser one without loss.
 *
 * @see
 * https://opentelemetry.io/docs/specs/otel/metrics/data-model/#exponential-scale
 */
import type { ExponentialBuckets, ExponentialHistogramValue, MetricData } from "../../MetricSnapshot.ts"
import { defaultMaximumBuckets } from "../model/MetricDeclaration.ts"

const none: ExponentialBuckets = { offset: 0, counts: [] }

/** Removes empty buckets at both ends. */
const trim = ({ counts, offset }: ExponentialBuckets): ExponentialBuckets => {
  const first = counts.findIndex((count) => count !== 0)
  if (first === -1) return none
  const last = counts.findLastIndex((count) => count !== 0)
  return first === 0 && last === counts.length - 1
    ? { offset, counts }
    : { offset: offset + first, counts: counts.slice(first, last + 1) }
}

/** The index of a bucket at a lower scale. A shift would end at 31 steps. */
const coarser = (index: number, steps: number): number => Math.floor(index / 2 ** steps)

const downscale = (buckets: ExponentialBuckets, steps: number): ExponentialBuckets => {
  if (steps === 0 || buckets.counts.length === 0) return buckets
  const offset = coarser(buckets.offset, steps)
  const counts = new Array<number>(coarser(buckets.offset + buckets.counts.length - 1, steps) - offset + 1).fill(0)
  buckets.counts.forEach((count, index) => {
    const place = coarser(buckets.offset + index, steps) - offset
    counts[place] = (counts[place] as number) + count
  })
  return { offset, counts }
}

/** How many steps the scale must go down so that all runs of buckets fit together. */
const stepsToFit = (runs: ReadonlyArray<ExponentialBuckets>, maximumBuckets: number): number => {
  const filled = runs.filter(({ counts }) => counts.length > 0)
  const lowest = Math.min(...filled.map(({ offset }) => offset))
  const highest = Math.max(...filled.map(({ counts, offset }) => offset + counts.length - 1))
  let steps = 0
  while (filled.length > 0 && coarser(highest, steps) - coarser(lowest, steps) >= maximumBuckets) steps++
  return steps
}

const toScale = (value: ExponentialHistogramValue, scale: number): ExponentialHistogramValue => ({
  ...value,
  scale,
  positive: downscale(trim(value.positive), value.scale - scale),
  negative: downscale(trim(value.negative), value.scale - scale)
})

const upperBound = (index: number, scale: number): number => 2 ** ((index + 1) * 2 ** -scale)

/** The lowest threshold, from `threshold` on, that is not within a filled bucket. */
const thresholdBeside = (threshold: number, scale: number, { counts, offset }: ExponentialBuckets): number => {
  const cut = counts.findIndex((count, index) =>
    count > 0 && upperBound(offset + index - 1, scale) < threshold && threshold < upperBound(offset + index, scale)
  )
  return cut === -1 ? threshold : upperBound(offset + cut, scale)
}

const widenZero = (value: ExponentialHistogramValue, threshold: number): ExponentialHistogramValue => {
  if (value.zeroThreshold === threshold) return value
  let zeroCount = value.zeroCount
  const emptied = ({ counts, offset }: ExponentialBuckets): ExponentialBuckets =>
    trim({
      offset,
      counts: counts.map((count, index) => {
        if (upperBound(offset + index, value.scale) > threshold) return count
        zeroCount += count
        return 0
      })
    })
  return {
    ...value,
    positive: emptied(value.positive),
    negative: emptied(value.negative),
    zeroCount,
    zeroThreshold: threshold
  }
}

/** Brings both values to a shared scale and a shared zero bucket. */
const align = (
  left: ExponentialHistogramValue,
  right: ExponentialHistogramValue,
  maximumBuckets: number
): readonly [ExponentialHistogramValue, ExponentialHistogramValue] => {
  const shared = Math.min(left.scale, right.scale)
  const a = toScale(left, shared)
  const b = toScale(right, shared)
  const steps = Math.max(
    stepsToFit([a.positive, b.positive], maximumBuckets),
    stepsToFit([a.negative, b.negative], maximumBuckets)
  )
  const x = toScale(a, shared - steps)
  const y = toScale(b, shared - steps)
  if (x.zeroThreshold === y.zeroThreshold) return [x, y]
  let threshold = Math.max(x.zeroThreshold, y.zeroThreshold)
  for (let before = -1; before !== threshold;) {
    before = threshold
    for (const buckets of [x.positive, x.negative, y.positive, y.negative]) {
      threshold = thresholdBeside(threshold, x.scale, buckets)
    }
  }
  return [widenZero(x, threshold), widenZero(y, threshold)]
}

/** `left + sign * right`, bucket by bucket. */
const combine = (left: ExponentialBuckets, right: ExponentialBuckets, sign: 1 | -1): ExponentialBuckets => {
  const filled = [left, right].filter(({ counts }) => counts.length > 0)
  if (filled.length === 0) return none
  const offset = Math.min(...filled.map(({ offset }) => offset))
  const end = Math.max(...filled.map(({ counts, offset }) => offset + counts.length))
  const counts = new Array<number>(end - offset).fill(0)
  left.counts.forEach((count, index) => {
    counts[left.offset - offset + index] = count
  })
  right.counts.forEach((count, index) => {
    const place = right.offset - offset + index
    counts[place] = (counts[place] as number) + sign * count
  })
  return trim({ offset, counts })
}

const extreme = (
  choose: (...values: ReadonlyArray<number>) => number,
  left: number | undefined,
  right: number | undefined
): number | undefined => left === undefined ? right : right === undefined ? left : choose(left, right)

/** The number of buckets for the sum of these metrics: as many as the widest series has, and at least the default. */
export const widestSide = (metrics: Iterable<MetricData>): number => {
  let most = defaultMaximumBuckets
  for (const metric of metrics) {
    if (metric.type !== "exponentialHistogram") continue
    for (const { value: { negative, positive } } of metric.series) {
      most = Math.max(most, negative.counts.length, positive.counts.length)
    }
  }
  return most
}

/** Adds two values, in at most `maximumBuckets` buckets on each side of zero. */
export const add = (
  left: ExponentialHistogramValue,
  right: ExponentialHistogramValue,
  maximumBuckets: number
): ExponentialHistogramValue => {
  const [a, b] = align(left, right, maximumBuckets)
  return {
    scale: a.scale,
    zeroCount: a.zeroCount + b.zeroCount,
    zeroThreshold: a.zeroThreshold,
    positive: combine(a.positive, b.positive, 1),
    negative: combine(a.negative, b.negative, 1),
    count: a.count + b.count,
    sum: a.sum + b.sum,
    min: extreme(Math.min, a.min, b.min),
    max: extreme(Math.max, a.max, b.max)
  }
}

const liesWithin = (inner: ExponentialBuckets, outer: ExponentialBuckets): boolean =>
  inner.counts.length === 0 ||
  outer.offset <= inner.offset && inner.offset + inner.counts.length <= outer.offset + outer.counts.length

/** Gives the growth since `previous`; `undefined` if `current` cannot be a later value. */
export const subtract = (
  current: ExponentialHistogramValue,
  previous: ExponentialHistogramValue
): ExponentialHistogramValue | undefined => {
  if (current.count < previous.count) return undefined
  const [a, b] = align(current, previous, Infinity)
  if (!liesWithin(b.positive, a.positive) || !liesWithin(b.negative, a.negative)) return undefined
  const positive = combine(a.positive, b.positive, -1)
  const negative = combine(a.negative, b.negative, -1)
  const zeroCount = a.zeroCount - b.zeroCount
  const hasShrunk = [zeroCount, ...positive.counts, ...negative.counts].some((value) => value < 0)
  return hasShrunk ? undefined : {
    scale: a.scale,
    zeroCount,
    zeroThreshold: a.zeroThreshold,
    positive,
    negative,
    count: a.count - b.count,
    sum: a.sum === b.sum ? 0 : a.sum - b.sum,
    min: undefined,
    max: undefined
  }
}
