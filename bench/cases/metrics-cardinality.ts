/** Argument: how many distinct values one attribute of a histogram gets. What is kept, what is lost. */
import * as Load from "../support/metricLoad.ts"
import * as Store from "../support/metricStore.ts"

const [distinct] = process.argv.slice(2).map(Number) as [number]

/** With the typed arrays, which are not on the heap. */
const usedBytes = (): number => {
  globalThis.gc?.()
  globalThis.gc?.()
  const { arrayBuffers, heapUsed } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

const { close, snapshot, store } = await Store.open()
const histogram = store.histogram({
  name: Load.histogramName,
  help: Load.help,
  unit: "seconds",
  attributes: ["customer", "step"],
  buckets: Load.bounds
})
await snapshot()
const before = usedBytes()
const start = process.hrtime.bigint()
for (let index = 0; index < distinct; index++) {
  histogram.observe({ customer: `customer-${index}`, step: "charge" }, 0.25)
}
const ns = Number(process.hrtime.bigint() - start) / distinct
const growthBytes = usedBytes() - before
const read = await snapshot()
const series = read.metrics.find(({ name }) => name === Load.histogramName)?.series.length
console.log(JSON.stringify({ ns, growthBytes, series, lost: distinct - Store.totalOf(read, [Load.histogramName]) }))
await close()
