/** Argument: the candidate. What recording on a counter of 3 attributes costs in a running fiber. */
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import { Counter, Registry } from "prom-client"
import { nsPerCall, runSteps, setCount, type TimeFigures } from "../support/measure.ts"
import * as Load from "../support/metricLoad.ts"
import * as Store from "../support/metricStore.ts"

const [candidate] = process.argv.slice(2) as [string]

const sets = Load.attributeSets(setCount)
const attributesOf = (set: number): Load.Attributes => ({
  task: Load.tasks[set] as string,
  step: Load.steps[set] as string,
  status: Load.statuses[set] as string
})

const measure = (step: (set: number) => Effect.Effect<void>, total: () => number | Promise<number>) =>
  nsPerCall((repeats) => Effect.runPromise(runSteps(step, repeats)), total)

const effectTotal = () =>
  Metric.snapshotUnsafe(Effect.runSync(Effect.context<never>())).reduce(
    (sum, series) => sum + (series.type === "Counter" ? Number(series.state.count) : 0),
    0
  )

const ours = async () => {
  const { close, store, total } = await Store.open()
  const counter = store.counter({ name: Load.counterName, help: Load.help, attributes: Load.keys })
  return { close, counter, total: () => total(Load.counterName) }
}

const promClient = () => {
  const registers = [new Registry()]
  const counter = new Counter({ name: Load.counterName, help: Load.help, labelNames: [...Load.keys], registers })
  return { counter, total: async () => (await counter.get()).values.reduce((sum, { value }) => sum + value, 0) }
}

const candidates: Record<string, () => Promise<TimeFigures>> = {
  nothing: () => {
    let calls = 0
    return measure((_set) => {
      calls++
      return Effect.void
    }, () => calls)
  },
  ours: async () => {
    const { close, counter, total } = await ours()
    return measure((set) => Effect.sync(() => counter.inc(attributesOf(set))), total).finally(close)
  },
  "ours-bound": async () => {
    const { close, counter, total } = await ours()
    const bound = sets.map((attributes) => counter.bind(attributes))
    return measure((set) => Effect.sync(() => bound[set]?.inc()), total).finally(close)
  },
  "prom-client": () => {
    const { counter, total } = promClient()
    return measure((set) => Effect.sync(() => counter.inc(attributesOf(set))), total)
  },
  "effect-attributes": () => {
    const counter = Metric.counter(Load.counterName, { incremental: true })
    return measure((set) => Metric.update(Metric.withAttributes(counter, { ...attributesOf(set) }), 1), effectTotal)
  },
  "effect-object": () => {
    const counters = sets.map((attributes) =>
      Metric.counter(Load.counterName, { incremental: true, attributes: { ...attributes } })
    )
    return measure((set) => Metric.update(counters[set] as Metric.Counter<number>, 1), effectTotal)
  }
}

const run = candidates[candidate]
if (run === undefined) throw new Error(`unknown candidate ${candidate}`)
console.log(JSON.stringify(await run()))
