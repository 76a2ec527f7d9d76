/**
 * Counters and up-down counters.
 *
 * @internal
 */
import type { Attributes, BoundCounter, BoundUpDownCounter, Counter, UpDownCounter } from "../../MetricInstrument.ts"
import * as CompensatedSum from "../aggregation/CompensatedSum.ts"
import { Handle } from "./BoundInstrument.ts"
import type { FamilyParts } from "./InstrumentContext.ts"
import type { Series } from "./Series.ts"

export const size = CompensatedSum.size

export const read = CompensatedSum.read

const record = ({ exemplars, storage: { values } }: FamilyParts, series: Series, amount: number): void => {
  const { base } = series
  values[base] = 1
  CompensatedSum.add(values, base + 1, amount)
  if (exemplars !== undefined) exemplars.offer(series, 0, amount)
}

const refuseDecrease = (parts: FamilyParts, amount: number) =>
  parts.misuse(`counter "${parts.name}" can only be increased, got ${amount}`)

const refuseAmount = (parts: FamilyParts, amount: number) =>
  parts.misuse(`up-down counter "${parts.name}" is moved by finite amounts, got ${amount}`)

export class CounterFamily<Key extends string> implements Counter<Key> {
  readonly #parts: FamilyParts
  readonly #find: FamilyParts["index"]["find"]
  readonly #storage: FamilyParts["storage"]
  readonly #exemplars: FamilyParts["exemplars"]

  constructor(parts: FamilyParts) {
    this.#parts = parts
    this.#find = parts.index.find
    this.#storage = parts.storage
    this.#exemplars = parts.exemplars
  }

  inc(attributes: Attributes<Key>, amount: number = 1): void {
    if (amount >= 0 && amount < Infinity) {
      const find = this.#find
      const series = find(attributes)
      const { values } = this.#storage
      const { base } = series
      values[base] = 1
      CompensatedSum.add(values, base + 1, amount)
      if (this.#exemplars !== undefined) this.#exemplars.offer(series, 0, amount)
    } else refuseDecrease(this.#parts, amount)
  }

  bind(attributes: Attributes<Key>): BoundCounter {
    return new CounterHandle(this.#parts, attributes)
  }
}

class CounterHandle extends Handle implements BoundCounter {
  inc(amount: number = 1): void {
    if (amount >= 0 && amount < Infinity) {
      const { storage } = this
      if (this.generation !== storage.generation) this.revive()
      const { values } = storage
      values[this.base] = 1
      CompensatedSum.add(values, this.base + 1, amount)
      if (this.exemplars !== undefined) this.exemplars.offer(this.series, 0, amount)
    } else refuseDecrease(this.parts, amount)
  }
}

export class UpDownCounterFamily<Key extends string> implements UpDownCounter<Key> {
  readonly #parts: FamilyParts

  constructor(parts: FamilyParts) {
    this.#parts = parts
  }

  add(attributes: Attributes<Key>, amount: number): void {
    if (Number.isFinite(amount)) record(this.#parts, this.#parts.index.find(attributes), amount)
    else refuseAmount(this.#parts, amount)
  }

  bind(attributes: Attributes<Key>): BoundUpDownCounter {
    return new UpDownCounterHandle(this.#parts, attributes)
  }
}

class UpDownCounterHandle extends Handle implements BoundUpDownCounter {
  add(amount: number): void {
    if (Number.isFinite(amount)) {
      const { storage } = this
      if (this.generation !== storage.generation) this.revive()
      const { values } = storage
      values[this.base] = 1
      CompensatedSum.add(values, this.base + 1, amount)
      if (this.exemplars !== undefined) this.exemplars.offer(this.series, 0, amount)
    } else refuseAmount(this.parts, amount)
  }
}
