/**
 * Exponential histograms in the terms of Prometheus' native histograms.
 *
 * OpenTelemetry's bucket `i` holds values in `(base^i, base^(i+1)]`, Prometheus'
 * bucket `i` holds values in `(base^(i-1), base^i]`: the same buckets, numbered
 * one higher. Prometheus knows the scales from -4 to 8 and calls them schemas.
 *
 * @see https://prometheus.io/docs/specs/native_histograms/
 * @see https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/#exponential-histograms
 * @internal
 */
import type { ExponentialBuckets, ExponentialHistogramValue } from "./MetricSnapshot.ts"

export interface NativeBuckets {
  /** Runs of buckets: the first with its index, the others with their distance to the end of the one before. */
  readonly spans: ReadonlyArray<readonly [offset: number, length: number]>
  /** Count of each bucket minus the count of the bucket before it. */
  readonly deltas: ReadonlyArray<number>
}

export interface NativeHistogram {
  readonly schema: number
  readonly zeroThreshold: number
  readonly zeroCount: number
  /** The counts of all buckets, the zero bucket included, as Prometheus checks it. */
  readonly count: number
  readonly positive: NativeBuckets
  readonly negative: NativeBuckets
}

const finestSchema = 8
const coarsestSchema = -4
/** A threshold of 0 is not told from none at all, and one without counts would pass for a classic histogram. */
const smallestThreshold = 1e-128
/** A gap of up to so many empty buckets is shorter than a new span. */
const shortGap = 2

/**
 * The same histogram, native.
 *
 * Buckets finer than Prometheus knows are merged. Buckets coarser than it knows
 * keep their upper bounds, so that what lies below each of them stays exact.
 * Infinite observations, which have no bucket, go into the bucket above the
 * largest number. Where the counts contradict each other the buckets are right:
 * one sample that Prometheus refuses would lose the whole scrape.
 */
export const make = (value: ExponentialHistogramValue): NativeHistogram => {
  const schema = Math.max(coarsestSchema, Math.min(finestSchema, value.scale))
  const bucketed = value.zeroCount + total(value.positive) + total(value.negative)
  const unplaced = Math.max(0, value.count - bucketed)
  const positive = value.sum === Infinity ? unplaced : 0
  const negative = value.sum === -Infinity ? unplaced : 0
  return {
    schema,
    zeroThreshold: value.zeroThreshold > 0 ? value.zeroThreshold : smallestThreshold,
    zeroCount: value.zeroCount,
    count: bucketed + (Number.isFinite(value.sum) ? 0 : unplaced),
    positive: buckets(value.positive, value.scale, schema, positive),
    negative: buckets(value.negative, value.scale, schema, negative)
  }
}

const total = ({ counts }: ExponentialBuckets): number => {
  let sum = 0
  for (const count of counts) sum += count
  return sum
}

/** Prometheus' number of a bucket of OpenTelemetry. */
const indexOf = (bucket: number, scale: number, schema: number): number =>
  scale >= schema ? (bucket >> (scale - schema)) + 1 : (bucket + 1) << (schema - scale)

/** The first bucket that starts above all numbers. */
const overflowIndex = (schema: number): number => (schema < 0 ? 1024 >> -schema : 1024 << schema) + 1

const buckets = (
  { counts, offset }: ExponentialBuckets,
  scale: number,
  schema: number,
  infinite: number
): NativeBuckets => {
  const spans: Array<[offset: number, length: number]> = []
  const deltas: Array<number> = []
  let next = 0
  let before = 0

  const append = (index: number, count: number): void => {
    const span = spans[spans.length - 1]
    if (span === undefined || index - next > shortGap) spans.push([index - next, 1])
    else {
      for (let gap = next; gap < index; gap++) {
        deltas.push(0 - before)
        before = 0
      }
      span[1] += index - next + 1
    }
    deltas.push(count - before)
    before = count
    next = index + 1
  }

  let merged = 0
  let mergedIndex = 0
  for (let bucket = 0; bucket < counts.length; bucket++) {
    const count = counts[bucket] as number
    if (count === 0) continue
    const index = indexOf(offset + bucket, scale, schema)
    if (index !== mergedIndex && merged > 0) {
      append(mergedIndex, merged)
      merged = 0
    }
    mergedIndex = index
    merged += count
  }
  if (merged > 0) append(mergedIndex, merged)
  if (infinite > 0) append(overflowIndex(schema), infinite)
  return { spans, deltas }
}
