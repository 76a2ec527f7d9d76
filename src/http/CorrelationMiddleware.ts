/**
 * Carries the correlation id and the trace context over HTTP: read from each
 * request, answered in each response.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as HttpEffect from "effect/http/HttpEffect"
import * as HttpRouter from "effect/http/HttpRouter"
import { HttpServerRequest } from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as HttpTraceContext from "effect/http/HttpTraceContext"
import type * as Layer from "effect/Layer"
import * as Tracer from "effect/Tracer"
import * as TelemetryConfig from "../config/TelemetryConfig.ts"
import { Attribute } from "../Conventions.ts"
import * as Correlation from "../Correlation.ts"
import * as Baggage from "../tracing/Baggage.ts"
import * as TraceCarrier from "../tracing/TraceCarrier.ts"

/**
 * Runs every request of the app under a correlation id and answers with it.
 *
 * **Details**
 *
 * The id comes from the header `correlation.header`; a missing or invalid one is
 * replaced by a new id. Handlers, and the tasks they start, find it in
 * `Correlation.CorrelationId`; it is on every log line of the request and on the
 * server span. Every response has it, also a 404 of the router and a 500.
 *
 * The incoming `traceparent` is read by Effect's server tracer, which opens the
 * server span as its child; the response's `traceparent` names that span. A
 * request without a server span is answered without `traceparent`. The
 * request's `tracestate` and `baggage` are continued.
 *
 * **Example** (An app with correlated requests)
 *
 * ```ts
 * import * as Effect from "effect/Effect"
 * import * as HttpRouter from "effect/http/HttpRouter"
 * import * as HttpServerResponse from "effect/http/HttpServerResponse"
 * import * as Layer from "effect/Layer"
 * import * as Correlation from "tasker-telemetry/Correlation"
 * import * as CorrelationMiddleware from "tasker-telemetry/http/CorrelationMiddleware"
 *
 * const WhoAmI = HttpRouter.add(
 *   "GET",
 *   "/who-am-i",
 *   Effect.map(Correlation.CorrelationId, (id) => HttpServerResponse.text(id ?? "nobody"))
 * )
 * const App = Layer.mergeAll(WhoAmI, CorrelationMiddleware.layer)
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<never, never, HttpRouter.HttpRouter> = HttpRouter.middleware(
  Effect.map(TelemetryConfig.Current, ({ correlation }) => {
    const header = correlation.header.toLowerCase()
    return <E, R>(app: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>) =>
      Effect.gen(function*() {
        const { headers } = yield* HttpServerRequest
        const id = yield* Correlation.fromHeaders(headers, header)
        const baggage = yield* TraceCarrier.continueRequest(headers)
        return yield* correlated(app, header, id, baggage)
      })
  }),
  { global: true }
)

const correlated = <A, E, R>(
  app: Effect.Effect<A, E, R>,
  header: string,
  id: string,
  baggage: Baggage.Baggage
): Effect.Effect<A, E, R> =>
  Effect.withFiber((fiber) => {
    const answered = { [header]: id, ...traceparent(fiber.context, id) }
    // Before the response is sent is the one place that answers of the router and of failures pass, too.
    HttpEffect.appendPreResponseHandlerUnsafe(
      fiber.context,
      (_, response) => Effect.succeed(HttpServerResponse.setHeaders(response, answered))
    )
    // Not provided to the app alone: the line that Effect logs about the response comes after it. The server puts
    // back the context it had before the request.
    fiber.setContext(
      fiber.context.pipe(Context.add(Correlation.CorrelationId, id), Context.add(Baggage.Current, baggage))
    )
    return app
  })

const traceparent = (context: Context.Context<never>, id: string): Readonly<Record<string, string>> => {
  const span = Context.getOrUndefined(context, Tracer.ParentSpan)
  if (span?._tag !== "Span" || span.kind !== "server") return {}
  span.attribute(Attribute.correlationId, id)
  const { traceparent } = HttpTraceContext.toHeaders(span)
  return traceparent === undefined ? {} : { traceparent }
}
