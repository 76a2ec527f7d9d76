/** Arguments: `ours` or `prom-client`; the number of attributes; of series. Memory that a series takes, with values of its own. */
import { Counter, Registry } from "prom-client"
import * as Shapes from "../support/metricShapes.ts"
import * as Store from "../support/metricStore.ts"

const [library, keyCount, seriesCount] = process.argv.slice(2) as [string, string, string]
const name = "bench_memory_total"
const shapeOf = (sets: number) => Shapes.make({ keys: Number(keyCount), sets, isFresh: true })

/** With the typed arrays, which are not on the heap. */
const usedBytes = (): number => {
  for (let round = 0; round < 4; round++) globalThis.gc?.()
  const { arrayBuffers, heapUsed } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

const { close, store } = await Store.open({ metrics: { cardinalityLimit: 1_000_000 } })
const { keys } = shapeOf(1)
const counter = library === "ours"
  ? store.counter({ name, help: "Steps.", attributes: keys })
  : new Counter({ name, help: "Steps.", labelNames: keys, registers: [new Registry()] })
const increment = (attributes: Record<string, string>) => counter.inc(attributes)
const shape = shapeOf(Number(seriesCount))
shapeOf(1).each(increment)
const before = usedBytes()
shape.each(increment)
console.log(JSON.stringify({ bytes: (usedBytes() - before) / (Number(seriesCount) - 1) }))
await close()
