/** prom-client. Arguments: what to measure; for a scrape, the number of series. */
import { Counter, Histogram, Registry } from "prom-client"
import { nsPerPlainCall, scrapeFigures, type TimeFigures } from "../support/measure.ts"
import * as Load from "../support/metricLoad.ts"

const [what, seriesCount] = process.argv.slice(2) as [string, string?]

const registry = new Registry()
const registers = [registry]
const labelNames = [...Load.keys]
const counter = new Counter({ name: Load.counterName, help: Load.help, labelNames, registers })
const histogram = new Histogram({
  name: Load.histogramName,
  help: Load.help,
  labelNames,
  buckets: [...Load.bounds],
  registers
})

const counted = async () => (await counter.get()).values.reduce((sum, { value }) => sum + value, 0)
const observed = async () =>
  (await histogram.get()).values
    .filter(({ metricName }) => metricName === `${Load.histogramName}_count`)
    .reduce((sum, { value }) => sum + value, 0)

const increment = (set: number) =>
  counter.inc({
    task: Load.tasks[set] as string,
    step: Load.steps[set] as string,
    status: Load.statuses[set] as string
  })

const observe = (set: number) =>
  histogram.observe({
    task: Load.tasks[set] as string,
    step: Load.steps[set] as string,
    status: Load.statuses[set] as string
  }, Load.durations[set] as number)

const scrape = async () => Buffer.from(await registry.metrics()).length

const sets = Load.attributeSets(Number(seriesCount ?? Load.tasks.length))

const candidates: Record<string, () => Promise<TimeFigures>> = {
  counter: () => nsPerPlainCall(increment, counted),
  "counter-bound": () => {
    const children = sets.map((attributes) => counter.labels(attributes))
    return nsPerPlainCall((set) => children[set]?.inc(), counted)
  },
  histogram: () => nsPerPlainCall(observe, observed),
  "histogram-bound": () => {
    const children = sets.map((attributes) => histogram.labels(attributes))
    return nsPerPlainCall((set) => children[set]?.observe(Load.durations[set] as number), observed)
  },
  "counter-mixed": () => {
    const other = new Counter({ name: "bench_other_total", help: Load.help, labelNames: ["step", "task"], registers })
    const single = new Counter({ name: "bench_single_total", help: Load.help, labelNames: ["task"], registers })
    return nsPerPlainCall((set) => {
      const task = Load.tasks[set] as string
      const step = Load.steps[set] as string
      const status = Load.statuses[set] as string
      if (set % 4 === 0) counter.inc({ status, step, task })
      else if (set % 4 === 1) other.inc({ step, task })
      else if (set % 4 === 2) single.inc({ task })
      else counter.inc({ task, step, status })
    }, async () => {
      const values = [await other.get(), await single.get()].flatMap(({ values }) => values)
      return values.reduce((sum, { value }) => sum + value, await counted())
    })
  },
  "scrape-counters": () => scrapeFigures(scrape, sets.length, (index) => counter.inc(sets[index] as Load.Attributes)),
  "scrape-histograms": () =>
    scrapeFigures(
      scrape,
      sets.length,
      (index, round) => histogram.observe(sets[index] as Load.Attributes, Load.durationOf(index + round))
    )
}

const run = candidates[what]
if (run === undefined) throw new Error(`unknown measurement ${what}`)
console.log(JSON.stringify(await run()))
