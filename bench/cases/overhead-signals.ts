/** What a step of a task leaves: spans, span events, lines and measurements. Arguments: the graph, and tasks. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { LogDestination, MetricStore, TaskRunner, Telemetry } from "tasker-telemetry"
import { SpanMemory } from "../../src/tracing/internal/SpanMemory.ts"
import { type Graph, stepsPerTask, StepWork, taskOf } from "../support/stepLoad.ts"

const [graph, tasks] = process.argv.slice(2) as [Graph, string]
const count = Number(tasks)
const task = taskOf(graph, new StepWork().effect)

/** Histograms have how often they were observed, counters what was added to them. */
const measured = Effect.flatMap(MetricStore.MetricStore, (store) =>
  Effect.map(store.snapshot, ({ metrics }) => {
    let sum = 0
    for (const metric of metrics) {
      if (metric.type === "histogram") { for (const { value } of metric.series) sum += value.count }
      if (metric.type === "counter" && metric.observed !== true) { for (const { value } of metric.series) sum += value }
    }
    return sum
  }))

const program = Effect.gen(function*() {
  for (let order = 0; order < count; order++) yield* TaskRunner.run(task, { orderId: `order-${order}` })
  const spans = yield* (yield* SpanMemory).spans
  const lines = yield* (yield* LogDestination.LogMemory).lines
  const steps = count * stepsPerTask
  const events = spans.reduce((sum, span) => sum + span.events.length, 0)
  console.log(JSON.stringify({
    spans: spans.length / steps,
    events: events / steps,
    lines: lines.length / steps,
    measurements: (yield* measured) / steps
  }))
})

const layer = SpanMemory.layer.pipe(
  Layer.provideMerge(Telemetry.layer({ metrics: { runtime: false } }, { logDestination: LogDestination.layerMemory })),
  // The same layer is built once.
  Layer.merge(LogDestination.layerMemory)
)
await Effect.runPromise(Effect.provide(program, layer))
