/**
 * Statements of `pg`. Arguments: `bare` or `instrumented`, and the address of a PostgreSQL. `instrumented` makes the spans
 * and metrics of OpenTelemetry JS 2. Answers with the cost of a statement.
 */
import { PgInstrumentation } from "@opentelemetry/instrumentation-pg"
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader
} from "@opentelemetry/sdk-metrics"
import { BasicTracerProvider, BatchSpanProcessor } from "@opentelemetry/sdk-trace-base"
import * as Otel from "../support/otelSpans.ts"
import { measure } from "../support/pgStatements.ts"

const [mode, url] = process.argv.slice(2) as ["bare" | "instrumented", string]

const { count, exporter } = Otel.counting()
const provider = new BasicTracerProvider({ spanProcessors: [new BatchSpanProcessor(exporter, Otel.queue)] })
const metrics = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)

if (mode === "instrumented") {
  const instrumentation = new PgInstrumentation()
  instrumentation.setTracerProvider(provider)
  instrumentation.setMeterProvider(
    new MeterProvider({ readers: [new PeriodicExportingMetricReader({ exporter: metrics })] })
  )
  await measure(url, async () => {
    await provider.forceFlush()
    return count()
  })
} else await measure(url)
