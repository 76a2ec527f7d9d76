/** OpenTelemetry's SDK 2 for all three signals, sending protobuf. */
import { OTLPLogExporter } from "@opentelemetry/exporter-logs-otlp-proto"
import { OTLPMetricExporter } from "@opentelemetry/exporter-metrics-otlp-proto"
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto"
import { resourceFromAttributes } from "@opentelemetry/resources"
import { BatchLogRecordProcessor, LoggerProvider } from "@opentelemetry/sdk-logs"
import { PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics"
import { BasicTracerProvider, BatchSpanProcessor } from "@opentelemetry/sdk-trace-base"
import { batchSize, queueSize } from "./stacks.ts"

const queue = { maxQueueSize: queueSize, maxExportBatchSize: batchSize }

export const make = (url: string) => {
  const resource = resourceFromAttributes({ "service.name": "bench" })
  const tracers = new BasicTracerProvider({
    resource,
    spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter({ url: `${url}/v1/traces` }), queue)]
  })
  const loggers = new LoggerProvider({
    resource,
    processors: [new BatchLogRecordProcessor({ exporter: new OTLPLogExporter({ url: `${url}/v1/logs` }), ...queue })]
  })
  const reader = new PeriodicExportingMetricReader({ exporter: new OTLPMetricExporter({ url: `${url}/v1/metrics` }) })
  return {
    resource,
    tracers,
    loggers,
    reader,
    flush: () => Promise.all([tracers.forceFlush(), loggers.forceFlush(), reader.forceFlush()])
  }
}
