/**
 * The plain program of `overhead-plain.ts` with OpenTelemetry's API by hand. Argument: the address of a receiver.
 * Answers with the cost of a step.
 */
import * as Api from "@opentelemetry/api"
import { SeverityNumber } from "@opentelemetry/api-logs"
import { MeterProvider } from "@opentelemetry/sdk-metrics"
import * as Effect from "effect/Effect"
import * as Otel from "../support/otelProviders.ts"
import { answerSteps, stepNames, StepWork } from "../support/stepLoad.ts"

const url = process.argv[2] as string
const { flush, loggers, reader, resource, tracers } = Otel.make(url)
const meter = new MeterProvider({ resource, readers: [reader] }).getMeter("bench")
const tracer = tracers.getTracer("bench")
const logger = loggers.getLogger("bench")
const counter = meter.createCounter("orders_steps_total")
const duration = meter.createHistogram("orders_step_seconds", {
  advice: { explicitBucketBoundaries: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5] }
})

const work = new StepWork()

const step = (step: string, order: number, parent: Api.Context): Effect.Effect<void> =>
  Effect.gen(function*() {
    const attributes = { "order.id": `order-${order}`, "order.step": step, "order.attempt": 1 }
    const span = tracer.startSpan(step, { attributes }, parent)
    yield* work.effect
    counter.add(1, { step, status: "complete" })
    duration.record(0.001, { step })
    span.addEvent("step finished", { "log.level": "INFO", order_id: `order-${order}`, step, status: "complete" })
    logger.emit({
      severityNumber: SeverityNumber.INFO,
      severityText: "INFO",
      body: "step finished",
      attributes: { order_id: `order-${order}`, step, status: "complete" },
      context: Api.trace.setSpan(parent, span)
    })
    span.end()
  })

const task = (order: number) =>
  Effect.gen(function*() {
    const root = tracer.startSpan("process order", {}, Api.ROOT_CONTEXT)
    const context = Api.trace.setSpan(Api.ROOT_CONTEXT, root)
    for (const name of stepNames) yield* step(name, order, context)
    root.end()
  })

const batch = Effect.fnUntraced(function*(count: number) {
  for (let order = 0; order < count; order++) yield* task(order)
})

await answerSteps(work, async ({ tasks }) => {
  await Effect.runPromise(batch(tasks))
  await flush()
})
await Promise.all([tracers.shutdown(), loggers.shutdown(), reader.shutdown()])
