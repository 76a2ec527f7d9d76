/**
 * The aggregation of a metric, by its type.
 */
import type { MetricData, SeriesSnapshot, SummaryValue } from "../../MetricSnapshot.ts"
import { type Checked, defaultMaximumBuckets } from "../model/MetricDeclaration.ts"
import type { Aggregation } from "./Aggregation.ts"
import * as CompensatedSum from "./CompensatedSum.ts"
import * as ExplicitHistogram from "./ExplicitHistogram.ts"
import * as ExponentialHistogram from "./ExponentialHistogram.ts"
import * as LastValue from "./LastValue.ts"

/** A value of a series of any metric. */
type Value = SeriesSnapshot["value"]

export interface Options {
  /** How gauges are merged, by name; see {@link LastValue.gaugeMerge}. */
  readonly gauges?: Readonly<Record<string, LastValue.GaugeMerge>> | undefined
  /** Buckets that the sum of two exponential histograms may have on each side of zero. */
  readonly maximumBuckets?: number | undefined
}

type Described = Pick<MetricData, "name" | "type" | "unit"> & {
  readonly buckets?: ReadonlyArray<number> | undefined
}

/** Gives the aggregation of a declared metric. */
export const ofDeclared = (declaration: Checked): Aggregation<Value> =>
  make(declaration, { maximumBuckets: declaration.maximumBuckets })

/** Gives the aggregation of a metric in a snapshot. The type decides the kind of its values. */
export const make = (metric: Described, options: Options = {}): Aggregation<Value> => {
  switch (metric.type) {
    case "counter":
      return CompensatedSum.counter
    case "upDownCounter":
      return CompensatedSum.upDownCounter
    case "gauge":
      return LastValue.make(LastValue.gaugeMerge(metric, options.gauges))
    case "info":
      return info
    case "histogram":
      return ExplicitHistogram.make(metric.buckets ?? [])
    case "exponentialHistogram":
      return ExponentialHistogram.make(options.maximumBuckets ?? defaultMaximumBuckets)
    case "summary":
      return summary
  }
}

const info = LastValue.make("max")

/** Summaries come only from Effect's own metrics, so a store has no numbers for them. */
const summary: Aggregation<SummaryValue> = {
  size: 0,
  count: () => 0,
  read: () => ({ quantiles: [], count: 0, sum: 0 }),
  merge: () => {},
  accumulates: true,
  // The quantiles of a sum of summaries are not known.
  add: (left, right) => ({
    quantiles: [...new Set([...left.quantiles, ...right.quantiles].map(([quantile]) => quantile))]
      .sort((a, b) => a - b)
      .map((quantile) => [quantile, Number.NaN] as const),
    count: left.count + right.count,
    sum: left.sum + right.sum
  }),
  subtract: (current) => current,
  amountOf: ({ count }) => count,
  positionOf: () => 0
}
