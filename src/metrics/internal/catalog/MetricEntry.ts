/**
 * What the catalog says of a metric: how it is declared, and what readers of the
 * reference page are told beside that.
 *
 * @since 0.1.0
 */

/**
 * An entry of the catalog of metrics.
 *
 * @category models
 * @since 0.1.0
 */
export interface MetricEntry {
  readonly type: "counter" | "upDownCounter" | "gauge" | "info" | "histogram"
  readonly name: string
  readonly help: string
  /** Base unit; none where it counts something. */
  readonly unit?: "seconds" | "bytes" | "ratio"
  readonly attributes: ReadonlyArray<string>
  /** Upper bounds of the buckets of a histogram. */
  readonly buckets?: ReadonlyArray<number>
  /** When it is recorded: the event, or what is asked when metrics are read. */
  readonly recorded: string
  /** What else says the same, and what the metric is called in the original, where it is kept for that. */
  readonly alias?: { readonly of: string; readonly original: string }
}

// --- Upper bounds of the buckets of histograms ---

export const durationBuckets: ReadonlyArray<number> = [
  0.005,
  0.01,
  0.025,
  0.05,
  0.1,
  0.25,
  0.5,
  1,
  2.5,
  5,
  10,
  30,
  60,
  300,
  3600
]

/** Steps of a batch. Batches are as wide as `execution.concurrency` at most, which is 12 by default. */
export const batchSizeBuckets: ReadonlyArray<number> = [1, 2, 3, 4, 6, 8, 12, 25, 50, 100, 1000]

/** Attempts of a step. Three are the default limit. */
export const attemptBuckets: ReadonlyArray<number> = [1, 2, 3, 4, 5, 10, 20, 50, 100]

/** Pauses of the garbage collector, in seconds: a scavenge takes a millisecond, a full collection of a large heap one. */
export const pauseBuckets: ReadonlyArray<number> = [
  0.0001,
  0.0005,
  0.001,
  0.0025,
  0.005,
  0.01,
  0.025,
  0.05,
  0.1,
  0.5,
  1
]
