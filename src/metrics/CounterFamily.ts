/**
 * Counters and up-down counters.
 *
 * @internal
 */
import * as CompensatedSum from "./CompensatedSum.ts"
import type { FamilyParts } from "./FamilyParts.ts"
import type { Attributes, BoundCounter, BoundUpDownCounter, Counter, UpDownCounter } from "./MetricFamily.ts"
import type { Series } from "./Series.ts"

export const stride = CompensatedSum.size

export const read = CompensatedSum.read

const record = (parts: FamilyParts, series: Series, amount: number): void => {
  CompensatedSum.add(parts.storage.values, series.base, amount)
  series.touched = true
  if (parts.exemplars !== undefined) parts.exemplars.offer(series, 0, amount)
}

const refuseDecrease = (parts: FamilyParts, amount: number) =>
  parts.misuse(`counter "${parts.name}" can only be increased, got ${amount}`)

const refuseAmount = (parts: FamilyParts, amount: number) =>
  parts.misuse(`up-down counter "${parts.name}" is moved by finite amounts, got ${amount}`)

export class CounterFamily<Key extends string> implements Counter<Key> {
  readonly #parts: FamilyParts

  constructor(parts: FamilyParts) {
    this.#parts = parts
  }

  inc(attributes: Attributes<Key>, amount: number = 1): void {
    if (amount >= 0 && amount < Infinity) record(this.#parts, this.#parts.index.find(attributes), amount)
    else refuseDecrease(this.#parts, amount)
  }

  bind(attributes: Attributes<Key>): BoundCounter {
    return new CounterHandle(this.#parts, attributes)
  }
}

class CounterHandle implements BoundCounter {
  readonly #parts: FamilyParts
  readonly #attributes: Attributes<string>
  #series: Series

  constructor(parts: FamilyParts, attributes: Attributes<string>) {
    this.#parts = parts
    this.#attributes = { ...attributes }
    this.#series = parts.index.find(this.#attributes)
  }

  inc(amount: number = 1): void {
    if (!this.#series.live) this.#series = this.#parts.index.find(this.#attributes)
    if (amount >= 0 && amount < Infinity) record(this.#parts, this.#series, amount)
    else refuseDecrease(this.#parts, amount)
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

class UpDownCounterHandle implements BoundUpDownCounter {
  readonly #parts: FamilyParts
  readonly #attributes: Attributes<string>
  #series: Series

  constructor(parts: FamilyParts, attributes: Attributes<string>) {
    this.#parts = parts
    this.#attributes = { ...attributes }
    this.#series = parts.index.find(this.#attributes)
  }

  add(amount: number): void {
    if (!this.#series.live) this.#series = this.#parts.index.find(this.#attributes)
    if (Number.isFinite(amount)) record(this.#parts, this.#series, amount)
    else refuseAmount(this.#parts, amount)
  }
}
