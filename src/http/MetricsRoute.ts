/**
 * `GET /metrics`: what the metric store holds, for Prometheus to scrape.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as HttpMiddleware from "effect/http/HttpMiddleware"
import * as HttpRouter from "effect/http/HttpRouter"
import { HttpServerRequest } from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import { MetricStore } from "../metrics/MetricStore.ts"
import * as PrometheusFormat from "../metrics/PrometheusFormat.ts"
import * as TelemetryConfig from "../TelemetryConfig.ts"
import * as Answer from "./Answer.ts"
import * as BearerToken from "./BearerToken.ts"

/**
 * Adds `GET /metrics` to the router.
 *
 * **Details**
 *
 * Answers 200 in the Prometheus text format, 404 where metrics are disabled.
 * With `metrics.authRequired` a request without the bearer token `http.token` is
 * answered 401, whatever else is the case. The server's log has no line about
 * these requests.
 *
 * **Example** (Metrics beside routes of one's own)
 *
 * ```ts
 * import * as HttpRouter from "effect/http/HttpRouter"
 * import * as HttpServerResponse from "effect/http/HttpServerResponse"
 * import * as Layer from "effect/Layer"
 * import * as MetricsRoute from "tasker-telemetry/http/MetricsRoute"
 *
 * const Hello = HttpRouter.add("GET", "/hello", HttpServerResponse.text("hello"))
 * const App = Layer.mergeAll(Hello, MetricsRoute.layer)
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<never, never, HttpRouter.HttpRouter | MetricStore> = Layer.effectDiscard(
  Effect.gen(function*() {
    const { enabled, http, metrics } = yield* TelemetryConfig.Current
    const router = yield* HttpRouter.HttpRouter
    const store = yield* MetricStore
    const verify = BearerToken.verifier(http.token)

    const scrape = Effect.map(store.snapshot, (snapshot) =>
      HttpServerResponse.text(PrometheusFormat.format(snapshot), {
        contentType: PrometheusFormat.contentType,
        headers: { "cache-control": "no-store" }
      }))
    const answer = enabled && metrics.enabled ? scrape : Effect.succeed(disabled)
    const guarded = metrics.authRequired
      ? Effect.flatMap(
        HttpServerRequest,
        (request) => verify(request) ? answer : Effect.succeed(BearerToken.unauthorized)
      )
      : answer
    yield* router.add("GET", "/metrics", HttpMiddleware.withLoggerDisabled(Answer.contained(guarded)))
  })
)

const disabled = Answer.json(404, { error: "metrics_disabled" })
