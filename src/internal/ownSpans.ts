/**
 * Opens the spans of this package, without a stack trace and without an extra
 * reference in the context. If our tracing is off, it opens none.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Tracer from "effect/Tracer"

/** Whether this package opens spans. Spans of the program do not depend on it. */
export const SpansEnabled: Context.Reference<boolean> = Context.Reference<boolean>(
  "tasker-telemetry/internal/ownSpans/SpansEnabled",
  { defaultValue: () => true }
)

const provideParent = (effect: Effect.Effect<unknown, unknown, unknown>, span: Tracer.Span) =>
  Effect.provideService(effect, Tracer.ParentSpan, span)

/** Runs `use` inside a new span of the current fiber. If our tracing is off, `use` gets `undefined`. */
export const withSpan = <A, E, R>(
  name: string,
  options: Tracer.SpanOptionsNoTrace,
  use: (span: Tracer.Span | undefined) => Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> =>
  Effect.withFiber((fiber) =>
    fiber.getRef(SpansEnabled)
      ? Effect.useSpan(name, options, (span) => provideParent(use(span), span) as Effect.Effect<A, E, R>)
      : use(undefined)
  )
