/**
 * What a metric says, by the values of its attributes.
 */
import { Effect } from "effect"
import { MetricStore } from "../../src/metrics/MetricStore.ts"

/** The value of each series: `a,b` for the attributes `a` and `b`, in the order of their declaration. */
export const valuesOf = (name: string) =>
  Effect.map(Effect.flatMap(MetricStore, ({ snapshot }) => snapshot), ({ metrics }) => {
    const metric = metrics.find((metric) => metric.name === name)
    return Object.fromEntries(
      (metric?.series ?? []).map(({ attributes, value }) => [
        metric!.attributes.map((key) => attributes[key]).join(","),
        value
      ])
    )
  })
