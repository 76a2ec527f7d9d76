/**
 * `@effect/opentelemetry` over OpenTelemetry's SDK 2. Arguments: the shape of spans, and the address of a receiver.
 * Without an address the exporter takes all spans and does nothing. Answers with the cost of a span.
 */
import * as OtelTracer from "@effect/opentelemetry/OtelTracer"
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto"
import { BasicTracerProvider, BatchSpanProcessor } from "@opentelemetry/sdk-trace-base"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import { answer, costOf } from "../support/answer.ts"
import { library } from "../support/effectSpans.ts"
import * as Otel from "../support/otelSpans.ts"
import { record, type Shape, spansPerBatch } from "../support/spanLoad.ts"

const [shape, url] = process.argv.slice(2) as [Shape, string?]

const counting = Otel.counting()
const exporter = url === undefined ? counting.exporter : new OTLPTraceExporter({ url: `${url}/v1/traces` })
const processor = new BatchSpanProcessor(exporter, Otel.queue)
const provider = new BasicTracerProvider({ spanProcessors: [processor] })

const runtime = ManagedRuntime.make(
  OtelTracer.layer.pipe(Layer.provide(Layer.succeed(OtelTracer.OtelTracerProvider, provider)))
)
const batch = record(library, shape)
let batches = 0

await answer(async () => {
  const cost = await costOf(spansPerBatch, async () => {
    await runtime.runPromise(batch)
    if (url !== undefined) await provider.forceFlush()
  })
  await provider.forceFlush()
  batches++
  if (url === undefined && counting.count() !== batches * spansPerBatch) throw new Error("spans are missing")
  return cost
})
await provider.shutdown()
