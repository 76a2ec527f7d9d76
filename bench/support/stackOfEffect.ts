/** Effect's own OTLP layer for all three signals. Its JSON costs less than its protobuf. */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Otlp from "effect/observability/Otlp"
import { Flusher } from "effect/observability/OtlpExporter"
import * as Stacks from "./stacks.ts"

export const make = (url: string): Stacks.Stack =>
  Stacks.make(
    Otlp.layerJson({ baseUrl: url, resource: { serviceName: "bench" } }).pipe(
      Layer.provide(NodeHttpClient.layerUndici),
      // Effect's loggers as they are, without the one of the console.
      Layer.provide(Logger.layer([Logger.tracerLogger]))
    ),
    Effect.flatMap(Flusher, ({ flush }) => flush)
  )
