/**
 * Adds the numbers of a series to those of the same series of others, by the type
 * of the metric.
 *
 * @internal
 */
import { gaugeMerge } from "../../MetricMerge.ts"
import type { Merge } from "../aggregation/Aggregation.ts"
import * as CompensatedSum from "../aggregation/CompensatedSum.ts"
import * as ExplicitBuckets from "../aggregation/ExplicitHistogram.ts"
import * as ExponentialBuckets from "../aggregation/ExponentialHistogram.ts"
import { type Checked, type DeclaredType, defaultMaximumBuckets } from "../model/MetricDeclaration.ts"

/** Whether what was counted is kept when who has counted it ends; a level ends with it. */
export const accumulates = (type: DeclaredType): boolean =>
  type === "counter" || type === "histogram" || type === "exponentialHistogram"

/** Adds to a series of `declaration`, beginning with the number that says whether it was recorded to. */
export const merger = (declaration: Checked, from: Checked): Merge => {
  const merge = ofNumbers(declaration, from)
  return (values, base, numbers, fromBase) => {
    merge(values, base + 1, numbers, fromBase + 1)
    values[base] = 1
  }
}

const ofNumbers = (declaration: Checked, from: Checked): Merge => {
  switch (declaration.type) {
    case "counter":
    case "upDownCounter":
      return CompensatedSum.merge
    case "gauge":
      return gaugeMerge(declaration, {}) === "sum" ? sum : highest
    case "info":
      return highest
    case "histogram":
      return ExplicitBuckets.merger(declaration.buckets ?? [])
    case "exponentialHistogram":
      return ExponentialBuckets.merger(
        declaration.maximumBuckets ?? defaultMaximumBuckets,
        from.maximumBuckets ?? defaultMaximumBuckets
      )
  }
}

const sum: Merge = (values, at, from, fromAt) => {
  values[at] = (values[at] as number) + (from[fromAt] as number)
}

const highest: Merge = (values, at, from, fromAt) => {
  const other = from[fromAt] as number
  // The number before says whether there is one already; a gauge can be below zero.
  values[at] = values[at - 1] === 0 ? other : Math.max(values[at] as number, other)
}
