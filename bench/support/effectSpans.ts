/** Spans as a program with Effect opens them; the tracer of the context decides who records them. */
import * as Effect from "effect/Effect"
import * as Tracer from "effect/Tracer"
import type { Library } from "./spanLoad.ts"

export const library: Library<void> = {
  within: (name, attributes, _parent, inner) =>
    Effect.useSpan(
      name,
      { attributes },
      (span) => Effect.provideService(inner(), Tracer.ParentSpan, span)
    )
}
