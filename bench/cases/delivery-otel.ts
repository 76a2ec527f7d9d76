/** Sends spans with the OpenTelemetry SDK: `delivery-otel.ts <endpoint>`, started with a channel for messages. */
import { diag, DiagLogLevel } from "@opentelemetry/api"
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto"
import { BasicTracerProvider, BatchSpanProcessor } from "@opentelemetry/sdk-trace-base"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { serve } from "../../test/support/faults/serve.ts"

const exporter = new OTLPTraceExporter({ url: `${process.argv[2]}/v1/traces` })
const provider = new BasicTracerProvider({
  spanProcessors: [new BatchSpanProcessor(exporter, { scheduledDelayMillis: 1000 })]
})
const tracer = provider.getTracer("bench")

const reports: Array<string> = []
const report = (...parts: ReadonlyArray<unknown>) => void reports.push(parts.map(String).join(" "))
diag.setLogger({ error: report, warn: report, info: () => {}, debug: () => {}, verbose: () => {} }, DiagLogLevel.WARN)

Effect.runFork(serve({
  layer: Layer.effectDiscard(
    Effect.acquireRelease(Effect.void, () => Effect.ignore(Effect.tryPromise(() => provider.shutdown())))
  ),
  record: (number) => Effect.sync(() => tracer.startSpan("work", { attributes: { number } }).end()),
  flush: Effect.ignore(Effect.tryPromise(() => provider.forceFlush())),
  accounts: Effect.succeed({}),
  reports: () => reports
}))
