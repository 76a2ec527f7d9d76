/**
 * Why a store that instances share cannot be used.
 */
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { describeCause, mainReason, valueOf } from "../../../internal/describeError.ts"
import * as Redaction from "../../../redaction/Redaction.ts"
import { TimedOut, withinTime } from "../withinTime.ts"

export interface StoreFailure {
  /** `unreachable`: there is no connection, or the store is not ready; `timeout`: no answer came in time; `refused`: the store answered an error. */
  readonly reason: "unreachable" | "timeout" | "refused"
  readonly message: string
}

/** Asks a store, which may hang, and describes what it fails with. */
export const answered = <A, R>(
  question: Effect.Effect<A, unknown, R>,
  limit: Duration.Duration
): Effect.Effect<A, StoreFailure, R> =>
  Effect.catchCause(withinTime(question, limit), (cause) => {
    if (Cause.hasInterruptsOnly(cause)) return Effect.interrupt
    return Effect.flatMap(Redaction.Current, (redaction) => {
      const main = mainReason(cause)
      const error = main === undefined ? undefined : valueOf(main)
      const failure: StoreFailure = error instanceof TimedOut
        ? { reason: "timeout", message: `the store did not answer within ${Duration.format(limit)}` }
        : { reason: reasonOf(error), message: redaction.text(describeCause(cause).message) }
      return Effect.fail(failure)
    })
  })

/** What Redis answers while it starts, fails over or is busy. It is of use again by itself. */
const passing = /^(?:LOADING|BUSY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|READONLY|UNKILLABLE) /

/** Reads the errors of Effect's clients, which tell SQL by tags. Redis begins its own errors with a word in capitals. */
const reasonOf = (error: unknown): StoreFailure["reason"] => {
  const tag = tagOf(field(error, "reason"))
  if (tag === "ConnectionError") return "unreachable"
  if (tag === "LockTimeoutError" || tag === "StatementTimeoutError") return "timeout"
  if (tag !== undefined) return "refused"
  const message = field(field(error, "cause"), "message")
  return typeof message === "string" && /^[A-Z]{2,} /.test(message) && !passing.test(message)
    ? "refused"
    : "unreachable"
}

const tagOf = (value: unknown): string | undefined => {
  const tag = field(value, "_tag")
  return typeof tag === "string" ? tag : undefined
}

const field = (value: unknown, name: string): unknown =>
  typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>)[name] : undefined
