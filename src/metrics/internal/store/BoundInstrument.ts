/**
 * An instrument that is bound to one series, for hot paths: it records without a
 * look-up.
 *
 * @internal
 */
import type { Attributes } from "../../MetricInstrument.ts"
import type { Series } from "./Series.ts"
import type { ExemplarFilter } from "./SeriesExemplars.ts"
import type { SeriesIndex } from "./SeriesIndex.ts"
import type { SeriesNumbers } from "./SeriesNumbers.ts"

/** What the instruments of every kind record with. */
export interface InstrumentContext {
  readonly name: string
  /** The attribute keys of its series. */
  readonly keys: ReadonlyArray<string>
  readonly index: SeriesIndex
  readonly numbers: SeriesNumbers
  /** `undefined` if exemplars are off, so that recording pays nothing for them. */
  readonly exemplars: ExemplarFilter | undefined
  /** Called with a sentence for a measurement that makes no sense; may throw. */
  readonly misuse: (message: string) => void
}

export abstract class BoundInstrument {
  protected readonly context: InstrumentContext
  protected readonly numbers: InstrumentContext["numbers"]
  protected readonly exemplars: InstrumentContext["exemplars"]
  protected readonly attributes: Attributes<string>
  protected series: Series
  /** Place of the series in the storage. */
  protected base: number
  /** Generation of the storage in which the series was last known to be live. */
  protected generation: number

  constructor(context: InstrumentContext, attributes: Attributes<string>) {
    this.context = context
    this.numbers = context.numbers
    this.exemplars = context.exemplars
    // The caller may go on to change its object. Read key by key, as when recording: values may be inherited.
    this.attributes = Object.fromEntries(context.keys.map((key) => [key, attributes[key] ?? ""]))
    this.series = context.index.find(this.attributes)
    this.base = this.series.base
    this.generation = this.numbers.generation
  }

  /** Finds the series again after a series has expired, in case it was this one. */
  protected revive(): void {
    if (!this.series.live) this.series = this.context.index.find(this.attributes)
    this.base = this.series.base
    this.generation = this.numbers.generation
  }
}
