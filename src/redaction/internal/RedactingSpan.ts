/**
 * Marks spans that redact all that they are given, so that a caller with the same policy need not do it before.
 */
import type { Redaction } from "../Redaction.ts"

const mark = Symbol.for("tasker-telemetry/RedactingSpan")

/** A span with the mark. */
export interface RedactingSpan {
  /** The policy by which the span redacts. */
  readonly [mark]: Redaction
}

/** The key of the mark. */
export const key: typeof mark = mark

/** Whether a span redacts by this very policy. A span of another tracer does not redact. */
export const redactsBy = (span: object, redaction: Redaction): boolean =>
  (span as Partial<RedactingSpan>)[mark] === redaction
