/**
 * OpenTelemetry JS 3 by hand. Arguments: the shape of spans, and the address of a receiver.
 * Without an address the exporter takes all spans and does nothing. Answers with the cost of a span.
 */
import * as Api from "@opentelemetry/api"
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto"
import { BatchSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace"
import * as Effect from "effect/Effect"
import { answer, costOf } from "../support/answer.ts"
import * as Otel from "../support/otelSpans.ts"
import { record, type Shape, spansPerBatch } from "../support/spanLoad.ts"

const [shape, url] = process.argv.slice(2) as [Shape, string?]

const counting = Otel.counting()
const exporter = url === undefined ? counting.exporter : new OTLPTraceExporter({ url: `${url}/v1/traces` })
const provider = new TracerProvider({ spanProcessors: [new BatchSpanProcessor({ exporter, ...Otel.queue })] })
const library = Otel.library({
  tracer: provider.getTracer("bench"),
  root: Api.ROOT_CONTEXT,
  setSpan: Api.trace.setSpan
})
const batch = record(library, shape)
let batches = 0

await answer(async () => {
  const cost = await costOf(spansPerBatch, async () => {
    await Effect.runPromise(batch)
    if (url !== undefined) await provider.forceFlush()
  })
  await provider.forceFlush()
  batches++
  if (url === undefined && counting.count() !== batches * spansPerBatch) throw new Error("spans are missing")
  return cost
})
await provider.shutdown()
