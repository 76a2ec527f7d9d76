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

/** Errors of its children that a span remembers. */
const mostRemembered = 100

const valuesOf = (cause: Cause.Cause<unknown>): ReadonlyArray<unknown> =>
  cause.reasons.flatMap((reason) => reason._tag === "Interrupt" ? [] : [valueOf(reason)])

export class ExceptionLog {
  readonly #report: (report: ExceptionReport) => boolean
  readonly #redaction: Redaction
  /** The errors that children of a span have reported. */
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
    if (isLogged) this.#remember(Option.getOrUndefined(span.parent), values)
    return isLogged
  }

  #write(span: Tracer.Span, error: ErrorRecord.ErrorRecord): boolean {
    return this.#report({ span, message: ErrorRecord.headline(error), fields: ErrorRecord.toLogFields(error) })
  }

  #remember(parent: Tracer.AnySpan | undefined, values: ReadonlyArray<unknown>): void {
    if (parent?._tag !== "Span") return
    const known = this.#reported.get(parent) ?? new Set()
    this.#reported.set(parent, known)
    for (const value of values) if (known.size < mostRemembered) known.add(value)
  }
}
