/**
 * How long a sender waits after failed attempts. Pure.
 */
import * as Duration from "effect/Duration"
import type { TelemetryConfig } from "../config/TelemetryConfig.ts"

export type Retry = TelemetryConfig["delivery"]["retry"]

/**
 * Gives the pause after a failed attempt in milliseconds.
 *
 * **Details**
 *
 * The pause is `initialInterval × multiplier ^ (failures - 1)`, at most `maximumInterval`, moved up or down by at most
 * `jitter` of itself. A `Retry-After` of the receiver takes the place of the pause; moving it would ask too early. It is
 * bounded by the longer of `maximumElapsed` and `maximumInterval`.
 *
 * @param failures attempts that have failed one after the other, from 1
 * @param random a number from 0 up to, not including, 1; 0.5 means no jitter
 */
export const pauseMillis = (
  retry: Retry,
  failures: number,
  random: number,
  retryAfter: Duration.Duration | undefined
): number => {
  if (retryAfter !== undefined) {
    return Duration.toMillis(Duration.min(retryAfter, Duration.max(retry.maximumElapsed, retry.maximumInterval)))
  }
  const grown = Duration.toMillis(retry.initialInterval) * retry.multiplier ** (failures - 1)
  const pause = Math.min(grown, Duration.toMillis(retry.maximumInterval))
  return pause * (1 + retry.jitter * (2 * random - 1))
}
