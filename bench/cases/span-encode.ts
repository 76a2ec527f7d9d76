/**
 * Arguments: library and encoding, shape of spans. Answers with the cost of a batch: 512 spans that have ended become
 * the bytes of a request.
 */
import * as Api from "@opentelemetry/api"
import { JsonTraceSerializer, ProtobufTraceSerializer } from "@opentelemetry/otlp-transformer"
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base"
import * as Effect from "effect/Effect"
import * as HttpBody from "effect/http/HttpBody"
import * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import { layerJson, OtlpSerialization } from "effect/observability/OtlpSerialization"
import * as OtlpTracer from "effect/observability/OtlpTracer"
import { TelemetryTracer } from "tasker-telemetry"
import type { Protocol } from "../../src/delivery/Otlp.ts"
import * as OtlpSpans from "../../src/tracing/internal/OtlpSpans.ts"
import { SpanMemory } from "../../src/tracing/internal/SpanMemory.ts"
import { answer } from "../support/answer.ts"
import * as EffectSpans from "../support/effectSpans.ts"
import { encodings, inBatches } from "../support/encodings.ts"
import * as Otel from "../support/otelSpans.ts"
import { record, type Shape } from "../support/spanLoad.ts"

const [candidate, shape] = process.argv.slice(2) as [string, Shape]

const batch = record(EffectSpans.library, shape)

const ours = async (protocol: Protocol) => {
  const recorded = Effect.andThen(batch, Effect.flatMap(SpanMemory, ({ spans }) => spans))
  const layer = Layer.provideMerge(SpanMemory.layer, TelemetryTracer.layer)
  const batches = inBatches(await Effect.runPromise(Effect.provide(recorded, layer)))
  return encodings(batches, OtlpSpans.encoder(protocol, { name: "bench", version: undefined, attributes: {} }))
}

const otel = async (serializer: typeof JsonTraceSerializer) => {
  const exporter = new InMemorySpanExporter()
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] })
  const tracer = provider.getTracer("bench")
  await Effect.runPromise(record(
    Otel.library({ tracer, root: Api.ROOT_CONTEXT, setSpan: Api.trace.setSpan }),
    shape
  ))
  return encodings(
    inBatches(exporter.getFinishedSpans()),
    (spans) => serializer.serializeRequest([...spans]) ?? new Uint8Array()
  )
}

/** Effect makes an object of each span when it ends; its encoding begins with these objects. */
const effect = async () => {
  const spans: Array<OtlpTracer.TraceData["resourceSpans"][number]["scopeSpans"][number]["spans"][number]> = []
  const keep = (data: OtlpTracer.TraceData) => {
    spans.push(...(data.resourceSpans[0]?.scopeSpans[0]?.spans ?? []))
    return HttpBody.empty
  }
  const tracer = OtlpTracer.layer({ resource: { serviceName: "bench" }, url: "http://127.0.0.1:9" }).pipe(
    Layer.provide(Layer.merge(
      Layer.succeed(OtlpSerialization, { traces: keep, metrics: () => HttpBody.empty, logs: () => HttpBody.empty }),
      Layer.succeed(HttpClient.HttpClient, HttpClient.make(() => Effect.never))
    ))
  )
  await Effect.runPromise(Effect.provide(batch, tracer))
  const json = await Effect.runPromise(Effect.provide(OtlpSerialization, layerJson))
  const resource = { attributes: [], droppedAttributesCount: 0 }
  return encodings(inBatches(spans), (spans) => {
    const { body } = json.traces({
      resourceSpans: [{ resource, scopeSpans: [{ scope: { name: "effect" }, spans: [...spans] }] }]
    }) as HttpBody.Uint8Array
    return body
  })
}

const candidates: Record<string, () => ReturnType<typeof ours>> = {
  "ours http/protobuf": () => ours("http/protobuf"),
  "ours http/json": () => ours("http/json"),
  "otel http/protobuf": () => otel(ProtobufTraceSerializer),
  "otel http/json": () => otel(JsonTraceSerializer),
  "effect http/json": effect
}

const make = candidates[candidate]
if (make === undefined) throw new Error(`unknown candidate ${candidate}`)
await answer(await make())
