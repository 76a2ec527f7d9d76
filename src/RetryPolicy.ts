/**
 * Whether a failed step is tried again, and how long it waits before.
 *
 * The computation is pure. Its only randomness is the jitter, which the caller
 * passes in as a number.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Headers from "effect/http/Headers"
import * as Random from "effect/Random"
import * as Result from "effect/Result"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import { durationOf, toDuration } from "./config/internal/durationInput.ts"
import type { DurationSuchAs, Mistake } from "./internal/typeMessages.ts"
import { quoteValue } from "./redaction/internal/quoteValue.ts"

const wait = Schema.Duration.check(
  Schema.makeFilter((duration) => Duration.isFinite(duration) && !Duration.isNegative(duration))
)

/**
 * The schema of a policy: attempts, the table of waits, and their bounds.
 *
 * @category schemas
 * @since 0.1.0
 */
export const RetryPolicy = Schema.Struct({
  /** Number of all attempts, the first one included; 1 means no retry. */
  maximumAttempts: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1000 })),
  /** The waits after the first, second, … failed attempt. */
  delays: Schema.Array(wait).check(Schema.isMinLength(1)),
  /** Beyond the table the wait is `attempt ^ multiplier` seconds. */
  multiplier: Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 10 })),
  /** Longest wait, also for a server's `Retry-After`. */
  maximum: wait,
  /** Largest share, 0 to 1, by which the jitter makes a wait longer or shorter. */
  jitter: Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1 }))
})

/**
 * A complete retry policy.
 *
 * @category models
 * @since 0.1.0
 */
export type RetryPolicy = typeof RetryPolicy.Type

/**
 * The part of a policy that a step sets. The configuration gives the other
 * values.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** Number of all attempts, the first one included; 1 means no retry. */
  readonly maximumAttempts?: number | undefined
  /** No option: the option is `maximumAttempts`. */
  readonly maxAttempts?: Mistake<"write maximumAttempts"> | undefined
  /** The waits after the first, second, … failed attempt. */
  readonly delays?: ReadonlyArray<DurationSuchAs<"1 second">> | undefined
  /** Beyond the table the wait is `attempt ^ multiplier` seconds. */
  readonly multiplier?: number | undefined
  /** Longest wait, also for a server's `Retry-After`. */
  readonly maximum?: DurationSuchAs<"5 minutes"> | undefined
  /** Largest share, 0 to 1, by which the jitter makes a wait longer or shorter. */
  readonly jitter?: number | undefined
}

/**
 * The default policy: 3 attempts, 1, 2, 4, 8, 16, 32 s, then attempt², at most
 * 300 s, ±10 %.
 *
 * @category constants
 * @since 0.1.0
 */
export const defaults: RetryPolicy = {
  maximumAttempts: 3,
  delays: [1, 2, 4, 8, 16, 32].map(Duration.seconds),
  multiplier: 2,
  maximum: Duration.seconds(300),
  jitter: 0.1
}

/**
 * Completes options with a base policy.
 *
 * **Details**
 *
 * If the result is not a valid policy, it fails with the rule in words, such as `expected a whole number between 1 and
 * 1000 at retry.maximumAttempts, got 0`.
 *
 * **Example** (Retrying twice)
 *
 * ```ts
 * import * as Result from "effect/Result"
 * import * as RetryPolicy from "tasker-telemetry/RetryPolicy"
 *
 * const policy = Result.getOrThrow(RetryPolicy.complete({ maximumAttempts: 3, delays: ["100 millis", "500 millis"] }))
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const complete = (options: Options, base: RetryPolicy = defaults): Result.Result<RetryPolicy, string> => {
  const policy: Readonly<Record<keyof RetryPolicy, unknown>> = {
    maximumAttempts: options.maximumAttempts ?? base.maximumAttempts,
    delays: options.delays === undefined ? base.delays : durationsOf(options.delays),
    multiplier: options.multiplier ?? base.multiplier,
    maximum: options.maximum === undefined ? base.maximum : toDuration(options.maximum),
    jitter: options.jitter ?? base.jitter
  }
  const broken = rules.find(({ field, isValid }) => !isValid(policy[field]))
  return broken === undefined
    ? Result.succeed(policy as RetryPolicy)
    : Result.fail(`expected ${broken.expected} at retry.${broken.field}, got ${quoteValue(options[broken.field])}`)
}

/** Code without types may give any value. */
const durationsOf = (given: unknown): unknown => Array.isArray(given) ? given.map(toDuration) : given

