/**
 * Converts exponential histograms into Prometheus' native histograms.
 *
 * OpenTelemetry's bucket `i` holds values in `(base^i, base^(i+1)]`. Prometheus' bucket `i` holds values in
 * `(base^(i-1), base^i]`. So the buckets are the same, with numbers that are one higher. Prometheus has the scales from
 * -4 to 8 and calls them schemas.
 *
 * @see https://prometheus.io/docs/specs/native_histograms/
 * @see https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/#exponential-histograms
 */
import type { ExponentialBuckets, ExponentialHistogramValue } from "../../MetricSnapshot.ts"

export interface NativeBuckets {
  /** Runs of buckets. The first run has its index, the others have their distance to the end of the run before. */
  readonly spans: ReadonlyArray<readonly [offset: number, length: number]>
  /** Count of each bucket minus the count of the bucket before it. */
  readonly deltas: ReadonlyArray<number>
}

export interface NativeHistogram {
  readonly schema: number
  readonly zeroThreshold: number
  readonly zeroCount: number
  /** Count of all buckets, including the zero bucket. */
  readonly count: number
  readonly positive: NativeBuckets
  readonly negative: NativeBuckets
}

const finestSchema = 8
const coarsestSchema = -4
/**
 * In protobuf, 0 looks like an absent threshold. An empty histogram without a threshold would look like a classic one.
 */
const smallestThreshold = 1e-128
/** A gap of up to so many empty buckets takes fewer bytes than a new span. */
const shortGap = 2

/**
 * Converts a histogram.
 *
 * If buckets are finer than any schema, they are merged. If they are coarser,
 * they keep their upper bounds, so counts up to a bound stay exact. The total is
 * the sum of all buckets, because Prometheus refuses the whole scrape if they
 * differ.
 */
export const make = (value: ExponentialHistogramValue): NativeHistogram => {
  const { negative, positive, scale, zeroCount, zeroThreshold } = value
  const schema = Math.max(coarsestSchema, Math.min(finestSchema, scale))
  return {
    schema,
    zeroThreshold: zeroThreshold > 0 ? zeroThreshold : smallestThreshold,
    zeroCount,
    count: zeroCount + total(positive) + total(negative),
    positive: buckets(positive, scale, schema),
    negative: buckets(negative, scale, schema)
  }
}

const total = ({ counts }: ExponentialBuckets): number => {
  let sum = 0
  for (const count of counts) sum += count
  return sum
}

/** Prometheus' number of an OpenTelemetry bucket. */
const indexOf = (bucket: number, scale: number, schema: number): number =>
  scale >= schema ? (bucket >> (scale - schema)) + 1 : (bucket + 1) << (schema - scale)

const buckets = ({ counts, offset }: ExponentialBuckets, scale: number, schema: number): NativeBuckets => {
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
  return { spans, deltas }
}
