/**
 * How measurements become numbers of a series, and how these become a value.
 *
 * @internal
 */

/** Counts a measurement into the numbers that begin at `at` and gives the position of its exemplar. */
export type Count = (values: Float64Array, at: number, value: number) => number

/**
 * Adds the numbers of one series to those of another series, which may be in
 * another array and have another size.
 */
export type Merge = (values: Float64Array, at: number, from: Float64Array, fromAt: number, fromSize: number) => void

export interface Aggregation<Value> {
  /** How many numbers a series has. */
  readonly size: number
  readonly count: Count
  /** Reads a value out of the numbers that begin at `at`; may write it over `over`, which it has given before. */
  read(values: Float64Array, at: number, over?: Value): Value
  readonly merge: Merge
  /** Whether a value only grows. A level, such as a gauge, ends with the process or thread that measured it. */
  readonly accumulates: boolean
  /** The value of two series together. */
  add(left: Value, right: Value): Value
  /** What has come since `previous`; `undefined` if `current` cannot have grown out of it. */
  subtract(current: Value, previous: Value): Value | undefined
  /** How much is in a value: it never falls while the series goes on. */
  amountOf(value: Value): number
  /** The position of an exemplar in a value; a series keeps one exemplar for each position. */
  positionOf(exemplar: number, value: Value): number | string
}

export type ReadValue<Value> = Aggregation<Value>["read"]
