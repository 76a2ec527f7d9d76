/**
 * What a store holds, as lines.
 */
import { Effect } from "effect"
import { MetricStore } from "../../src/metrics/MetricStore.ts"

/** What the store says about itself, and what is there without anything having happened. */
const standing = /^tasker_(?:metric_|execution_slots_)/

const shown = (value: number | { readonly count: number; readonly sum: number }) =>
  typeof value === "number" ? `${value}` : `${value.count} (sum ${value.sum})`

/** Every series: `name{values}` with its number, or the number of observations of a histogram and their sum. */
export const measurements = Effect.gen(function*() {
  const { metrics } = yield* (yield* MetricStore).snapshot
  return metrics.filter(({ name }) => !standing.test(name)).flatMap(({ name, series }) =>
    series.map(({ attributes, value }) => `${name}{${Object.values(attributes).join(",")}} ${shown(value)}`)
  )
})
