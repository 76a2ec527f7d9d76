/** Spans as a program with OpenTelemetry's SDK opens them by hand, of either version. */
import * as Effect from "effect/Effect"
import type { Attributes, Library } from "./spanLoad.ts"

/** The part of OpenTelemetry's interface that is needed. */
export interface Otel<Span extends { readonly end: () => void }, Context> {
  readonly tracer: {
    readonly startSpan: (name: string, options: { readonly attributes?: Attributes }, context: Context) => Span
  }
  readonly root: Context
  readonly setSpan: (context: Context, span: Span) => Context
}

export const library = <Span extends { readonly end: () => void }, Context>(
  { root, setSpan, tracer }: Otel<Span, Context>
): Library<Context> => ({
  within: (name, attributes, parent, inner) =>
    Effect.suspend(() => {
      const context = parent ?? root
      const span = tracer.startSpan(name, attributes === undefined ? {} : { attributes }, context)
      return Effect.andThen(inner(setSpan(context, span)), Effect.sync(() => span.end()))
    })
})

/** What of a batch is exported has to be all of it. */
export const queue = { maxQueueSize: 100_000, maxExportBatchSize: 512 }

/** An exporter that takes all spans at once, and counts them. */
export const counting = () => {
  let count = 0
  return {
    count: () => count,
    exporter: {
      export: (spans: ReadonlyArray<unknown>, done: (result: { code: number }) => void) => {
        count += spans.length
        done({ code: 0 })
      },
      shutdown: () => Promise.resolve(),
      forceFlush: () => Promise.resolve()
    }
  }
}
