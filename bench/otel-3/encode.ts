/** OpenTelemetry JS 3. Argument: shape of spans. Answers with the cost of a batch of 512 spans in http/protobuf. */
import * as Api from "@opentelemetry/api"
import { ProtobufTraceSerializer } from "@opentelemetry/otlp-transformer"
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace"
import * as Effect from "effect/Effect"
import { answer } from "../support/answer.ts"
import { encodings, inBatches } from "../support/encodings.ts"
import * as Otel from "../support/otelSpans.ts"
import { record, type Shape } from "../support/spanLoad.ts"

const [shape] = process.argv.slice(2) as [Shape]

const exporter = new InMemorySpanExporter()
const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] })
const tracer = provider.getTracer("bench")
await Effect.runPromise(record(
  Otel.library({ tracer, root: Api.ROOT_CONTEXT, setSpan: Api.trace.setSpan }),
  shape
))

await answer(encodings(
  inBatches(exporter.getFinishedSpans()),
  (spans) => ProtobufTraceSerializer.serializeRequest([...spans]) ?? new Uint8Array()
))
