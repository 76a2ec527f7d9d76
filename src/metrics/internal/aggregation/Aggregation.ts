/**
 * Says how measurements become numbers of a series, and how the numbers become a
 * value.
 */

/** Counts a measurement into the numbers at `at`, and gives the position of its exemplar. */
export type Count = (values: Float64Array, at: number, value: number) => number

/**
 * Adds the numbers of one series to the numbers of another one, which may be in
 * another array and have another size.
 */
export type Merge = (values: Float64Array, at: number, from: Float64Array, fromAt: number, fromSize: number) => void

export interface Aggregation<Value> {
  /** How many numbers a series has. */
  readonly size: number
  readonly count: Count
  /** Reads a value from the numbers at `at`. It may overwrite `over`, which is an earlier result. */
  read(values: Float64Array, at: number, over?: Value): Value
  readonly merge: Merge
  /** Whether a value only grows. A level, such as a gauge, ends with its process or thread. */
  readonly accumulates: boolean
  /** Adds the values of two series. */
  add(left: Value, right: Value): Value
  /** Gives the growth since `previous`; `undefined` if `current` cannot be a later value. */
  subtract(current: Value, previous: Value): Value | undefined
  /** The amount in a value. It never falls while the series goes on. */
  amountOf(value: Value): number
  /** The position of an exemplar in a value. A series keeps one exemplar for each position. */
  positionOf(exemplar: number, value: Value): number | string
}

export type ReadValue<Value> = Aggregation<Value>["read"]
