/**
 * How long an operation took, in a word.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"

/**
 * How long something took, in words.
 *
 * @category models
 * @since 0.1.0
 */
export type PerformanceCategory = "fast" | "moderate" | "slow" | "very_slow"

const fastBelow = 100
const moderateBelow = 1000
const slowBelow = 5000

/**
 * The category of a duration: below 0.1 s `fast`, below 1 s `moderate`, below
 * 5 s `slow`, else `very_slow`.
 *
 * @category computations
 * @since 0.1.0
 */
export const performanceCategory = (duration: Duration.Duration): PerformanceCategory => {
  const millis = Duration.toMillis(duration)
  return millis < fastBelow ? "fast" : millis < moderateBelow ? "moderate" : millis < slowBelow ? "slow" : "very_slow"
}
