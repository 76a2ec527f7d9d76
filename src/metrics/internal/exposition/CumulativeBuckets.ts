/**
 * An exponential histogram as one with explicit buckets, for formats that know no other. Pure.
 *
 * @internal
 */
import type { ExponentialBuckets, ExponentialHistogramValue } from "../../MetricSnapshot.ts"

/** Buckets in the manner of Prometheus: each counts everything up to its bound. */
export interface CumulativeBuckets {
  /** Ascending, inclusive, finite. */
  readonly bounds: ReadonlyArray<number>
  /** Observations up to the bound of the same index. */
  readonly counts: ReadonlyArray<number>
}

/**
 * The buckets from the lowest to the highest that has observations, at the
 * resolution they were recorded with, and the bound below the lowest.
 *
 * **Details**
 *
 * Empty buckets in between are kept: a bound that comes and goes is a series that
 * comes and goes. Negative buckets are inclusive at their lower end and become
 * inclusive at their upper one, so an observation that equals a bound is counted
 * one bucket higher.
 */
export const make = (
  { negative, positive, scale, zeroCount, zeroThreshold }: ExponentialHistogramValue
): CumulativeBuckets => {
  const bounds: Array<number> = []
  const counts: Array<number> = []
  let total = 0
  const put = (bound: number, count: number): void => {
    total += count
    // Bounds beyond what a number can hold fall together; the observations are in the next one.
    if (!Number.isFinite(bound) || (bounds.length > 0 && bound <= (bounds.at(-1) as number))) return
    bounds.push(bound)
    counts.push(total)
  }
  // `2 ** -scale` is exact; the quotient would not be.
  const power = (index: number): number => 2 ** (index * 2 ** -scale)
  const [lowest, highest] = occupied(negative)
  for (let index = highest; index >= lowest; index--) {
    if (index === highest) put(-power(negative.offset + index + 1), 0)
    put(-power(negative.offset + index), negative.counts[index] ?? 0)
  }
  if (zeroCount > 0) {
    if (zeroThreshold > 0) put(-zeroThreshold, 0)
    put(zeroThreshold, zeroCount)
  }
  const [first, last] = occupied(positive)
  for (let index = first; index <= last; index++) {
    if (index === first) put(power(positive.offset + index), 0)
    put(power(positive.offset + index + 1), positive.counts[index] ?? 0)
  }
  return { bounds, counts }
}

/** The first and the last bucket with observations; an empty range without any. */
const occupied = ({ counts }: ExponentialBuckets): readonly [first: number, last: number] => {
  const first = counts.findIndex((count) => count > 0)
  return first === -1 ? [0, -1] : [first, counts.findLastIndex((count) => count > 0)]
}
