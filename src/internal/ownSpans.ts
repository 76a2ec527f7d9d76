/**
 * Opens the spans of this package, without a stack trace and without an extra
 * reference in the context. If our tracing is off, it opens none.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { identity } from "effect/Function"
import * as Tracer from "effect/Tracer"

/** Whether this package opens spans. Spans of the program do not depend on it. */
export const SpansEnabled: Context.Reference<boolean> = Context.Reference<boolean>(
  "tasker-telemetry/internal/ownSpans/SpansEnabled",
  { defaultValue: () => true }
)

/**
 * Runs `use` inside a new span of the current fiber. If our tracing is off, `use` gets `undefined`.
 *
 * @param options makes the options of the span, only if there is one
 * @param provide adds more services to the context inside, at a lower cost than one effect for each of them
 */
export const withSpan = <A, E, R>(
  name: string,
  options: () => Tracer.SpanOptionsNoTrace,
  use: (span: Tracer.Span | undefined) => Effect.Effect<A, E, R>,
  provide: (context: Context.Context<R>) => Context.Context<R> = identity
): Effect.Effect<A, E, R> =>
  Effect.withFiber((fiber) => {
    if (fiber.getRef(SpansEnabled)) {
      return Effect.useSpan(
        name,
        options(),
        (span) => Effect.updateContext(use(span), (context) => provide(Context.add(context, Tracer.ParentSpan, span)))
      )
    }
    return provide === identity ? use(undefined) : Effect.updateContext(use(undefined), provide)
  })

/** Runs `use` inside a new span as {@link withSpan} does. The span goes on until `use`, or what it has started, ends it. */
export const openSpan = <A, E, R>(
  name: string,
  options: () => Tracer.SpanOptionsNoTrace,
  use: (span: Tracer.Span | undefined) => Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> =>
  Effect.withFiber((fiber) =>
    fiber.getRef(SpansEnabled)
      ? Effect.flatMap(
        Effect.makeSpan(name, options()),
        (span) => Effect.updateContext(use(span), (context) => Context.add(context, Tracer.ParentSpan, span))
      )
      : use(undefined)
  )
