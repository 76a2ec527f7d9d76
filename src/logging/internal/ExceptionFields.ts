/**
 * What a line says about a cause: its first failure with the errors behind it, and all of its reasons if it has several.
 *
 * @see https://opentelemetry.io/docs/specs/semconv/registry/attributes/exception/
 * @since 0.1.0
 */
import type * as Cause from "effect/Cause"
import * as ErrorRecord from "../../redaction/internal/ErrorRecord.ts"
import type { Redaction } from "../../redaction/Redaction.ts"

/**
 * Makes the fields of a cause, bounded and redacted.
 *
 * **Details**
 *
 * - `error.type` and `exception.type`: the tag or class of the error. Effect's `UnknownError` and errors without a text
 *   are looked through to the error behind them.
 * - `exception.message`, `exception.stacktrace`, and `exception.kind`: `failure`, `defect` or `interruption`.
 * - `exception.<name>` for each own field of the error, such as `exception.code`; `exception.fields.<name>` if the name
 *   is one of the others here.
 * - `exception.causes`: type, message and `fields` of at most 10 errors behind it, the root as the last.
 * - `exception.reasons`: the same of all reasons of a cause that has several, at most 10.
 *
 * @param cause the cause of a failure
 * @param redaction the policy that decides what of the error may leave
 * @category constructors
 * @since 0.1.0
 */
export const make = (cause: Cause.Cause<unknown>, redaction: Redaction): Record<string, unknown> =>
  ofRecord(ErrorRecord.make(cause, redaction))

/**
 * The fields of a failure that has been described.
 *
 * @internal
 */
export const ofRecord = (record: ErrorRecord.ErrorRecord): Record<string, unknown> => ({
  "error.type": record.type,
  "exception.kind": record.kind ?? "failure",
  ...ErrorRecord.toFields(record)
})
