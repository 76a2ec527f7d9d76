/**
 * The distribution of measured values. Every number of it is one of the values,
 * or computed from all of them.
 */

export interface Distribution {
  readonly count: number
  readonly sum: number
  readonly mean: number
  readonly p50: number
  readonly p95: number
  readonly p99: number
  readonly maximum: number
}

/** Gives all zeros for no values. */
export const distributionOf = (values: ReadonlyArray<number>): Distribution => {
  // The sort of a typed array needs no calls to compare.
  const sorted = Float64Array.from(values).sort()
  const sum = sorted.reduce((total, value) => total + value, 0)
  return {
    count: sorted.length,
    sum,
    mean: sorted.length === 0 ? 0 : sum / sorted.length,
    p50: quantileOf(sorted, 0.5),
    p95: quantileOf(sorted, 0.95),
    p99: quantileOf(sorted, 0.99),
    maximum: sorted.at(-1) ?? 0
  }
}

/** The smallest value that at least the given share of the sorted values does not exceed; 0 for no values. */
export const quantileOf = (sorted: ArrayLike<number>, share: number): number =>
  sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0
