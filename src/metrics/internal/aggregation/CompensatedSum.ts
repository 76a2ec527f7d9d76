/**
 * A sum that compensates rounding errors, in neighbouring numbers of a typed
 * array.
 *
 * **Details**
 *
 * Whole amounts below 2^31 have a separate number, which is exact up to 2^53.
 * Other amounts are summed with Kahan's compensation, so the error does not grow
 * with the number of summands.
 *
 * @see https://en.wikipedia.org/wiki/Kahan_summation_algorithm
 */
import type { Aggregation } from "./Aggregation.ts"

/** The numbers of a sum: the sum of whole amounts, the sum of other amounts, and the rounding error of the latter. */
export const size = 3

/** Adds `amount` to the sum at `at`. */
export const add = (values: Float64Array, at: number, amount: number): void => {
  if ((amount | 0) === amount) values[at] = (values[at] as number) + amount
  else addFraction(values, at, amount)
}

/** A function of its own, so that {@link add} stays small enough to be inlined. */
const addFraction = (values: Float64Array, at: number, amount: number): void => {
  const sum = values[at + 1] as number
  const corrected = amount - (values[at + 2] as number)
  const next = sum + corrected
  values[at + 1] = next
  // The rounding error of an infinite sum is not known.
  values[at + 2] = Number.isFinite(next) ? next - sum - corrected : 0
}

/** Sets the sum. If a sum was only ever set, it changes in one step. */
export const set = (values: Float64Array, at: number, amount: number): void => {
  values[at + 1] = amount
  values[at + 2] = 0
  values[at] = 0
}

/**
 * Adds the sum at `fromAt` to the sum at `at`. The addition does not round,
 * because a total must not fall if the order of its sums changes.
 */
export const merge = (values: Float64Array, at: number, from: Float64Array, fromAt: number): void => {
  values[at] = (values[at] as number) + (from[fromAt] as number)
  const left = values[at + 1] as number
  const right = from[fromAt + 1] as number
  const next = left + right
  const added = next - left
  // The exact rounding error of `next`.
  const missing = (left - (next - added)) + (right - added)
  values[at + 1] = next
  values[at + 2] = Number.isFinite(next) ? (values[at + 2] as number) + (from[fromAt + 2] as number) - missing : 0
}

export const read = (values: Float64Array, at: number): number =>
  (values[at] as number) + ((values[at + 1] as number) - (values[at + 2] as number))

/** The aggregation of counters. */
export const counter: Aggregation<number> = {
  size,
  count: (values, at, amount) => {
    add(values, at, amount)
    return 0
  },
  read,
  merge,
  accumulates: true,
  add: (left, right) => left + right,
  // Two infinite sums are equal, and their difference would be NaN.
  subtract: (current, previous) => current < previous ? undefined : current === previous ? 0 : current - previous,
  amountOf: (value) => value,
  positionOf: () => 0
}

export const upDownCounter: Aggregation<number> = { ...counter, accumulates: false }
