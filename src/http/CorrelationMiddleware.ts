/**
 * Reads the correlation id and the trace context from each request, and writes
 * them to each response.
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
 * Runs every request of the app under a correlation id, and answers with it.
 *
 * **Details**
 *
 * The id comes from the header `correlation.header`. A missing or invalid id is replaced by a new one. Handlers, and
 * the tasks that they start, find the id in `Correlation.CorrelationId`. Each log line of the request, the server span
 * and every response have the id, even a 404 or 500.
 *
 * Effect's server tracer reads the incoming `traceparent` and opens the server span as its child. The `traceparent` of
 * the response names the server span. A request without a server span gets no `traceparent`. The request's `tracestate`
 * and `baggage` are continued.
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
 *   Effect.map(Correlation.CorrelationId, (id) => HttpServerResponse.text(id ?? "no id"))
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
    // Answers of the router and of failures pass no middleware. They do pass this handler.
    HttpEffect.appendPreResponseHandlerUnsafe(
      fiber.context,
      (_, response) => Effect.succeed(HttpServerResponse.setHeaders(response, answered))
    )
    // Effect logs its line about the response after the app has ended, so the id is set in the fiber. The server
    // restores the fiber's context after the request.
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
