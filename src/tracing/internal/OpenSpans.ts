/**
 * The spans that have begun and not ended, so that none is lost with the process.
 */
import * as Data from "effect/Data"
import * as Exit from "effect/Exit"
import type * as Tracer from "effect/Tracer"
import { guard } from "../../internal/guard.ts"
import type { SpanProcessor } from "../TelemetryTracer.ts"

/** The process ended before the span did. */
class ProcessEnded extends Data.TaggedError("ProcessEnded")<{ readonly message: string }> {}

export interface OpenSpans {
  readonly processor: SpanProcessor
  /** Ends all open spans with an error, children before their parents. */
  readonly end: (why: string) => void
}

export const make = (): OpenSpans => {
  const open = new Map<string, Tracer.Span>()
  return {
    processor: {
      name: "open spans",
      spans: "recorded",
      onStart: (span) => void open.set(span.spanId, span),
      onEnd: (span) => void open.delete(span.spanId)
    },
    end: (why) => {
      const exit = Exit.die(new ProcessEnded({ message: why }))
      // A span takes its end from its own clock.
      for (const span of [...open.values()].reverse()) guard(() => span.end(0n, exit), () => {})
    }
  }
}
