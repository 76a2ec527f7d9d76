/**
 * What the instruments of every kind work on.
 *
 * @internal
 */
import type { ExemplarFilter } from "./SeriesExemplars.ts"
import type { SeriesIndex } from "./SeriesIndex.ts"
import type { SeriesNumbers } from "./SeriesNumbers.ts"

export interface InstrumentContext {
  readonly name: string
  /** The attribute keys of its series. */
  readonly keys: ReadonlyArray<string>
  readonly index: SeriesIndex
  readonly numbers: SeriesNumbers
  /** `undefined` where exemplars are off: recording then pays nothing for them. */
  readonly exemplars: ExemplarFilter | undefined
  /** Answers a measurement that makes no sense; may throw. */
  readonly misuse: (message: string) => void
}
