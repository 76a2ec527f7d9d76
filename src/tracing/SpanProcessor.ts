/**
 * What may be done with every span.
 *
 * @since 0.1.0
 */
import type * as Tracer from "effect/Tracer"
import type { SpanData } from "./SpanData.ts"

/**
 * A consumer of spans. It is called synchronously and must be quick; what it
 * throws is contained and counted.
 *
 * @category models
 * @since 0.1.0
 */
export interface SpanProcessor {
  readonly name: string
  /**
   * The spans that {@link SpanProcessor.onEnd} gets. `kept`, the default: spans of kept traces, once that is decided.
   * `recorded`: each sampled span when it ends, also if its run is dropped later. `all`: also spans of traces that the
   * sampler refused, which are recorded for this processor alone.
   */
  readonly spans?: "kept" | "recorded" | "all" | undefined
  /** Called when a recorded span starts; may give it attributes. */
  readonly onStart?: ((span: Tracer.Span) => void) | undefined
  readonly onEnd: (span: SpanData) => void
}
