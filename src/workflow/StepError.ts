/**
 * The two errors that tell whether and when a failed step may be retried.
 *
 * **When to use**
 *
 * Any error may fail a step, and the retry policy decides about it. Fail with
 * {@link PermanentError} if a retry cannot help. Fail with {@link RetryableError}
 * if the other side said how long to wait.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { durationOf } from "../config/internal/durationInput.ts"
import { orElse } from "../internal/guard.ts"
import type { DurationSuchAs } from "../internal/typeMessages.ts"
import * as RetryPolicy from "../RetryPolicy.ts"

/**
 * A failure that no retry can help: after this attempt the step is in `error` for good.
 *
 * **Example** (Refusing a card)
 *
 * ```ts
 * import * as Effect from "effect/Effect"
 * import { PermanentError } from "tasker-telemetry/workflow/StepError"
 *
 * const charge = (accepted: boolean) =>
 *   accepted
 *     ? Effect.succeed("receipt")
 *     : Effect.fail(new PermanentError({ message: "card refused", errorCode: "card_declined" }))
 * ```
 *
 * @category errors
 * @since 0.1.0
 */
export class PermanentError extends Schema.TaggedError<PermanentError>()("PermanentError", {
  message: Schema.String,
  /** A code of the program's own, such as `HTTP_404`. */
  errorCode: Schema.optionalKey(Schema.String),
  /** Further facts for a person who reads the failure. */
  context: Schema.optionalKey(Schema.Record(Schema.String, Schema.Unknown))
}) {}

/**
 * A failure that may pass. `retryAfter` replaces the policy's wait, and the policy's maximum bounds it.
 *
 * **Example** (A server that wants to be left alone)
 *
 * ```ts
 * import { RetryableError } from "tasker-telemetry/workflow/StepError"
 *
 * const busy = new RetryableError({ message: "too many requests", retryAfter: "30 seconds" })
 * ```
 *
 * @category errors
 * @since 0.1.0
 */
export class RetryableError extends Schema.TaggedError<RetryableError>()("RetryableError", {
  message: Schema.String,
  /** How long the other side asks to wait. */
  retryAfter: Schema.optionalKey(Schema.Duration),
  /** Further facts for a person who reads the failure. */
  context: Schema.optionalKey(Schema.Record(Schema.String, Schema.Unknown))
}) {
  /** Throws a `RangeError` if `retryAfter` is no duration. */
  // @effect-diagnostics-next-line overriddenSchemaConstructor:off -- a decoded error has a duration, which stays as it is
  constructor(
    given: {
      readonly message: string
      readonly retryAfter?: DurationSuchAs<"30 seconds"> | undefined
      readonly context?: Readonly<Record<string, unknown>>
    },
    options?: Schema.MakeOptions
  ) {
    const { retryAfter, ...rest } = given
    super(
      retryAfter === undefined ? rest : { ...rest, retryAfter: durationOf(retryAfter, "retryAfter", "30 seconds") },
      options
    )
  }
}

/** Status codes by which a server asks to wait. */
const backoffStatus = new Set([429, 503])

/** Status codes of answers that do not change when the request is repeated. */
const permanentStatus = new Set([400, 401, 403, 404, 422])

/**
 * Fails with the error that fits the status of an HTTP answer.
 *
 * **Details**
 *
 * 200 to 226 succeed. 429 and 503 are retryable and honour `Retry-After`. 400, 401, 403, 404 and 422 are permanent with
 * `errorCode` `HTTP_<status>`. All others are retryable.
 *
 * **Example** (Calling a service)
 *
 * ```ts
 * import * as Effect from "effect/Effect"
 * import type * as HttpClientResponse from "effect/http/HttpClientResponse"
 * import * as StepError from "tasker-telemetry/workflow/StepError"
 *
 * declare const call: Effect.Effect<HttpClientResponse.HttpClientResponse>
 * const checked = Effect.tap(call, (response) => StepError.fromHttpStatus(response.status, response.headers))
 * ```
 *
 * @param status status code of the answer
 * @param headers headers of the answer with lower-case names
 * @category conversions
 * @since 0.1.0
 */
export const fromHttpStatus = Effect.fnUntraced(function*(
  status: number,
  headers: Readonly<Record<string, string | undefined>> = {}
): Effect.fn.Return<void, PermanentError | RetryableError> {
  if (status >= 200 && status <= 226) return
  if (permanentStatus.has(status)) {
    return yield* new PermanentError({ message: `HTTP ${status}`, errorCode: `HTTP_${status}` })
  }
  const retryAfter = backoffStatus.has(status)
    ? yield* RetryPolicy.parseRetryAfter(headers["retry-after"])
    : undefined
  return yield* new RetryableError({ message: `HTTP ${status}`, retryAfter })
})

/**
 * What an error says about the retries of its step.
 *
 * @internal
 */
export interface Verdict {
  /** No further attempt may be made. */
  readonly permanent: boolean
  /** The wait that replaces the policy's wait. */
  readonly retryAfter: Duration.Duration | undefined
}

/**
 * Reads the {@link Verdict} from an error. Any other error, also an unreadable
 * one, may be retried and asks for no wait.
 *
 * @internal
 */
export const verdict = (error: unknown): Verdict =>
  orElse(() => ({
    permanent: error instanceof PermanentError,
    // Code without types may give any value.
    retryAfter: error instanceof RetryableError && Duration.isDuration(error.retryAfter) ? error.retryAfter : undefined
  }), () => ({ permanent: false, retryAfter: undefined }))
