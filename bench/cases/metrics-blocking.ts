/**
 * Arguments: `counter` or `histogram`; families; series of each. How long a scrape keeps the event loop from turning,
 * the first one, which writes every label text, and later ones.
 */
import { type BlockingFigures, blockingOf } from "../support/measure.ts"
import * as Load from "../support/metricLoad.ts"
import * as Store from "../support/metricStore.ts"

const [type, ...counts] = process.argv.slice(2) as [string, string, string]
const [families, seriesEach] = counts.map(Number) as [number, number]
const laterScrapes = 5

const { close, scrape, store } = await Store.open()
const sets = Load.attributeSets(seriesEach)

const recorders = Array.from({ length: families }, (_, index): (attributes: Load.Attributes) => void => {
  const declaration = { help: Load.help, attributes: Load.keys, cardinalityLimit: seriesEach + 1 }
  if (type === "counter") {
    const counter = store.counter({ ...declaration, name: `bench_${index}_steps_total` })
    return (attributes) => counter.inc(attributes)
  }
  const histogram = store.histogram({
    ...declaration,
    name: `bench_${index}_step_seconds`,
    unit: "seconds",
    buckets: Load.bounds
  })
  return (attributes) => histogram.observe(attributes, 0.25)
})

const change = () => recorders.forEach((record) => sets.forEach(record))

const measured = async (): Promise<BlockingFigures & { readonly ns: number }> => {
  change()
  const start = process.hrtime.bigint()
  const figures = await blockingOf(scrape)
  return { ...figures, ns: Number(process.hrtime.bigint() - start) }
}

change()
// What filling the store has left to collect is no part of a scrape.
globalThis.gc?.()
const first = await measured()
const later: Array<BlockingFigures & { readonly ns: number }> = []
for (let index = 0; index < laterScrapes; index++) later.push(await measured())
const most = (key: keyof (typeof later)[number]) => Math.max(...later.map((figures) => figures[key]))
console.log(JSON.stringify({
  ns: most("ns"),
  firstBlockedNs: first.blockedNs,
  firstCpuNs: first.cpuNs,
  laterBlockedNs: most("blockedNs"),
  laterCpuNs: most("cpuNs")
}))
await close()
