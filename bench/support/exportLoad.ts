/** Telemetry with many series of one kind, for the measurements of exports. */
import * as ManagedRuntime from "effect/ManagedRuntime"
import { MetricStore } from "tasker-telemetry"
import * as Load from "./metricLoad.ts"
import * as Store from "./metricStore.ts"

export type Kind = "counters" | "histograms"

/** Rounds of records before a measurement, so that values have several digits. */
const pastRounds = 100

/** Makes the store. `recordAll` records once on each series. */
export const make = async (kind: Kind, seriesCount: number) => {
  const sets = Load.attributeSets(seriesCount)
  const options = { metrics: { runtime: false, cardinalityLimit: Math.max(2000, seriesCount + 1) } } as const
  const runtime = ManagedRuntime.make(Store.telemetry(options))
  const store = await runtime.runPromise(MetricStore.MetricStore)
  const declaration = { help: Load.help, attributes: Load.keys }
  const counter = store.counter({ ...declaration, name: Load.counterName })
  const histogram = store.histogram({
    ...declaration,
    name: Load.histogramName,
    unit: "seconds",
    buckets: Load.bounds
  })
  let round = 0
  const recordAll = () => {
    round++
    for (const [index, attributes] of sets.entries()) {
      if (kind === "counters") counter.inc(attributes)
      else histogram.observe(attributes, Load.durationOf(index + round))
    }
  }
  for (let past = 0; past < pastRounds; past++) recordAll()
  return { runtime, store, recordAll }
}
