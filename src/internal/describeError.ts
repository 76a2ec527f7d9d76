/**
 * What a failure is called in events, spans and log lines.
 *
 * @internal
 */
import * as Cause from "effect/Cause"
import { orElse } from "./contain.ts"
import { cut } from "./cut.ts"

export interface ErrorDescription {
  /** Class of the failure, low in cardinality: a tag, a class name or `_OTHER`. */
  readonly type: string
  /** Its message, at most {@link longestMessage} characters. */
  readonly message: string
}

const longestMessage = 1024

/** Describes the first failure of a cause; defects come after failures, interruptions last. */
export const describeCause = (cause: Cause.Cause<unknown>): ErrorDescription => {
  const reason = cause.reasons.find(Cause.isFailReason) ?? cause.reasons.find(Cause.isDieReason)
  if (reason === undefined) return { type: "interrupted", message: "interrupted" }
  return describeError(reason._tag === "Fail" ? reason.error : reason.defect)
}

/** Describes a thrown or failed value, whatever it is. */
export const describeError = (error: unknown): ErrorDescription =>
  orElse(() => describe(error), () => ({ type: "_OTHER", message: "an error that cannot be described" }))

const describe = (error: unknown): ErrorDescription => {
  if (typeof error !== "object" || error === null) {
    return { type: typeof error === "string" ? "string" : typeOf(error), message: clip(String(error)) }
  }
  const reason = "reason" in error && typeof error.reason === "object" && error.reason !== null ? error.reason : error
  const tagged = "_tag" in reason && typeof reason._tag === "string" ? reason._tag : undefined
  const name = "name" in error && typeof error.name === "string" && error.name !== "" ? error.name : undefined
  const message = "message" in error && typeof error.message === "string" ? error.message : ""
  const inner = "message" in reason && typeof reason.message === "string" && reason.message !== ""
    ? reason.message
    : firstOf(error)
  const constructed: unknown = error.constructor?.name
  const type = tagged ?? name ?? (typeof constructed === "string" ? constructed : "_OTHER")
  return { type: clip(type), message: clip(message === "" ? inner === "" ? type : inner : message) }
}

/** What several errors in one say: Node gives one of these, without a message, where no address can be reached. */
const firstOf = (error: object): string =>
  orElse(() => {
    const first: unknown = error instanceof AggregateError ? error.errors[0] : undefined
    return first === undefined || first instanceof AggregateError ? "" : describeError(first).message
  }, () => "")

const typeOf = (value: unknown) => value === null ? "null" : typeof value

const clip = (text: string) => text.length > longestMessage ? `${cut(text, longestMessage)}…` : text
