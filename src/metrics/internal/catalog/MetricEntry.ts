/**
 * An entry of the catalog: the declaration of a metric, and more facts for the
 * reference page.
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
  /** Base unit; a count has none. */
  readonly unit?: "seconds" | "bytes" | "ratio"
  readonly attributes: ReadonlyArray<string>
  /** Upper bounds of the buckets of a histogram. */
  readonly buckets?: ReadonlyArray<number>
  /** When the metric is recorded: the event, or the source that is read with the metrics. */
  readonly recorded: string
  /**
   * For an entry that repeats another one: the name of that metric, and the name that the entry has in the original.
   */
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

/** Steps of a batch. A batch has at most `execution.concurrency` steps, which is 12 by default. */
export const batchSizeBuckets: ReadonlyArray<number> = [1, 2, 3, 4, 6, 8, 12, 25, 50, 100, 1000]

/** Attempts of a step. Three are the default limit. */
export const attemptBuckets: ReadonlyArray<number> = [1, 2, 3, 4, 5, 10, 20, 50, 100]

/**
 * Pauses of the garbage collector, in seconds. A scavenge takes a millisecond, a full collection of a large heap a
 * second.
 */
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

/** New memory of an operation, in bytes: from a kibibyte to a gibibyte. */
export const memoryBuckets: ReadonlyArray<number> = [
  1024,
  16_384,
  131_072,
  1_048_576,
  10_485_760,
  52_428_800,
  104_857_600,
  262_144_000,
  524_288_000,
  1_073_741_824
]
