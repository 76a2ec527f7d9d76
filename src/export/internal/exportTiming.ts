/**
 * Decides when metrics are exported that expire. Pure.
 *
 * **Details**
 *
 * The latest start of an export is its expiry, less a margin for safety, less the longest time of an export. An export that
 * starts then needs no work before, and its metrics are as new as possible. If it is too late for that, the metrics are kept
 * for longer, and exported at once.
 */

/** All times are in milliseconds. */
export interface Limits {
  /** How long metrics last. */
  readonly windowMillis: number
  /** Time between the end of the longest export and the expiry. */
  readonly marginMillis: number
  /** Longest time of an export. */
  readonly timeoutMillis: number
}

/**
 * When an export starts, and why then.
 *
 * @category models
 * @since 0.1.0
 */
export interface Timing {
  /** In milliseconds since the epoch. */
  readonly exportMillis: number
  /**
   * `optimal_timing`: as late as it may be. `immediate_with_ttl_extension`: it was too late, so the metrics are kept for
   * longer. `retry_with_ttl_extension`: the export before has failed.
   */
  readonly reason: "optimal_timing" | "immediate_with_ttl_extension" | "retry_with_ttl_extension"
  /** How much longer the metrics are kept, in milliseconds; 0 if they need not. */
  readonly extensionMillis: number
}

const firstRetryMillis = 30_000
const longestRetryMillis = 600_000

/** Failed exports after which the next one waits for its optimal time again. */
export const mostRetries = 3

const latestStartOf = (expiryMillis: number, { marginMillis, timeoutMillis }: Limits): number =>
  expiryMillis - marginMillis - timeoutMillis

/** Decides about metrics that expire at a time. */
export const plan = (nowMillis: number, expiryMillis: number, limits: Limits): Timing => {
  const latestStart = latestStartOf(expiryMillis, limits)
  return latestStart > nowMillis
    ? { exportMillis: latestStart, reason: "optimal_timing", extensionMillis: 0 }
    : {
      exportMillis: nowMillis,
      reason: "immediate_with_ttl_extension",
      extensionMillis: nowMillis - latestStart + limits.marginMillis
    }
}

/**
 * Decides when the time of a plan has come. A start that uses up the margin is too late. The delay of a timer is not.
 */
export const start = (nowMillis: number, expiryMillis: number, limits: Limits): Timing =>
  nowMillis + limits.timeoutMillis <= expiryMillis
    ? { exportMillis: nowMillis, reason: "optimal_timing", extensionMillis: 0 }
    : plan(nowMillis, expiryMillis, limits)

/** Decides after exports that have failed one after the other. */
export const retry = (nowMillis: number, expiryMillis: number, failures: number, limits: Limits): Timing => {
  const delay = Math.min(firstRetryMillis * 2 ** (failures - 1), longestRetryMillis)
  const exportMillis = nowMillis + delay
  return {
    exportMillis,
    reason: "retry_with_ttl_extension",
    extensionMillis: Math.max(0, exportMillis - latestStartOf(expiryMillis, limits))
  }
}

/** Gives what is wrong with the limits: every export would be too late. */
export const problemOf = (limits: Limits): string | undefined =>
  limits.marginMillis + limits.timeoutMillis < limits.windowMillis
    ? undefined
    : `beforeExpiry needs metrics that last longer than export.safetyMargin and export.timeout together, which are ` +
      `${limits.marginMillis} ms and ${limits.timeoutMillis} ms; the metrics last ${limits.windowMillis} ms`
