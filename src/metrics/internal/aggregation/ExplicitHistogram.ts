/**
 * The numbers of a histogram with explicit buckets: one count for each bucket,
 * the count above the last bound, and the sum.
 */
import type { HistogramValue } from "../../MetricSnapshot.ts"
import type { Aggregation, Count, Merge, ReadValue } from "./Aggregation.ts"
import * as CompensatedSum from "./CompensatedSum.ts"

const counter = (buckets: ReadonlyArray<number>): Count => {
  const bounds = Float64Array.from(buckets)
  const sumAt = bounds.length + 1
  return (values, at, value) => {
    // Finds the first bound that is not below the value, or the place after the last bound.
    let low = 0
    let high = bounds.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((bounds[middle] as number) < value) low = middle + 1
      else high = middle
    }
    const bucket = at + low
    values[bucket] = (values[bucket] as number) + 1
    CompensatedSum.add(values, at + sumAt, value)
    return low
  }
}

interface Writable {
  readonly counts: Array<number>
  count: number
  sum: number
}

const reader = (buckets: ReadonlyArray<number>): ReadValue<HistogramValue> => {
  const sumAt = buckets.length + 1
  return (values, at, over) => {
    const value = (over ?? { counts: new Array<number>(sumAt), count: 0, sum: 0 }) as Writable
    const { counts } = value
    let count = 0
    for (let bucket = 0; bucket < sumAt; bucket++) {
      const inBucket = values[at + bucket] as number
      counts[bucket] = inBucket
      count += inBucket
    }
    value.count = count
    value.sum = CompensatedSum.read(values, at + sumAt)
    return value
  }
}

const merger = (buckets: ReadonlyArray<number>): Merge => {
  const sumAt = buckets.length + 1
  return (values, at, from, fromAt) => {
    for (let bucket = 0; bucket < sumAt; bucket++) {
      values[at + bucket] = (values[at + bucket] as number) + (from[fromAt + bucket] as number)
    }
    CompensatedSum.merge(values, at + sumAt, from, fromAt + sumAt)
  }
}

/** @param buckets upper bounds, ascending */
export const make = (buckets: ReadonlyArray<number>): Aggregation<HistogramValue> => ({
  size: buckets.length + 1 + CompensatedSum.size,
  count: counter(buckets),
  read: reader(buckets),
  merge: merger(buckets),
  accumulates: true,
  add,
  subtract: (current, previous) =>
    current.counts.some((count, bucket) => count < (previous.counts[bucket] ?? 0)) ? undefined : {
      counts: current.counts.map((count, bucket) => count - (previous.counts[bucket] ?? 0)),
      count: current.count - previous.count,
      sum: current.sum === previous.sum ? 0 : current.sum - previous.sum
    },
  amountOf: ({ count }) => count,
  positionOf: (exemplar) => {
    const bucket = buckets.findIndex((bound) => exemplar <= bound)
    return bucket === -1 ? buckets.length : bucket
  }
})

const add = (left: HistogramValue, right: HistogramValue): HistogramValue => ({
  counts: left.counts.map((count, bucket) => count + (right.counts[bucket] ?? 0)),
  count: left.count + right.count,
  sum: left.sum + right.sum
})
