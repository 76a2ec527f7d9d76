/**
 * Converts an exponential histogram into explicit buckets, for formats without exponential ones. Pure.
 */
import type { ExponentialBuckets, ExponentialHistogramValue } from "../../MetricSnapshot.ts"

/** Buckets as in Prometheus: each one counts everything up to its bound. */
export interface CumulativeBuckets {
  /** Ascending, inclusive, finite. */
  readonly bounds: ReadonlyArray<number>
  /** For each bound, the number of observations up to it. */
  readonly counts: ReadonlyArray<number>
}

/**
 * Gives the buckets from the lowest to the highest filled one, with the same
 * resolution, and the bound below the lowest one.
 *
 * **Details**
 *
 * Empty buckets in between are kept, because a bound that comes and goes is a
 * series that comes and goes. A negative bucket includes its lower end, and
 * Prometheus includes the upper end. So an observation that equals a bound is
 * counted one bucket higher.
 */
export const make = (
  { negative, positive, scale, zeroCount, zeroThreshold }: ExponentialHistogramValue
): CumulativeBuckets => {
  const bounds: Array<number> = []
  const counts: Array<number> = []
  let total = 0
  const put = (bound: number, count: number): void => {
    total += count
    // Bounds beyond the range of numbers are equal. Their observations are in the next bucket.
    if (!Number.isFinite(bound) || (bounds.length > 0 && bound <= (bounds.at(-1) as number))) return
    bounds.push(bound)
    counts.push(total)
  }
  // `2 ** -scale` is exact, and a quotient would not be.
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

/** The first and the last filled bucket, or an empty range if there is none. */
const occupied = ({ counts }: ExponentialBuckets): readonly [first: number, last: number] => {
  const first = counts.findIndex((count) => count > 0)
  return first === -1 ? [0, -1] : [first, counts.findLastIndex((count) => count > 0)]
}
