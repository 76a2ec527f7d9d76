/**
 * Keeps the series of a metric sorted. Only new series are sorted.
 */
import type * as TimeSlice from "../../../internal/TimeSlice.ts"
import { merge, sort } from "../../../internal/timeSlicedSort.ts"
import { compare, type Series } from "./Series.ts"

export class SeriesOrder {
  #sorted: ReadonlyArray<Series> = []
  #added: Array<Series> = []
  #expirations = 0
  /** Number of expirations when the sorted series were last filtered. */
  #sortedAt = 0

  add(series: Series): void {
    this.#added.push(series)
  }

  /** Notes that a series has expired. */
  expired(): void {
    this.#expirations++
  }

  /**
   * Begins a reading. The work gives the series that are live at this moment,
   * sorted. A series that is new and expires before the work is done may be
   * missing.
   */
  read(): TimeSlice.Work<ReadonlyArray<Series>> {
    const sorted = this.#sorted
    const added = this.#added
    const expirations = this.#expirations
    if (added.length === 0 && this.#sortedAt === expirations) return done(sorted)
    const live = this.#sortedAt === expirations ? sorted : sorted.filter(isLive)
    return this.#sort(live, added, added.length, expirations)
  }

  *#sort(
    sorted: ReadonlyArray<Series>,
    added: ReadonlyArray<Series>,
    taken: number,
    expirations: number
  ): TimeSlice.Work<ReadonlyArray<Series>> {
    const result = yield* merge(sorted, yield* sort(added.slice(0, taken), compare, isLive), compare)
    // If another reading was faster, the next reading sorts the rest.
    if (this.#added === added) {
      this.#sorted = result
      this.#added = this.#added.slice(taken)
      this.#sortedAt = expirations
    }
    return result
  }
}

const isLive = (series: Series) => series.live

function* done<A>(value: A): TimeSlice.Work<A> {
  return value
}
