/**
 * The series of a family one by one, none of which is kept.
 *
 * **Details**
 *
 * The store has copied numbers; the objects of a snapshot are made of them. A
 * format needs each object for a moment only: made all at once, those of many
 * series are what a collector spends most of a scrape on. A snapshot that comes
 * from a store therefore makes its arrays when somebody asks for them, and
 * formats do not ask: they walk this list.
 *
 * @internal
 */
import type * as Cooperation from "../../../internal/Cooperation.ts"
import type { MetricData, SeriesSnapshot } from "../../MetricSnapshot.ts"
import type { Attributes } from "./SeriesAttributes.ts"

export interface SeriesList<Value = SeriesSnapshot["value"]> {
  readonly length: number
  readonly at: (index: number) => SeriesSnapshot<Value>
  /** The same for who looks at one after the other: the next call may write over it. */
  readonly peek: (index: number) => SeriesSnapshot<Value>
  /** Cheaper than those of `at`. */
  readonly attributesAt: (index: number) => Attributes
  /** Whether it is known that no two of them have the same attribute values, not even as UTF-8. */
  readonly areDistinct: boolean
}

/** Series that exist already. */
class MadeSeries implements SeriesList {
  readonly areDistinct: boolean
  readonly #series: ReadonlyArray<SeriesSnapshot>

  constructor(series: ReadonlyArray<SeriesSnapshot>, areDistinct: boolean) {
    this.#series = series
    this.areDistinct = areDistinct
  }

  get length(): number {
    return this.#series.length
  }

  at(index: number): SeriesSnapshot {
    return this.#series[index] as SeriesSnapshot
  }

  peek(index: number): SeriesSnapshot {
    return this.at(index)
  }

  attributesAt(index: number): Attributes {
    return (this.#series[index] as SeriesSnapshot).attributes
  }
}

/** Gives back the object it is given, so that a subclass puts its private fields on that one. */
class Given {
  declare readonly series: ReadonlyArray<SeriesSnapshot>
  constructor(metric: MetricData) {
    return metric
  }
}

/**
 * What a family knows of its series before their array is made. A private field is out of sight of copies, comparisons
 * and everything that prints.
 */
class Listed extends Given {
  #list: SeriesList
  readonly #made: Array<SeriesSnapshot> = []

  constructor(metric: MetricData, list: SeriesList) {
    super(metric)
    this.#list = list
  }

  static listOf(metric: MetricData): SeriesList | undefined {
    return #list in metric ? (metric as Listed).#list : undefined
  }

  /** Makes the array up to an index; once it is whole nothing else is kept. */
  static make(metric: MetricData, end: number): ReadonlyArray<SeriesSnapshot> {
    const listed = metric as unknown as Listed
    const list = listed.#list
    const made = listed.#made
    if (list instanceof MadeSeries) return made
    while (made.length < end) made.push(list.at(made.length))
    if (made.length === list.length) {
      listed.#list = new MadeSeries(made, list.areDistinct)
      Object.defineProperty(metric, "series", { value: made, writable: true })
    }
    return made
  }
}

/** A family that makes the array of its `series` at the first reading of it. */
export const attach = (head: Omit<MetricData, "series">, list: SeriesList): MetricData => {
  const metric = Object.defineProperty({ ...head }, "series", {
    get: () => Listed.make(metric, list.length),
    enumerable: true,
    configurable: true
  }) as MetricData
  return new Listed(metric, list) as unknown as MetricData
}

/** The series of a family, whoever made it. */
export const of = <Family extends MetricData>(metric: Family) =>
  (Listed.listOf(metric) ?? new MadeSeries(metric.series, false)) as SeriesList<Family["series"][number]["value"]>

/** Series that are made in one piece of work. */
const piece = 500

/** Makes the array of `series`, for those who need all of it. */
export function* make(metric: MetricData): Cooperation.Work<void> {
  const length = Listed.listOf(metric)?.length ?? 0
  for (let end = piece; end < length; end += piece) {
    Listed.make(metric, end)
    yield
  }
}
