/** This package. Arguments: what to measure; for a scrape, the number of series, and `whole` for one text. */
import { nsPerPlainCall, scrapeFigures, type TimeFigures } from "../support/measure.ts"
import * as Load from "../support/metricLoad.ts"
import * as Store from "../support/metricStore.ts"

const [what, seriesCount, form] = process.argv.slice(2) as [string, string?, string?]

const sets = Load.attributeSets(Number(seriesCount ?? Load.tasks.length))

const { close, scrape: scrapePieces, scrapeWhole, store, total } = await Store.open({
  metrics: { cardinalityLimit: Math.max(2000, sets.length + 1) }
})
const counter = store.counter({ name: Load.counterName, help: Load.help, attributes: Load.keys })
const histogram = store.histogram({
  name: Load.histogramName,
  help: Load.help,
  unit: "seconds",
  attributes: Load.keys,
  buckets: Load.bounds
})

const scrape = form === "whole" ? scrapeWhole : scrapePieces
const counted = () => total(Load.counterName)
const observed = () => total(Load.histogramName)

const candidates: Record<string, () => Promise<TimeFigures>> = {
  counter: () =>
    nsPerPlainCall((set) =>
      counter.inc({
        task: Load.tasks[set] as string,
        step: Load.steps[set] as string,
        status: Load.statuses[set] as string
      }), counted),
  "counter-bound": () => {
    const bound = sets.map((attributes) => counter.bind(attributes))
    return nsPerPlainCall((set) => bound[set]?.inc(), counted)
  },
  histogram: () =>
    nsPerPlainCall((set) =>
      histogram.observe({
        task: Load.tasks[set] as string,
        step: Load.steps[set] as string,
        status: Load.statuses[set] as string
      }, Load.durations[set] as number), observed),
  "histogram-bound": () => {
    const bound = sets.map((attributes) => histogram.bind(attributes))
    return nsPerPlainCall((set) => bound[set]?.observe(Load.durations[set] as number), observed)
  },
  "counter-mixed": () => {
    const other = store.counter({ name: "bench_other_total", help: Load.help, attributes: ["step", "task"] })
    const single = store.counter({ name: "bench_single_total", help: Load.help, attributes: ["task"] })
    return nsPerPlainCall((set) => {
      const task = Load.tasks[set] as string
      const step = Load.steps[set] as string
      const status = Load.statuses[set] as string
      if (set % 4 === 0) counter.inc({ status, step, task })
      else if (set % 4 === 1) other.inc({ step, task })
      else if (set % 4 === 2) single.inc({ task })
      else counter.inc({ task, step, status })
    }, () => total(Load.counterName, "bench_other_total", "bench_single_total"))
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
await close()
