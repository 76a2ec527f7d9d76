/**
 * A series found once, for hot paths: what recording needs is at hand without a
 * further look-up.
 *
 * @internal
 */
import type { Attributes } from "../../MetricInstrument.ts"
import type { InstrumentContext } from "./InstrumentContext.ts"
import type { Series } from "./Series.ts"

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

  /** A series has expired since: if it is this one, another takes its place. */
  protected revive(): void {
    if (!this.series.live) this.series = this.context.index.find(this.attributes)
    this.base = this.series.base
    this.generation = this.numbers.generation
  }
}
