/**
 * What a line says about a cause: the first reason in full, and all of them
 * apart where there are several.
 *
 * @see https://opentelemetry.io/docs/specs/semconv/registry/attributes/exception/
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import { orElse } from "../internal/contain.ts"
import { cut } from "../internal/cut.ts"
import { describeCause, describeError } from "../internal/describeError.ts"

/** Characters of a stack trace. */
const longestStack = 8192
/** Reasons of one cause, and errors behind an error, that are listed. */
const mostListed = 10

const kinds = { Fail: "failure", Die: "defect", Interrupt: "interruption" } as const

/**
 * The fields of a cause: `error.type`, `exception.type`, `exception.message`,
 * `exception.stacktrace`, `exception.kind` (`failure`, `defect` or
 * `interruption`); `exception.reasons` where there are several, and
 * `exception.causes` for the errors behind the first.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (cause: Cause.Cause<unknown>): Record<string, unknown> => {
  const main = describeCause(cause)
  const first = cause.reasons.find(Cause.isFailReason) ?? cause.reasons.find(Cause.isDieReason) ?? cause.reasons[0]
  const fields: Record<string, unknown> = {
    "error.type": main.type,
    "exception.type": main.type,
    "exception.message": main.message,
    "exception.kind": first === undefined ? "interruption" : kinds[first._tag],
    "exception.stacktrace": cut(orElse(() => Cause.pretty(cause), () => ""), longestStack)
  }
  if (cause.reasons.length > 1) {
    fields["exception.reasons"] = cause.reasons.slice(0, mostListed).map((reason) => ({
      kind: kinds[reason._tag],
      ...(reason._tag === "Interrupt" ? {} : describeError(reason._tag === "Fail" ? reason.error : reason.defect))
    }))
  }
  const behind = first === undefined || first._tag === "Interrupt"
    ? []
    : chain(first._tag === "Fail" ? first.error : first.defect)
  if (behind.length > 0) fields["exception.causes"] = behind
  return fields
}

const chain = (error: unknown): ReadonlyArray<{ readonly type: string; readonly message: string }> => {
  const seen = new Set<unknown>([error])
  for (const current of seen) {
    for (const behind of [...partsOf(current), causeOf(current)]) if (behind !== undefined) seen.add(behind)
    if (seen.size > mostListed) break
  }
  return [...seen].slice(1, mostListed + 1).map(describeError)
}

/** The errors that are one together. */
const partsOf = (error: unknown): ReadonlyArray<unknown> =>
  orElse(() => error instanceof AggregateError ? error.errors.slice(0, mostListed) : [], () => [])

const causeOf = (error: unknown): unknown =>
  orElse(
    () => typeof error === "object" && error !== null && "cause" in error ? error.cause ?? undefined : undefined,
    () => undefined
  )
