/** OpenTelemetry JS. Arguments: what to measure; for a scrape, the number of series. */
import { PrometheusExporter, PrometheusSerializer } from "@opentelemetry/exporter-prometheus"
import { AggregationType, MeterProvider } from "@opentelemetry/sdk-metrics"
import { nsPerPlainCall, scrapeFigures, type TimeFigures } from "../support/measure.ts"
import * as Load from "../support/metricLoad.ts"

const [what, seriesCount] = process.argv.slice(2) as [string, string?]

const sets = Load.attributeSets(Number(seriesCount ?? Load.tasks.length))

const reader = new PrometheusExporter({ preventServerStart: true })
const serializer = new PrometheusSerializer("", false, undefined, true, true)
const meter = new MeterProvider({
  readers: [reader],
  views: [
    { instrumentName: Load.counterName, aggregationCardinalityLimit: sets.length + 1 },
    {
      instrumentName: Load.histogramName,
      aggregationCardinalityLimit: sets.length + 1,
      aggregation: { type: AggregationType.EXPLICIT_BUCKET_HISTOGRAM, options: { boundaries: [...Load.bounds] } }
    }
  ]
}).getMeter("bench")
const counter = meter.createCounter(Load.counterName, { description: Load.help })
const histogram = meter.createHistogram(Load.histogramName, { description: Load.help })

const collected = async () => (await reader.collect()).resourceMetrics

const total = async () => {
  let sum = 0
  for (const { metrics } of (await collected()).scopeMetrics) {
    for (const { dataPoints } of metrics) {
      for (const { value } of dataPoints) sum += typeof value === "number" ? value : value.count
    }
  }
  return sum
}

const scrape = async () => Buffer.from(serializer.serialize(await collected())).length

const candidates: Record<string, () => Promise<TimeFigures>> = {
  counter: () =>
    nsPerPlainCall((set) =>
      counter.add(1, {
        task: Load.tasks[set] as string,
        step: Load.steps[set] as string,
        status: Load.statuses[set] as string
      }), total),
  histogram: () =>
    nsPerPlainCall((set) =>
      histogram.record(Load.durations[set] as number, {
        task: Load.tasks[set] as string,
        step: Load.steps[set] as string,
        status: Load.statuses[set] as string
      }), total),
  "scrape-counters": () => scrapeFigures(scrape, sets.length, (index) => counter.add(1, sets[index])),
  "scrape-histograms": () =>
    scrapeFigures(
      scrape,
      sets.length,
      (index, round) => histogram.record(Load.durationOf(index + round), sets[index])
    )
}

const run = candidates[what]
if (run === undefined) throw new Error(`unknown measurement ${what}`)
console.log(JSON.stringify(await run()))
