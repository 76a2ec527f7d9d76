/**
 * Histograms in the form that Effect's own metrics have: cumulative counts per
 * upper bound, without `+Inf`, and extremes.
 *
 * **Details**
 *
 * Effect's exporters compare readings by the position of a bucket, so a histogram
 * has the same bounds in every reading.
 *
 * @internal
 */
import type { HistogramState } from "effect/Metric"
import type { ExponentialBuckets, ExponentialHistogramValue, HistogramValue } from "../../MetricSnapshot.ts"

export const ofExplicit = (bounds: ReadonlyArray<number>, value: HistogramValue): HistogramState => ({
  buckets: cumulative(bounds, value.counts),
  count: value.count,
  ...extremes(bounds, value),
  sum: value.sum
})

/** The powers of four from about 10^-9, a nanosecond in seconds, to 10^12, a terabyte in bytes. */
const lowestPower = -15
const highestPower = 20
export const exponentialBounds: ReadonlyArray<number> = Array.from(
  { length: highestPower - lowestPower + 1 },
  (_, index) => 4 ** (lowestPower + index)
)

/**
 * In the buckets of {@link exponentialBounds}. What is not positive counts in the
 * first, and what is above the last one only in all together.
 */
export const ofExponential = (value: ExponentialHistogramValue): HistogramState => {
  const { count, max = 0, min = 0, negative, positive, scale, sum, zeroCount } = value
  const counts = new Array<number>(exponentialBounds.length).fill(0)
  counts[0] = zeroCount + negative.counts.reduce((total, one) => total + one, 0)
  positive.counts.forEach((one, index) => {
    const place = Math.max(upperPower(positive, index, scale) - lowestPower, 0)
    if (place < counts.length) counts[place] = (counts[place] as number) + one
  })
  return { buckets: cumulative(exponentialBounds, counts), count, min, max, sum }
}

/**
 * The lowest power of four that a bucket does not exceed. The buckets of every
 * scale from -1 on lie wholly between two of them, so that a count stays where it
 * is when the scale goes down; it takes values 10^96 apart to bring 160 buckets lower.
 */
const upperPower = ({ offset }: ExponentialBuckets, index: number, scale: number): number =>
  Math.ceil((offset + index + 1) / 2 ** (scale + 1))

const cumulative = (bounds: ReadonlyArray<number>, counts: ReadonlyArray<number>): Array<[number, number]> => {
  let total = 0
  return bounds.map((bound, index): [number, number] => [bound, total += counts[index] ?? 0])
}

/**
 * The series keeps no extremes, and Effect's exporters take no histogram without
 * them. The ends of the outermost buckets with a value cannot contradict it; where
 * these are open, the sum has a say.
 */
const extremes = (
  bounds: ReadonlyArray<number>,
  { count, counts, sum }: HistogramValue
): Pick<HistogramState, "min" | "max"> => {
  if (count === 0) return { min: 0, max: 0 }
  // Infinity cannot be written by every exporter.
  const finiteSum = Number.isFinite(sum) ? sum : 0
  const below = bounds[counts.findIndex((one) => one > 0) - 1]
  return {
    min: below === undefined ? Math.min(0, bounds[0] as number, finiteSum / count) : nextAfter(below),
    max: bounds[counts.findLastIndex((one) => one > 0)] ?? aboveAll(bounds, counts, finiteSum)
  }
}

/** The average of the values above all bounds, if the others are as large as they can be: no maximum is less. */
const aboveAll = (bounds: ReadonlyArray<number>, counts: ReadonlyArray<number>, sum: number): number => {
  const rest = bounds.reduce((left, bound, index) => left - bound * (counts[index] as number), sum)
  return Math.max(rest / (counts[bounds.length] as number), nextAfter(bounds.at(-1) as number))
}

/** A bound belongs to the bucket below it. */
const nextAfter = (bound: number): number => bound + Math.max(Math.abs(bound) * Number.EPSILON, Number.MIN_VALUE)
