/** `@effect/opentelemetry` over OpenTelemetry's SDK 2. */
import * as OtelLogger from "@effect/opentelemetry/OtelLogger"
import * as OtelMetrics from "@effect/opentelemetry/OtelMetrics"
import * as OtelTracer from "@effect/opentelemetry/OtelTracer"
import * as Resource from "@effect/opentelemetry/Resource"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Otel from "./otelProviders.ts"
import * as Stacks from "./stacks.ts"

export const make = (url: string): Stacks.Stack => {
  const { flush, loggers, reader, tracers } = Otel.make(url)
  const layer = Layer.mergeAll(
    Layer.provide(OtelTracer.layer, Layer.succeed(OtelTracer.OtelTracerProvider, tracers)),
    Layer.provide(
      OtelLogger.layer({ mergeWithExisting: true }),
      Layer.merge(
        Layer.succeed(OtelLogger.OtelLoggerProvider, loggers),
        // Effect's loggers as they are, without the one of the console.
        Logger.layer([Logger.tracerLogger])
      )
    ),
    OtelMetrics.layer(() => reader)
  ).pipe(Layer.provide(Resource.layer({ serviceName: "bench" })))
  return Stacks.make(layer, Effect.promise(flush))
}
