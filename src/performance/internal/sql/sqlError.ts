/**
 * What a failed statement says about its error.
 */
import type * as Cause from "effect/Cause"
import * as Predicate from "effect/Predicate"
import { describeError, mainReason, valueOf } from "../../../internal/describeError.ts"
import { orElse } from "../../../internal/guard.ts"

export interface SqlFailure {
  /** The state that the database answered with, such as `23505`. */
  readonly statusCode: string | undefined
  /** The state, else the type of the error. */
  readonly errorType: string
}

/** `undefined` if the statement was interrupted. */
export const failureOf = (cause: Cause.Cause<unknown>): SqlFailure | undefined => {
  const reason = mainReason(cause)
  if (reason === undefined) return undefined
  const error = valueOf(reason)
  return orElse(() => {
    const sqlReason = Predicate.hasProperty(error, "reason") ? error.reason : undefined
    const tag = Predicate.hasProperty(sqlReason, "_tag") && typeof sqlReason._tag === "string"
      ? sqlReason._tag
      : undefined
    const source = Predicate.hasProperty(sqlReason, "cause") ? sqlReason.cause : undefined
    const code = Predicate.hasProperty(source, "code") ? source.code : undefined
    const statusCode = (typeof code === "string" && state.test(code)) || typeof code === "number"
      ? String(code)
      : undefined
    return { statusCode, errorType: statusCode ?? tag ?? describeError(error).type }
  }, () => ({ statusCode: undefined, errorType: "_OTHER" }))
}

/** States of databases and codes of drivers have few distinct values. */
const state = /^\w{1,40}$/
