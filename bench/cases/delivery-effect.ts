/** Sends spans with Effect's own exporter: `delivery-effect.ts <endpoint>`, started with a channel for messages. */
import * as Effect from "effect/Effect"
import { FetchHttpClient } from "effect/http"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import { Otlp, OtlpExporter } from "effect/observability"
import { serve } from "../../test/support/faults/serve.ts"

const reports: Array<string> = []
const logger = Logger.make(({ message }) => void reports.push(String(message)))

Effect.runFork(serve({
  layer: Layer.provideMerge(
    Layer.provide(
      Otlp.layerJson({
        baseUrl: process.argv[2]!,
        resource: { serviceName: "bench" },
        tracerExportInterval: "1 second"
      }),
      FetchHttpClient.layer
    ),
    Logger.layer([logger])
  ),
  record: (number) => Effect.withSpan(Effect.void, "work", { attributes: { number }, captureStackTrace: false }),
  flush: Effect.flatMap(OtlpExporter.Flusher, ({ flush }) => flush),
  accounts: Effect.succeed({}),
  reports: () => reports
}))
