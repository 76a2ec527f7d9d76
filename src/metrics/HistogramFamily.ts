/**
 * Histograms of both kinds, which differ in how a value is counted. Each can be
 * used as a timer.
 *
 * @internal
 */
import type { FamilyParts } from "./FamilyParts.ts"
import { type Attributes, type BoundHistogram, type Timer, trackWith } from "./MetricFamily.ts"
import type { Series } from "./Series.ts"

/** Counts a value into the numbers that begin at `base` and gives the position of its exemplar. */
export type Count = (values: Float64Array, base: number, value: number) => number

interface HistogramParts extends FamilyParts {
  readonly count: Count
}

const record = (parts: HistogramParts, series: Series, value: number): void => {
  const position = parts.count(parts.storage.values, series.base, value)
  series.touched = true
  if (parts.exemplars !== undefined) parts.exemplars.offer(series, position, value)
}

const refuse = (parts: FamilyParts, value: number) =>
  parts.misuse(`histogram "${parts.name}" observes numbers, got ${value}`)

export class HistogramFamily<Key extends string> implements Timer<Key> {
  readonly #parts: HistogramParts
  readonly track: Timer<Key>["track"] = trackWith(this)

  constructor(parts: HistogramParts) {
    this.#parts = parts
  }

  observe(attributes: Attributes<Key>, value: number): void {
    // NaN alone is not equal to itself.
    if (value === value) record(this.#parts, this.#parts.index.find(attributes), value)
    else refuse(this.#parts, value)
  }

  bind(attributes: Attributes<Key>): BoundHistogram {
    return new HistogramHandle(this.#parts, attributes)
  }
}

class HistogramHandle implements BoundHistogram {
  readonly #parts: HistogramParts
  readonly #attributes: Attributes<string>
  #series: Series

  constructor(parts: HistogramParts, attributes: Attributes<string>) {
    this.#parts = parts
    this.#attributes = { ...attributes }
    this.#series = parts.index.find(this.#attributes)
  }

  observe(value: number): void {
    if (!this.#series.live) this.#series = this.#parts.index.find(this.#attributes)
    if (value === value) record(this.#parts, this.#series, value)
    else refuse(this.#parts, value)
  }
}
