/**
 * Gauges.
 *
 * @internal
 */
import type { FamilyParts } from "./FamilyParts.ts"
import type { Attributes, BoundGauge, Gauge } from "./MetricFamily.ts"
import type { Series } from "./Series.ts"

export const stride = 1

export const read = (values: Float64Array, base: number): number => values[base] as number

const set = ({ storage }: FamilyParts, series: Series, value: number): void => {
  storage.values[series.base] = value
  series.touched = true
}

const add = (parts: FamilyParts, series: Series, amount: number): void =>
  set(parts, series, (parts.storage.values[series.base] as number) + amount)

export class GaugeFamily<Key extends string> implements Gauge<Key> {
  readonly #parts: FamilyParts

  constructor(parts: FamilyParts) {
    this.#parts = parts
  }

  set(attributes: Attributes<Key>, value: number): void {
    set(this.#parts, this.#parts.index.find(attributes), value)
  }

  add(attributes: Attributes<Key>, amount: number): void {
    add(this.#parts, this.#parts.index.find(attributes), amount)
  }

  bind(attributes: Attributes<Key>): BoundGauge {
    return new GaugeHandle(this.#parts, attributes)
  }
}

class GaugeHandle implements BoundGauge {
  readonly #parts: FamilyParts
  readonly #attributes: Attributes<string>
  #series: Series

  constructor(parts: FamilyParts, attributes: Attributes<string>) {
    this.#parts = parts
    this.#attributes = { ...attributes }
    this.#series = parts.index.find(this.#attributes)
  }

  set(value: number): void {
    if (!this.#series.live) this.#series = this.#parts.index.find(this.#attributes)
    set(this.#parts, this.#series, value)
  }

  add(amount: number): void {
    if (!this.#series.live) this.#series = this.#parts.index.find(this.#attributes)
    add(this.#parts, this.#series, amount)
  }
}
