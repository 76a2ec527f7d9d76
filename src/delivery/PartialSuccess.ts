/**
 * What a receiver says about items that it did not take of a request that it accepted.
 *
 * @see https://opentelemetry.io/docs/specs/otlp/#partial-success-1
 */
import * as Effect from "effect/Effect"
import type { HttpClientResponse } from "effect/http/HttpClientResponse"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"

/** `rejected` items that must not be sent again; none where the message is a mere remark. */
export interface PartialSuccess {
  readonly rejected: number
  readonly message: string
}

/** Largest body in bytes that is looked at. */
const maximumBytes = 65_536

/** 64-bit integers are texts in the JSON of protobuf; some receivers write numbers. */
const Count = Schema.Union([Schema.Natural, Schema.String.check(Schema.isPattern(/^\d{1,19}$/))])

const Body = Schema.fromJsonString(Schema.Struct({
  partialSuccess: Schema.Struct({
    rejectedSpans: Schema.optional(Schema.NullOr(Count)),
    rejectedDataPoints: Schema.optional(Schema.NullOr(Count)),
    errorMessage: Schema.optional(Schema.NullOr(Schema.String))
  })
}))

const decode = Schema.decodeUnknownOption(Body)

const fields = { spans: "rejectedSpans", metrics: "rejectedDataPoints" } as const

/** Reads it from the body of an answer; `undefined` if everything was taken, as without a body that can be read. */
export const read = (
  response: HttpClientResponse,
  signal: keyof typeof fields
): Effect.Effect<PartialSuccess | undefined> =>
  // A body that goes on and on is not JSON any more where it is cut.
  Stream.limitBytes(response.stream, maximumBytes, () => Stream.empty).pipe(
    Stream.decodeText,
    Stream.mkString,
    Effect.map((body) => {
      const partial = Option.getOrUndefined(decode(body))?.partialSuccess
      const rejected = Number(partial?.[fields[signal]] ?? 0)
      const message = partial?.errorMessage ?? ""
      return rejected > 0 || message !== "" ? { rejected, message } : undefined
    }),
    Effect.catchCause(() => Effect.undefined)
  )
