/**
 * Marks spans that redact all that they are given, so that a caller need not do it before.
 */

const mark = Symbol.for("tasker-telemetry/RedactingSpan")

/** A span with the mark. */
export interface RedactingSpan {
  readonly [mark]: true
}

/** The key of the mark. */
export const key: typeof mark = mark

/** Whether a span has the mark. A span of another tracer has not. */
export const is = (span: object): boolean => (span as Partial<RedactingSpan>)[mark] === true
