/**
 * What may be done with every ended span.
 *
 * @since 0.1.0
 */
import type { SpanData } from "./SpanData.ts"

/**
 * A consumer of ended spans. It is called synchronously and must be quick; what
 * it throws is contained and counted.
 *
 * @category models
 * @since 0.1.0
 */
export interface SpanProcessor {
  readonly name: string
  readonly onEnd: (span: SpanData) => void
}
