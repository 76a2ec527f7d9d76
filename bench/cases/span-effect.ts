/**
 * Effect's own tracer for OTLP. Arguments: the shape of spans, and the address of a receiver. Without an address spans
 * are queued, and not encoded. Answers with the cost of a span.
 */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as Effect from "effect/Effect"
import * as HttpBody from "effect/http/HttpBody"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import { Flusher } from "effect/observability/OtlpExporter"
import * as OtlpSerialization from "effect/observability/OtlpSerialization"
import * as OtlpTracer from "effect/observability/OtlpTracer"
import { answer, costOf } from "../support/answer.ts"
import { library } from "../support/effectSpans.ts"
import { record, type Shape, spansPerBatch } from "../support/spanLoad.ts"

const [shape, url] = process.argv.slice(2) as [Shape, string?]

const nothing = () => HttpBody.empty
const nowhere = Layer.merge(
  Layer.succeed(OtlpSerialization.OtlpSerialization, { traces: nothing, metrics: nothing, logs: nothing }),
  Layer.succeed(
    HttpClient.HttpClient,
    HttpClient.make((request) => Effect.succeed(HttpClientResponse.fromWeb(request, new Response())))
  )
)
const sink = Layer.merge(OtlpSerialization.layerJson, NodeHttpClient.layerUndici)

const runtime = ManagedRuntime.make(
  OtlpTracer.layer({
    resource: { serviceName: "bench" },
    url: `${url ?? "http://127.0.0.1:9"}/v1/traces`,
    maxBatchSize: 512
  }).pipe(
    Layer.provide(url === undefined ? nowhere : sink)
  )
)

const flush = Effect.flatMap(Flusher, ({ flush }) => flush)
const batch = record(library, shape)

await answer(async () => {
  const all = url === undefined ? batch : Effect.andThen(batch, flush)
  const cost = await costOf(spansPerBatch, () => runtime.runPromise(all))
  await runtime.runPromise(flush)
  return cost
})
await runtime.dispose()
