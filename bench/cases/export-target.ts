/** A scrape, and an export to a target in the same format. Arguments: which of them, the number of series. */
import * as Effect from "effect/Effect"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Scope from "effect/Scope"
import { ExportCoordinator, ExportTarget, MetricStore } from "tasker-telemetry"
import { scrapeFigures } from "../support/measure.ts"
import * as Load from "../support/metricLoad.ts"
import * as Store from "../support/metricStore.ts"

const [what, kind, seriesCount] = process.argv.slice(2) as ["scrape" | "target", "counters" | "histograms", string]

const sets = Load.attributeSets(Number(seriesCount))
const options = { metrics: { runtime: false, cardinalityLimit: Math.max(2000, sets.length + 1) } } as const
const runtime = ManagedRuntime.make(Store.telemetry(options))
const store = await runtime.runPromise(MetricStore.MetricStore)
const coordinator = await runtime.runPromise(ExportCoordinator.ExportCoordinator)

const counter = store.counter({ name: Load.counterName, help: Load.help, attributes: Load.keys })
const histogram = store.histogram({
  name: Load.histogramName,
  help: Load.help,
  unit: "seconds",
  attributes: Load.keys,
  buckets: Load.bounds
})

let bytes = 0
const target = ExportTarget.make({
  name: "bench",
  format: "prometheus",
  send: ({ body }) =>
    Effect.sync(() => {
      bytes = body.length
    })
})
await runtime.runPromise(Effect.provideService(coordinator.add(target), Scope.Scope, Scope.makeUnsafe()))

const runs = {
  scrape: () => runtime.runPromise(Effect.flatMap(store.snapshot, Store.inPieces)),
  target: () => runtime.runPromise(Effect.map(coordinator.exportNow({ target: "bench" }), () => bytes))
}

const records = {
  counters: (index: number) => counter.inc(sets[index] as Load.Attributes),
  histograms: (index: number, round: number) =>
    histogram.observe(sets[index] as Load.Attributes, Load.durationOf(index + round))
}

console.log(JSON.stringify(await scrapeFigures(runs[what], sets.length, records[kind])))
await runtime.dispose()
