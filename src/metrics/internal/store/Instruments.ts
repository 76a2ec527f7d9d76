/**
 * The instruments of declared metrics: counters, up-down counters, gauges and
 * histograms. Each records by attributes, or is bound to one series.
 */
import {
  type Attributes,
  type BoundCounter,
  type BoundGauge,
  type BoundHistogram,
  type BoundUpDownCounter,
  type Counter,
  type Gauge,
  type Timer,
  trackWith,
  type UpDownCounter
} from "../../MetricInstrument.ts"
import type { SeriesSnapshot } from "../../MetricSnapshot.ts"
import type { Aggregation, Count } from "../aggregation/Aggregation.ts"
import * as CompensatedSum from "../aggregation/CompensatedSum.ts"
import type { Checked } from "../model/MetricDeclaration.ts"
import type { Series } from "./Series.ts"
import type { ExemplarFilter } from "./SeriesExemplars.ts"
import type { SeriesIndex } from "./SeriesIndex.ts"
import type { SeriesNumbers } from "./SeriesNumbers.ts"

/** The parts that every instrument needs. */
export interface InstrumentContext {
  readonly name: string
  /** The attribute keys of its series. */
  readonly keys: ReadonlyArray<string>
  readonly index: SeriesIndex
  readonly numbers: SeriesNumbers
  /** `undefined` if exemplars are off; then recording does not pay for them. */
  readonly exemplars: ExemplarFilter | undefined
  /** Called with a sentence for a wrong measurement; may throw. */
  readonly misuse: (message: string) => void
}

/** Makes the instrument of a metric. */
export const make = (metric: {
  readonly declaration: Checked
  readonly context: InstrumentContext
  readonly aggregation: Aggregation<SeriesSnapshot["value"]>
}): Instrument => {
  const { aggregation, context, declaration } = metric
  switch (declaration.type) {
    case "counter":
      return new CounterInstrument(context)
    case "upDownCounter":
      return new UpDownCounterInstrument(context)
    case "gauge":
    case "info":
      return new GaugeInstrument(context)
    case "histogram":
    case "exponentialHistogram":
      return new HistogramInstrument(context, aggregation.count)
  }
}

/** An instrument of any kind. The caller knows the kind. */
export type Instrument =
  | CounterInstrument<string>
  | UpDownCounterInstrument<string>
  | GaugeInstrument<string>
  | HistogramInstrument<string>
  | NoopInstrument

/** An instrument that is bound to one series. It records without a look-up. */
abstract class BoundInstrument {
  protected readonly context: InstrumentContext
  protected readonly numbers: InstrumentContext["numbers"]
  protected readonly exemplars: InstrumentContext["exemplars"]
  protected readonly attributes: Attributes<string>
  protected series: Series
  /** Position of the series in the storage. */
  protected base: number
  /** The generation of the storage when the series was last known to be live. */
  protected generation: number

  constructor(context: InstrumentContext, attributes: Attributes<string>) {
    this.context = context
    this.numbers = context.numbers
    this.exemplars = context.exemplars
    // A copy, because the caller may change its object. Values are read key by key, because they may be inherited.
    this.attributes = Object.fromEntries(context.keys.map((key) => [key, attributes[key] ?? ""]))
    this.series = context.index.find(this.attributes)
    this.base = this.series.base
    this.generation = this.numbers.generation
  }

  /** Finds the series again after any series has expired. */
  protected revive(): void {
    if (!this.series.live) this.series = this.context.index.find(this.attributes)
    this.base = this.series.base
    this.generation = this.numbers.generation
  }
}

// --- Counters and up-down counters ---

const add = ({ exemplars, numbers: { values } }: InstrumentContext, series: Series, amount: number): void => {
  const { base } = series
  values[base] = 1
  CompensatedSum.add(values, base + 1, amount)
  if (exemplars !== undefined) exemplars.offer(series, 0, amount)
}

const refuseDecrease = (context: InstrumentContext, amount: number) =>
  context.misuse(`counter "${context.name}" can only be increased, got ${amount}`)

