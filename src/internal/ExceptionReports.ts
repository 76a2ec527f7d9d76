/**
 * Brings the exceptions of spans from the tracer to the log. Neither knows the other.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type * as Tracer from "effect/Tracer"

/** A span that failed. */
export interface ExceptionReport {
  readonly span: Tracer.Span
  readonly message: string
  /** Redacted fields of a log line: `error.type`, `exception.…`. */
  readonly fields: Readonly<Record<string, unknown>>
}

export interface Registry {
  /** Adds a log until the scope closes. It says whether it takes a report. */
  readonly register: (take: (report: ExceptionReport) => boolean) => Effect.Effect<void, never, Scope.Scope>
  /** Gives a report to every log. Says whether one took it. */
  readonly report: (report: ExceptionReport) => boolean
}

const make = (): Registry => {
  const logs = new Set<(report: ExceptionReport) => boolean>()
  return {
    register: (take) =>
      Effect.asVoid(Effect.acquireRelease(
        Effect.sync(() => logs.add(take)),
        () => Effect.sync(() => logs.delete(take))
      )),
    report: (report) => {
      let isTaken = false
      for (const take of logs) isTaken = take(report) || isTaken
      return isTaken
    }
  }
}

/** The way of one telemetry layer; nothing takes a report outside of one. */
export const ExceptionReports: Context.Reference<Registry> = Context.Reference<Registry>(
  "tasker-telemetry/internal/ExceptionReports",
  { defaultValue: () => ({ register: () => Effect.void, report: () => false }) }
)

export const layer: Layer.Layer<never> = Layer.sync(ExceptionReports, make)
