/**
 * Describes why an export failed. Pure.
 */
import * as Cause from "effect/Cause"
import { describeCause, mainReason, valueOf } from "../../internal/describeError.ts"
import type * as Redaction from "../../redaction/Redaction.ts"
import * as ExportError from "../ExportError.ts"
import { TargetError } from "../ExportTarget.ts"

/** What is news about a failure. */
export interface Failure {
  readonly errorType: string
  readonly errorMessage: string
  /** Whether the log has a warning already. */
  readonly isReported: boolean
  /** Whether another instance has exported to the target in the meantime. */
  readonly isSuperseded: boolean
}

/** Describes the end of an export. */
export const describe = (cause: Cause.Cause<ExportError.ExportError>): Failure => {
  const error = cause.reasons.find(Cause.isFailReason)?.error
  if (error === undefined) {
    const { message, type } = describeCause(cause)
    return { errorType: type, errorMessage: message, isReported: false, isSuperseded: false }
  }
  const { message, reason } = error
  return {
    errorType: reason._tag === "TargetFailed" ? reason.errorType : reason._tag,
    errorMessage: message,
    isReported: reason._tag === "TargetFailed" && reason.isReported,
    isSuperseded: reason._tag === "LeaseLost"
  }
}

/** Describes what a target failed with, which is code of others. */
export const ofTarget = (
  target: string,
  cause: Cause.Cause<unknown>,
  redaction: Redaction.Redaction
): ExportError.ExportError => {
  const { message, type } = describeCause(cause)
  const problem = redaction.text(message)
  const main = mainReason(cause)
  const error = main === undefined ? undefined : valueOf(main)
  const known = error instanceof TargetError ? error : undefined
  return new ExportError.ExportError({
    reason: known?.isSuperseded === true
      ? new ExportError.LeaseLost({ target, problem })
      : new ExportError.TargetFailed({
        target,
        errorType: known?.errorType ?? type,
        problem,
        isReported: known?.isReported === true
      })
  })
}
