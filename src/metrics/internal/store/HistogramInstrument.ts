/**
 * Histograms of both kinds, which differ in how a value is counted. Each can be
 * used as a timer.
 *
 * @internal
 */
import { type Attributes, type BoundHistogram, type Timer, trackWith } from "../../MetricInstrument.ts"
import type { Count } from "../aggregation/Aggregation.ts"
import { Handle } from "./BoundInstrument.ts"
import type { FamilyParts } from "./InstrumentContext.ts"

const refuse = (parts: FamilyParts, value: number) =>
  parts.misuse(`histogram "${parts.name}" observes numbers, got ${value}`)

export class HistogramFamily<Key extends string> implements Timer<Key> {
  readonly #parts: FamilyParts
  readonly #count: Count
  readonly track: Timer<Key>["track"] = trackWith(this)

  constructor(parts: FamilyParts, count: Count) {
    this.#parts = parts
    this.#count = count
  }

  observe(attributes: Attributes<Key>, value: number): void {
    // NaN alone is not equal to itself.
    if (value === value) {
      const { exemplars, index, storage } = this.#parts
      const series = index.find(attributes)
      // Read after the series is found: a new one may have moved all of them.
      const { values } = storage
      values[series.base] = 1
      const position = this.#count(values, series.base + 1, value)
      if (exemplars !== undefined) exemplars.offer(series, position, value)
    } else refuse(this.#parts, value)
  }

  bind(attributes: Attributes<Key>): BoundHistogram {
    return new HistogramHandle(this.#parts, attributes, this.#count)
  }
}

class HistogramHandle extends Handle implements BoundHistogram {
  readonly #count: Count

  constructor(parts: FamilyParts, attributes: Attributes<string>, count: Count) {
    super(parts, attributes)
    this.#count = count
  }

  observe(value: number): void {
    if (value === value) {
      const { storage } = this
      if (this.generation !== storage.generation) this.revive()
      const { values } = storage
      values[this.base] = 1
      const position = this.#count(values, this.base + 1, value)
      if (this.exemplars !== undefined) this.exemplars.offer(this.series, position, value)
    } else refuse(this.parts, value)
  }
}
