/**
 * Keeps the series of a family sorted, at the cost of sorting only those that
 * are new.
 *
 * @internal
 */
import type * as Cooperation from "../../../internal/Cooperation.ts"
import { merge, sort } from "../../../internal/SlicedSort.ts"
import { compare, type Series } from "./Series.ts"

export class SeriesOrder {
  #sorted: ReadonlyArray<Series> = []
  #added: Array<Series> = []
  #expirations = 0
  /** How many there were when those that are sorted were looked at. */
  #sortedAt = 0

  add(series: Series): void {
    this.#added.push(series)
  }

  /** A series is no longer live. */
  expired(): void {
    this.#expirations++
  }

  /**
   * Reading begins now: the work gives the series that are live at this moment,
   * sorted, whatever comes until it is done. A new series that goes until then
   * can be missing.
   */
  read(): Cooperation.Work<ReadonlyArray<Series>> {
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
  ): Cooperation.Work<ReadonlyArray<Series>> {
    const result = yield* merge(sorted, yield* sort(added.slice(0, taken), compare, isLive), compare)
    // Somebody else may have been faster; then the next reading sorts what is left.
    if (this.#added === added) {
      this.#sorted = result
      this.#added = this.#added.slice(taken)
      this.#sortedAt = expirations
    }
    return result
  }
}

const isLive = (series: Series) => series.live

function* done<A>(value: A): Cooperation.Work<A> {
  return value
}
