/**
 * Gauges.
 *
 * @internal
 */
import type { Attributes, BoundGauge, Gauge } from "../../MetricInstrument.ts"
import { Handle } from "./BoundInstrument.ts"
import type { FamilyParts } from "./InstrumentContext.ts"

export const size = 1

export const read = (values: Float64Array, at: number): number => values[at] as number

const set = (values: Float64Array, base: number, value: number): void => {
  values[base] = 1
  values[base + 1] = value
}

const add = (values: Float64Array, base: number, amount: number): void =>
  set(values, base, (values[base + 1] as number) + amount)

export class GaugeFamily<Key extends string> implements Gauge<Key> {
  readonly #parts: FamilyParts

  constructor(parts: FamilyParts) {
    this.#parts = parts
  }

  set(attributes: Attributes<Key>, value: number): void {
    const { base } = this.#parts.index.find(attributes)
    set(this.#parts.storage.values, base, value)
  }

  add(attributes: Attributes<Key>, amount: number): void {
    const { base } = this.#parts.index.find(attributes)
    add(this.#parts.storage.values, base, amount)
  }

  bind(attributes: Attributes<Key>): BoundGauge {
    return new GaugeHandle(this.#parts, attributes)
  }
}

class GaugeHandle extends Handle implements BoundGauge {
  set(value: number): void {
    if (this.generation !== this.storage.generation) this.revive()
    set(this.storage.values, this.base, value)
  }

  add(amount: number): void {
    if (this.generation !== this.storage.generation) this.revive()
    add(this.storage.values, this.base, amount)
  }
}
