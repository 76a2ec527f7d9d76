/**
 * Histograms of both kinds, which differ in how a value is counted. Each can be
 * used as a timer.
 *
 * @internal
 */
import { type Attributes, type BoundHistogram, type Timer, trackWith } from "../../MetricInstrument.ts"
import type { Count } from "../aggregation/Aggregation.ts"
import { BoundInstrument } from "./BoundInstrument.ts"
import type { InstrumentContext } from "./BoundInstrument.ts"

const refuse = (context: InstrumentContext, value: number) =>
  context.misuse(`histogram "${context.name}" observes numbers, got ${value}`)

export class HistogramInstrument<Key extends string> implements Timer<Key> {
  readonly #context: InstrumentContext
  readonly #count: Count
  readonly track: Timer<Key>["track"] = trackWith(this)

  constructor(context: InstrumentContext, count: Count) {
    this.#context = context
    this.#count = count
  }

  observe(attributes: Attributes<Key>, value: number): void {
    // NaN alone is not equal to itself.
    if (value === value) {
      const { exemplars, index, numbers } = this.#context
      const series = index.find(attributes)
      // Read after the series is found: a new one may have moved all of them.
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
