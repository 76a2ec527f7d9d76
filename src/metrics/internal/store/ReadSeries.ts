/**
 * The series of a metric at one reading. Their objects are made on demand and not
 * kept.
 */
import type { Exemplar, SeriesSnapshot } from "../../MetricSnapshot.ts"
import type { ReadValue } from "../aggregation/Aggregation.ts"
import type { Attributes } from "../model/SeriesAttributes.ts"
import type { SeriesList } from "../model/SeriesList.ts"
import type { Series } from "./Series.ts"
import type { SeriesExemplars } from "./SeriesExemplars.ts"

/** A series object that is reused. */
type Writable = { -readonly [Field in keyof SeriesSnapshot]: SeriesSnapshot[Field] }

const noExemplars: ReadonlyArray<Exemplar> = []

/** Series in the order of a snapshot, with a copy of their numbers and their exemplars. */
export class ReadSeries implements SeriesList {
  /** The index has one series for each combination of values, and no value has a lone surrogate. */
  readonly areDistinct = true
  readonly #ordered: ReadonlyArray<Series>
  readonly #values: Float64Array
  readonly #exemplars: SeriesExemplars | undefined
  readonly #readValue: ReadValue<SeriesSnapshot["value"]>
  #peeked: Writable | undefined

  constructor(
    ordered: ReadonlyArray<Series>,
    values: Float64Array,
    exemplars: SeriesExemplars | undefined,
    readValue: ReadValue<SeriesSnapshot["value"]>
  ) {
    this.#ordered = ordered
    this.#values = values
    this.#exemplars = exemplars
    this.#readValue = readValue
  }

  get length(): number {
    return this.#ordered.length
  }

  at(index: number): SeriesSnapshot {
    const series = this.#ordered[index] as Series
    const readValue = this.#readValue
    return {
      attributes: series.attributes,
      startMillis: series.startMillis,
      value: readValue(this.#values, series.base + 1),
      exemplars: this.#exemplars?.[index] ?? noExemplars
    }
  }

  peek(index: number): SeriesSnapshot {
    const peeked: Writable = this.#peeked ??= this.at(index)
    const series = this.#ordered[index] as Series
    const readValue = this.#readValue
    peeked.attributes = series.attributes
    peeked.startMillis = series.startMillis
    peeked.value = readValue(this.#values, series.base + 1, peeked.value)
    peeked.exemplars = this.#exemplars?.[index] ?? noExemplars
    return peeked
  }

  attributesAt(index: number): Attributes {
    return (this.#ordered[index] as Series).attributes
  }
}
