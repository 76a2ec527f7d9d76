/**
 * Types that the compiler shows in its messages, so that a message names the
 * mistake and shows a right value.
 */
import type * as Duration from "effect/Duration"

/**
 * A duration as options take it: exactly `Duration.Input`. For a wrong value, the compiler says that it "is not
 * assignable to type 'DurationSuchAs<"10 seconds">'". The members are listed one by one. The compiler would show a
 * union of `Duration.Input` and the example as `Input`.
 */
export type DurationSuchAs<Example extends Duration.Input> =
  | Duration.Duration
  | number
  | bigint
  | readonly [seconds: number, nanos: number]
  | `${number} ${Duration.Unit}`
  | "Infinity"
  | "-Infinity"
  | Duration.DurationObject
  | Example

/** The type of an option that a user may expect and that does not exist. No value has this type. */
export interface Mistake<Message extends string> {
  readonly "~tasker-telemetry/Mistake": Message
}
