/**
 * How the measurements of a series become numbers in a typed array.
 *
 * @internal
 */

/** Counts a measurement into the numbers that begin at `at` and gives the position of its exemplar. */
export type Count = (values: Float64Array, at: number, value: number) => number

/** Reads a value out of the numbers that begin at `at`. A value of many parts may be written over `over`, an earlier value. */
export type ReadValue<Value> = (values: Float64Array, at: number, over?: unknown) => Value

/** Adds the numbers of one series to those of another series, which may be in another array. */
export type Merge = (values: Float64Array, at: number, from: Float64Array, fromAt: number) => void
