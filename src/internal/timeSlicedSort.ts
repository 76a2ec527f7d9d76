/**
 * Sorts and merges in pieces of work, so that other fibers get their turn.
 */
import type * as TimeSlice from "./TimeSlice.ts"

/** Items that are sorted or merged in one piece of work. */
const piece = 1024

type Compare<A> = (left: A, right: A) => number

/** Sorts the items; equal items keep their order. `keeps` is called when an item's piece is sorted. */
export function* sort<A>(
  items: ReadonlyArray<A>,
  compare: Compare<A>,
  keeps: (item: A) => boolean = () => true
): TimeSlice.Work<ReadonlyArray<A>> {
  let runs: Array<ReadonlyArray<A>> = []
  for (let start = 0; start < items.length; start += piece) {
    runs.push(items.slice(start, start + piece).filter(keeps).sort(compare))
    yield
  }
  while (runs.length > 1) {
    const merged: Array<ReadonlyArray<A>> = []
    for (let index = 0; index < runs.length; index += 2) {
      merged.push(yield* merge(runs[index] ?? [], runs[index + 1] ?? [], compare))
    }
    runs = merged
  }
  return runs[0] ?? []
}

/** Merges two sorted lists. */
export function* merge<A>(
  left: ReadonlyArray<A>,
  right: ReadonlyArray<A>,
  compare: Compare<A>
): TimeSlice.Work<ReadonlyArray<A>> {
  if (left.length === 0) return right
  if (right.length === 0) return left
  const merged: Array<A> = []
  let at = 0
  let other = 0
  while (at < left.length && other < right.length) {
    const next = left[at] as A
    const alternative = right[other] as A
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
