/**
 * Counters and up-down counters.
 *
 * @internal
 */
import type { Attributes, BoundCounter, BoundUpDownCounter, Counter, UpDownCounter } from "../../MetricInstrument.ts"
import * as CompensatedSum from "../aggregation/CompensatedSum.ts"
import { BoundInstrument } from "./BoundInstrument.ts"
import type { InstrumentContext } from "./BoundInstrument.ts"
import type { Series } from "./Series.ts"

const record = ({ exemplars, numbers: { values } }: InstrumentContext, series: Series, amount: number): void => {
  const { base } = series
  values[base] = 1
  CompensatedSum.add(values, base + 1, amount)
  if (exemplars !== undefined) exemplars.offer(series, 0, amount)
}

const refuseDecrease = (context: InstrumentContext, amount: number) =>
  context.misuse(`counter "${context.name}" can only be increased, got ${amount}`)

const refuseAmount = (context: InstrumentContext, amount: number) =>
  context.misuse(`up-down counter "${context.name}" is moved by finite amounts, got ${amount}`)

export class CounterInstrument<Key extends string> implements Counter<Key> {
  readonly #context: InstrumentContext
  readonly #find: InstrumentContext["index"]["find"]
  readonly #numbers: InstrumentContext["numbers"]
  readonly #exemplars: InstrumentContext["exemplars"]

  constructor(context: InstrumentContext) {
    this.#context = context
    this.#find = context.index.find
    this.#numbers = context.numbers
    this.#exemplars = context.exemplars
  }

  inc(attributes: Attributes<Key>, amount: number = 1): void {
    if (amount >= 0 && amount < Infinity) {
      const find = this.#find
      const series = find(attributes)
      const { values } = this.#numbers
      const { base } = series
      values[base] = 1
      CompensatedSum.add(values, base + 1, amount)
      if (this.#exemplars !== undefined) this.#exemplars.offer(series, 0, amount)
    } else refuseDecrease(this.#context, amount)
  }

  bind(attributes: Attributes<Key>): BoundCounter {
    return new BoundCounterInstrument(this.#context, attributes)
  }
}

class BoundCounterInstrument extends BoundInstrument implements BoundCounter {
  inc(amount: number = 1): void {
    if (amount >= 0 && amount < Infinity) {
      const { numbers } = this
      if (this.generation !== numbers.generation) this.revive()
      const { values } = numbers
      values[this.base] = 1
      CompensatedSum.add(values, this.base + 1, amount)
      if (this.exemplars !== undefined) this.exemplars.offer(this.series, 0, amount)
    } else refuseDecrease(this.context, amount)
  }
}

export class UpDownCounterInstrument<Key extends string> implements UpDownCounter<Key> {
  readonly #context: InstrumentContext

  constructor(context: InstrumentContext) {
    this.#context = context
  }

  add(attributes: Attributes<Key>, amount: number): void {
    if (Number.isFinite(amount)) record(this.#context, this.#context.index.find(attributes), amount)
    else refuseAmount(this.#context, amount)
  }

  bind(attributes: Attributes<Key>): BoundUpDownCounter {
    return new BoundUpDownCounterInstrument(this.#context, attributes)
  }
}

class BoundUpDownCounterInstrument extends BoundInstrument implements BoundUpDownCounter {
  add(amount: number): void {
    if (Number.isFinite(amount)) {
      const { numbers } = this
      if (this.generation !== numbers.generation) this.revive()
      const { values } = numbers
      values[this.base] = 1
      CompensatedSum.add(values, this.base + 1, amount)
      if (this.exemplars !== undefined) this.exemplars.offer(this.series, 0, amount)
    } else refuseAmount(this.context, amount)
  }
}
