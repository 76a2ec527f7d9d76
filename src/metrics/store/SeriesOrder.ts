/**
 * Keeps the series of a family sorted, at the cost of sorting only those that
 * are new.
 *
 * @internal
 */
import type * as Cooperation from "../../internal/Cooperation.ts"
import { compare, type Series } from "./Series.ts"

/** Series that are sorted or merged in one piece of work. */
const piece = 1024

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
    const result = yield* merge(sorted, yield* mergeSort(added, taken))
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

/** The first `count` series, sorted. */
function* mergeSort(series: ReadonlyArray<Series>, count: number): Cooperation.Work<ReadonlyArray<Series>> {
  let runs: Array<ReadonlyArray<Series>> = []
  for (let start = 0; start < count; start += piece) {
    runs.push(series.slice(start, Math.min(start + piece, count)).filter(isLive).sort(compare))
    yield
  }
  while (runs.length > 1) {
    const merged: Array<ReadonlyArray<Series>> = []
    for (let index = 0; index < runs.length; index += 2) {
      merged.push(yield* merge(runs[index] ?? [], runs[index + 1] ?? []))
    }
    runs = merged
  }
  return runs[0] ?? []
}

function* merge(left: ReadonlyArray<Series>, right: ReadonlyArray<Series>): Cooperation.Work<ReadonlyArray<Series>> {
  if (left.length === 0) return right
  if (right.length === 0) return left
  const merged: Array<Series> = []
  let at = 0
  let other = 0
  while (at < left.length && other < right.length) {
    const next = left[at] as Series
    const alternative = right[other] as Series
    if (compare(next, alternative) <= 0) {
      merged.push(next)
      at++
    } else {
      merged.push(alternative)
      other++
    }
    if (merged.length % piece === 0) yield
  }
  return merged.concat(left.slice(at), right.slice(other))
}
