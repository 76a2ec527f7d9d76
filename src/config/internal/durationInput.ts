/**
 * Durations as options of the package take them: `"10 seconds"`, a number of milliseconds, or any other form of
 * Effect's `Duration.Input`.
 */
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import { orElse } from "../../internal/guard.ts"
import { quoteValue } from "../../redaction/internal/quoteValue.ts"

/** Gives the duration of a value from code without types; `undefined` if the value is no duration. */
export const toDuration = (given: unknown): Duration.Duration | undefined =>
  orElse(() => Option.getOrUndefined(Duration.fromInput(given as Duration.Input)), () => undefined)

/**
 * Gives the duration, or throws a `RangeError` that shows the value and an
 * example of a duration.
 *
 * @param option the option, with what it belongs to: `timeout of the primary`
 */
export const durationOf = (given: Duration.Input, option: string, example: Duration.Input): Duration.Duration => {
  const duration = toDuration(given)
  if (duration !== undefined) return duration
  throw new RangeError(`expected a duration such as ${quoteValue(example)} at ${option}, got ${quoteValue(given)}`)
}
