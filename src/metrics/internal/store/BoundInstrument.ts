/**
 * A series found once, for hot paths: what recording needs is at hand without a
 * further look-up.
 *
 * @internal
 */
import type { Attributes } from "../../MetricInstrument.ts"
import type { FamilyParts } from "./InstrumentContext.ts"
import type { Series } from "./Series.ts"

export abstract class Handle {
  protected readonly parts: FamilyParts
  protected readonly storage: FamilyParts["storage"]
  protected readonly exemplars: FamilyParts["exemplars"]
  protected readonly attributes: Attributes<string>
  protected series: Series
  /** Place of the series in the storage. */
  protected base: number
  /** Generation of the storage in which the series was last known to be live. */
  protected generation: number

  constructor(parts: FamilyParts, attributes: Attributes<string>) {
    this.parts = parts
    this.storage = parts.storage
    this.exemplars = parts.exemplars
    // The caller may go on to change its object. Read key by key, as when recording: values may be inherited.
    this.attributes = Object.fromEntries(parts.keys.map((key) => [key, attributes[key] ?? ""]))
    this.series = parts.index.find(this.attributes)
    this.base = this.series.base
    this.generation = this.storage.generation
  }

  /** A series has expired since: if it is this one, another takes its place. */
  protected revive(): void {
    if (!this.series.live) this.series = this.parts.index.find(this.attributes)
    this.base = this.series.base
    this.generation = this.storage.generation
  }
}
