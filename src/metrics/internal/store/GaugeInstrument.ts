/**
 * Gauges.
 *
 * @internal
 */
import type { Attributes, BoundGauge, Gauge } from "../../MetricInstrument.ts"
import { BoundInstrument } from "./BoundInstrument.ts"
import type { InstrumentContext } from "./BoundInstrument.ts"

const set = (values: Float64Array, base: number, value: number): void => {
  values[base] = 1
  values[base + 1] = value
}

const add = (values: Float64Array, base: number, amount: number): void =>
  set(values, base, (values[base + 1] as number) + amount)

export class GaugeInstrument<Key extends string> implements Gauge<Key> {
  readonly #context: InstrumentContext

  constructor(context: InstrumentContext) {
    this.#context = context
  }

  set(attributes: Attributes<Key>, value: number): void {
    const { base } = this.#context.index.find(attributes)
    set(this.#context.numbers.values, base, value)
  }

  add(attributes: Attributes<Key>, amount: number): void {
    const { base } = this.#context.index.find(attributes)
    add(this.#context.numbers.values, base, amount)
  }

  bind(attributes: Attributes<Key>): BoundGauge {
    return new BoundGaugeInstrument(this.#context, attributes)
  }
}

class BoundGaugeInstrument extends BoundInstrument implements BoundGauge {
  set(value: number): void {
    if (this.generation !== this.numbers.generation) this.revive()
    set(this.numbers.values, this.base, value)
  }

  add(amount: number): void {
    if (this.generation !== this.numbers.generation) this.revive()
    add(this.numbers.values, this.base, amount)
  }
}
