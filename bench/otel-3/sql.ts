/**
 * Statements of `pg` with the spans and metrics of OpenTelemetry JS 3. Argument: the address of a PostgreSQL. Answers with
 * the cost of a statement.
 */
import { PgInstrumentation } from "@opentelemetry/instrumentation-pg"
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader
} from "@opentelemetry/sdk-metrics"
import { BatchSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace"
import * as Otel from "../support/otelSpans.ts"
import { measure } from "../support/pgStatements.ts"

const [url] = process.argv.slice(2) as [string]

const { count, exporter } = Otel.counting()
const provider = new TracerProvider({ spanProcessors: [new BatchSpanProcessor({ exporter, ...Otel.queue })] })
const metrics = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
const instrumentation = new PgInstrumentation()
instrumentation.setTracerProvider(provider)
instrumentation.setMeterProvider(
  new MeterProvider({ readers: [new PeriodicExportingMetricReader({ exporter: metrics })] })
)

await measure(url, async () => {
  await provider.forceFlush()
  return count()
})
