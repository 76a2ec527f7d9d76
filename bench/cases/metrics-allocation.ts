/** Argument: the family. Bytes that recording on an existing series allocates, a million times. */
import { bytesPerCall, setCount } from "../support/measure.ts"
import * as Load from "../support/metricLoad.ts"
import * as Store from "../support/metricStore.ts"

const [what] = process.argv.slice(2) as [string]

const calls = 1_000_000

const { close, store } = await Store.open()
const counter = store.counter({ name: Load.counterName, help: Load.help, attributes: Load.keys })
const histogram = store.histogram({
  name: Load.histogramName,
  help: Load.help,
  unit: "seconds",
  attributes: Load.keys,
  buckets: Load.bounds
})

/** The caller's objects and numbers exist before: only what the store makes itself is counted. */
const sets = Load.attributeSets(setCount)
const boundCounters = sets.map((attributes) => counter.bind(attributes))
const boundHistograms = sets.map((attributes) => histogram.bind(attributes))

const candidates: Record<string, (set: number) => void> = {
  counter: (set) => counter.inc(sets[set] as Load.Attributes),
  "counter-bound": (set) => boundCounters[set]?.inc(),
  histogram: (set) => histogram.observe(sets[set] as Load.Attributes, 0.25),
  "histogram-bound": (set) => boundHistograms[set]?.observe(0.25)
}

const run = candidates[what]
if (run === undefined) throw new Error(`unknown measurement ${what}`)
console.log(JSON.stringify({ bytes: await bytesPerCall(run, calls) }))
await close()