const rule = <K extends keyof RetryPolicy>(field: K, expected: string) => ({
  field,
  expected,
  isValid: Schema.is(RetryPolicy.fields[field]) as (value: unknown) => boolean
})

const rules = [
  rule("maximumAttempts", "a whole number between 1 and 1000"),
  rule("delays", "a list of durations such as \"1 second\", finite and not negative, at least one,"),
  rule("multiplier", "a number between 0 and 10"),
  rule("maximum", "a duration such as \"5 minutes\", finite and not negative,"),
  rule("jitter", "a number between 0 and 1")
]

/**
 * The wait after a failed attempt.
 *
 * **Details**
 *
 * The wait is `delays[attempt - 1]`, and beyond the table `floor(attempt ^ multiplier)` seconds. The jitter changes it
 * by at most the share `jitter`. It is never above `maximum`. A `retryAfter` replaces this computation; only `maximum`
 * bounds it. A shorter wait would ask the server too early.
 *
 * @param policy the policy of the step
 * @param attempt number of the attempt that failed, counted from 1
 * @param random a number from 0 to below 1 that decides the jitter; 0.5 means none
 * @param retryAfter what the other side asked for
 * @category computations
 * @since 0.1.0
 */
export const delay = (
  policy: RetryPolicy,
  attempt: number,
  random: number,
  retryAfter?: DurationSuchAs<"30 seconds"> | undefined
): Duration.Duration => {
  if (retryAfter !== undefined) {
    return Duration.clamp(durationOf(retryAfter, "retryAfter", "30 seconds"), {
      minimum: Duration.zero,
      maximum: policy.maximum
    })
  }
  const base = policy.delays[attempt - 1] ?? Duration.seconds(Math.floor(Math.pow(attempt, policy.multiplier)))
  const moved = Duration.toMillis(Duration.min(base, policy.maximum)) * (1 + policy.jitter * (2 * random - 1))
  return Duration.min(Duration.millis(moved), policy.maximum)
}

/**
 * {@link delay} with the jitter drawn from Effect's `Random`.
 *
 * @category computations
 * @since 0.1.0
 */
export const nextDelay = (
  policy: RetryPolicy,
  attempt: number,
  retryAfter?: DurationSuchAs<"30 seconds"> | undefined
): Effect.Effect<Duration.Duration> => Effect.map(Random.next, (random) => delay(policy, attempt, random, retryAfter))

/**
 * The policy as a `Schedule`, for effects that are not steps.
 *
 * **Example** (Retrying a request like a step)
 *
 * ```ts
 * import * as Effect from "effect/Effect"
 * import * as RetryPolicy from "tasker-telemetry/RetryPolicy"
 *
 * declare const request: Effect.Effect<string, Error>
 * const retried = Effect.retry(request, RetryPolicy.toSchedule(RetryPolicy.defaults))
 * ```
 *
 * @category conversions
 * @since 0.1.0
 */
export const toSchedule = (policy: RetryPolicy): Schedule.Schedule<number> =>
  Schedule.forever.pipe(
    Schedule.modifyDelay((metadata) => nextDelay(policy, metadata.attempt)),
    Schedule.upTo({ times: policy.maximumAttempts - 1 })
  )

/**
 * Reads a `Retry-After` header: seconds, or an HTTP date.
 *
 * **Details**
 *
 * A date in the past gives zero. A blank or unreadable header gives
 * `undefined`, and the policy's own wait applies.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
 * @category computations
 * @since 0.1.0
 */
export const parseRetryAfter = (header: string | undefined): Effect.Effect<Duration.Duration | undefined> =>
  Effect.map(Clock.currentTimeMillis, (now) => {
    const parsed = Headers.parseRetryAfter(header ?? "")
    return Result.isSuccess(parsed) ? Headers.retryAfterDelay(parsed.success, now) : undefined
  })
