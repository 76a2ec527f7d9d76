/**
 * Upper bounds of the buckets of the histograms of the catalog.
 *
 * @internal
 */

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
