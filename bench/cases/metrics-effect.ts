/** Effect's own `Metric`. Arguments: what to measure; for a scrape, the number of series. */
import * as Context from "effect/Context"
import * as Metric from "effect/Metric"
import * as PrometheusMetrics from "effect/observability/PrometheusMetrics"
import { nsPerPlainCall, scrapeFigures, type TimeFigures } from "../support/measure.ts"
import * as Load from "../support/metricLoad.ts"

const [what, seriesCount] = process.argv.slice(2) as [string, string?]

const sets = Load.attributeSets(Number(seriesCount ?? Load.tasks.length))

const context = Context.make(Metric.MetricRegistry, new Map())
const counter = Metric.counter(Load.counterName, { description: Load.help, incremental: true })
const histogram = Metric.histogram(Load.histogramName, { description: Load.help, boundaries: Load.bounds })

/** One metric for each attribute set: the way that keeps its key. */
const counters = sets.map((attributes) =>
  Metric.counter(Load.counterName, { description: Load.help, incremental: true, attributes: { ...attributes } })
)
const histograms = sets.map((attributes) =>
  Metric.histogram(Load.histogramName, {
    description: Load.help,
    boundaries: Load.bounds,
    attributes: { ...attributes }
  })
)

const total = () =>
  Metric.snapshotUnsafe(context).reduce(
    (sum, series) => sum + Number((series.state as { readonly count: number | bigint }).count),
    0
  )

const scrape = () => Buffer.from(PrometheusMetrics.formatUnsafe(context)).length

const candidates: Record<string, () => Promise<TimeFigures>> = {
  counter: () =>
    nsPerPlainCall((set) =>
      Metric.withAttributes(counter, {
        task: Load.tasks[set] as string,
        step: Load.steps[set] as string,
        status: Load.statuses[set] as string
      }).updateUnsafe(1, context), total),
  "counter-bound": () => nsPerPlainCall((set) => counters[set]?.updateUnsafe(1, context), total),
  histogram: () =>
    nsPerPlainCall((set) =>
      Metric.withAttributes(histogram, {
        task: Load.tasks[set] as string,
        step: Load.steps[set] as string,
        status: Load.statuses[set] as string
      }).updateUnsafe(Load.durations[set] as number, context), total),
  "histogram-bound": () =>
    nsPerPlainCall((set) => histograms[set]?.updateUnsafe(Load.durations[set] as number, context), total),
  "scrape-counters": () => scrapeFigures(scrape, sets.length, (index) => counters[index]?.updateUnsafe(1, context)),
  "scrape-histograms": () =>
    scrapeFigures(
      scrape,
      sets.length,
      (index, round) => histograms[index]?.updateUnsafe(Load.durationOf(index + round), context)
    )
}

const run = candidates[what]
if (run === undefined) throw new Error(`unknown measurement ${what}`)
console.log(JSON.stringify(await run()))