const refuseAmount = (context: InstrumentContext, amount: number) =>
  context.misuse(`up-down counter "${context.name}" is moved by finite amounts, got ${amount}`)

class CounterInstrument<Key extends string> implements Counter<Key> {
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

class UpDownCounterInstrument<Key extends string> implements UpDownCounter<Key> {
  readonly #context: InstrumentContext

  constructor(context: InstrumentContext) {
    this.#context = context
  }

  add(attributes: Attributes<Key>, amount: number): void {
    if (Number.isFinite(amount)) add(this.#context, this.#context.index.find(attributes), amount)
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

// --- Gauges ---

const setTo = (values: Float64Array, base: number, value: number): void => {
  values[base] = 1
  values[base + 1] = value
}

const addTo = (values: Float64Array, base: number, amount: number): void =>
  setTo(values, base, (values[base + 1] as number) + amount)

class GaugeInstrument<Key extends string> implements Gauge<Key> {
  readonly #context: InstrumentContext

  constructor(context: InstrumentContext) {
    this.#context = context
  }

  set(attributes: Attributes<Key>, value: number): void {
    const { base } = this.#context.index.find(attributes)
    setTo(this.#context.numbers.values, base, value)
  }

  add(attributes: Attributes<Key>, amount: number): void {
    const { base } = this.#context.index.find(attributes)
    addTo(this.#context.numbers.values, base, amount)
  }

  bind(attributes: Attributes<Key>): BoundGauge {
    return new BoundGaugeInstrument(this.#context, attributes)
  }
}

class BoundGaugeInstrument extends BoundInstrument implements BoundGauge {
  set(value: number): void {
    if (this.generation !== this.numbers.generation) this.revive()
    setTo(this.numbers.values, this.base, value)
  }

  add(amount: number): void {
    if (this.generation !== this.numbers.generation) this.revive()
    addTo(this.numbers.values, this.base, amount)
  }
}

// --- Histograms and timers ---

const refuse = (context: InstrumentContext, value: number) =>
  context.misuse(`histogram "${context.name}" observes numbers, got ${value}`)

class HistogramInstrument<Key extends string> implements Timer<Key> {
  readonly #context: InstrumentContext
  readonly #count: Count
  readonly track: Timer<Key>["track"] = trackWith(this)

  constructor(context: InstrumentContext, count: Count) {
    this.#context = context
    this.#count = count
  }

  observe(attributes: Attributes<Key>, value: number): void {
    // Only NaN is not equal to itself.
    if (value === value) {
      const { exemplars, index, numbers } = this.#context
      const series = index.find(attributes)
      // Read after the look-up, because a new series may have moved all numbers.
      const { values } = numbers
      values[series.base] = 1
      const position = this.#count(values, series.base + 1, value)
      if (exemplars !== undefined) exemplars.offer(series, position, value)
    } else refuse(this.#context, value)
  }

  bind(attributes: Attributes<Key>): BoundHistogram {
    return new BoundHistogramInstrument(this.#context, attributes, this.#count)
  }
}

class BoundHistogramInstrument extends BoundInstrument implements BoundHistogram {
  readonly #count: Count

  constructor(context: InstrumentContext, attributes: Attributes<string>, count: Count) {
    super(context, attributes)
    this.#count = count
  }

  observe(value: number): void {
    if (value === value) {
      const { numbers } = this
      if (this.generation !== numbers.generation) this.revive()
      const { values } = numbers
      values[this.base] = 1
      const position = this.#count(values, this.base + 1, value)
      if (this.exemplars !== undefined) this.exemplars.offer(this.series, position, value)
    } else refuse(this.context, value)
  }
}

// --- Instruments that record nothing ---

const boundToNothing = { inc: () => {}, add: () => {}, set: () => {}, observe: () => {} }

export class NoopInstrument implements Counter<string>, UpDownCounter<string>, Gauge<string>, Timer<string> {
  inc(): void {}
  add(): void {}
  set(): void {}
  observe(): void {}
  bind(): typeof boundToNothing {
    return boundToNothing
  }
  readonly track: Timer<string>["track"] = () => (self) => self
}
