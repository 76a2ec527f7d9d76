/**
 * Gives the series of a metric one by one, without an array.
 *
 * **Details**
 *
 * A format needs the object of a series only for a moment. If a snapshot made the
 * objects of all series at once, the garbage collector would take most of the
 * time of a scrape. So a snapshot makes an array of series only at its first use,
 * and formats read this list.
 */
import type * as TimeSlice from "../../../internal/TimeSlice.ts"
import type { MetricData, SeriesSnapshot } from "../../MetricSnapshot.ts"
import type { Attributes } from "./SeriesAttributes.ts"

export interface SeriesList<Value = SeriesSnapshot["value"]> {
  readonly length: number
  readonly at: (index: number) => SeriesSnapshot<Value>
  /** As {@link at}, but the next call may overwrite the object. */
  readonly peek: (index: number) => SeriesSnapshot<Value>
  /** Gives only the attributes, which is cheaper. */
  readonly attributesAt: (index: number) => Attributes
  /** Whether all series surely have different attribute values in UTF-8. */
  readonly areDistinct: boolean
}

/** Series of an existing array. */
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

/** The series of a metric, and the part of its array that is made already. */
interface Listed {
  readonly list: SeriesList
  readonly made: Array<SeriesSnapshot>
}

/** A WeakMap, so that copies, comparisons and prints do not see the list. */
const lists = new WeakMap<MetricData, Listed>()

/** Makes the array up to an index. A whole array replaces the list. */
const makeUntil = (metric: MetricData, end: number): ReadonlyArray<SeriesSnapshot> => {
  const { list, made } = lists.get(metric) as Listed
  if (list instanceof MadeSeries) return made
  while (made.length < end) made.push(list.at(made.length))
  if (made.length === list.length) {
    lists.set(metric, { list: new MadeSeries(made, list.areDistinct), made })
    Object.defineProperty(metric, "series", { value: made, writable: true })
  }
  return made
}

/** Makes a metric that makes the array of its `series` at its first use. */
export const attach = (head: Omit<MetricData, "series">, list: SeriesList): MetricData => {
  const metric = Object.defineProperty({ ...head }, "series", {
    get: () => makeUntil(metric, list.length),
    enumerable: true,
    configurable: true
  }) as MetricData
  lists.set(metric, { list, made: [] })
  return metric
}

/** Gives the series of any metric, of a store or of a program. */
export const of = <Data extends MetricData>(metric: Data) =>
  (lists.get(metric)?.list ?? new MadeSeries(metric.series, false)) as SeriesList<Data["series"][number]["value"]>

/** Series that are made in one piece of work. */
const piece = 500

/** Makes the array of `series` in pieces of work. */
export function* make(metric: MetricData): TimeSlice.Work<void> {
  const length = lists.get(metric)?.list.length ?? 0
  for (let end = piece; end < length; end += piece) {
    makeUntil(metric, end)
    yield
  }
}
