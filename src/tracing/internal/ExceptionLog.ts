/**
 * Reports the exceptions of spans as log records, if `tracing.exceptions` asks for them.
 *
 * @see https://opentelemetry.io/docs/specs/semconv/exceptions/exceptions-logs/
 */
import type * as Cause from "effect/Cause"
import * as Option from "effect/Option"
import type * as Tracer from "effect/Tracer"
import { valueOf } from "../../internal/describeError.ts"
import type { ExceptionReport } from "../../internal/ExceptionReports.ts"
import * as ErrorRecord from "../../redaction/internal/ErrorRecord.ts"
import type { Redaction } from "../../redaction/Redaction.ts"

/** Errors of the spans below it that a span remembers, the newest ones. */
const mostRemembered = 100

/** Spans above a failed one that are told of its error. */
const mostAncestors = 100

const valuesOf = (cause: Cause.Cause<unknown>): ReadonlyArray<unknown> =>
  cause.reasons.flatMap((reason) => reason._tag === "Interrupt" ? [] : [valueOf(reason)])

export class ExceptionLog {
  readonly #report: (report: ExceptionReport) => boolean
  readonly #redaction: Redaction
  /** The errors that spans below a span have reported. */
  readonly #reported = new WeakMap<Tracer.AnySpan, Set<unknown>>()

  constructor(report: (report: ExceptionReport) => boolean, redaction: Redaction) {
    this.#report = report
    this.#redaction = redaction
  }

  /**
   * Reports why a span failed. An error that passes through several spans is reported by the innermost one. Says whether
   * the log has the error.
   */
  failed(span: Tracer.Span, cause: Cause.Cause<unknown>, error?: ErrorRecord.ErrorRecord): boolean {
    const values = valuesOf(cause)
    // An interruption is no exception.
    if (values.length === 0) return true
    const before = this.#reported.get(span)
    const isLogged = before !== undefined && values.every((value) => before.has(value)) ||
      this.#write(span, error ?? ErrorRecord.make(cause, this.#redaction))
    if (isLogged) this.#remember(span, values)
    return isLogged
  }

  #write(span: Tracer.Span, error: ErrorRecord.ErrorRecord): boolean {
    return this.#report({ span, message: ErrorRecord.headline(error), fields: ErrorRecord.toLogFields(error) })
  }

  /** A task's span fails with the error of a step, though the spans between them end well. So every span above is told. */
  #remember(span: Tracer.Span, values: ReadonlyArray<unknown>): void {
    let parent = Option.getOrUndefined(span.parent)
    for (let count = 0; parent?._tag === "Span" && count < mostAncestors; count++) {
      const known = this.#reported.get(parent) ?? new Set()
      this.#reported.set(parent, known)
      for (const value of values) known.add(value)
      for (const oldest of known) {
        if (known.size <= mostRemembered) break
        known.delete(oldest)
      }
      parent = Option.getOrUndefined(parent.parent)
    }
  }
}
