/**
 * `GET /metrics`: the metrics of the store, for Prometheus to scrape.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as HttpMiddleware from "effect/http/HttpMiddleware"
import { HttpPlatform } from "effect/http/HttpPlatform"
import type * as HttpRouter from "effect/http/HttpRouter"
import { HttpServerRequest } from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import type * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import * as TelemetryConfig from "../config/TelemetryConfig.ts"
import type { Dropped } from "../metrics/internal/exposition/PrometheusFamilies.ts"
import { MetricStore } from "../metrics/MetricStore.ts"
import { Metrics } from "./internal/api/metrics.ts"
import * as ApiRoutes from "./internal/ApiRoutes.ts"
import * as ExpositionFormats from "./internal/ExpositionFormats.ts"
import * as JsonResponse from "./internal/JsonResponse.ts"
import * as Negotiation from "./internal/Negotiation.ts"
import * as SharedSnapshot from "./internal/SharedSnapshot.ts"

/**
 * Adds `GET /metrics` to the router.
 *
 * **Details**
 *
 * It answers 200 in the format that the `Accept` header prefers: OpenMetrics,
 * Prometheus protobuf, JSON or CSV. Without a preference it answers in the
 * Prometheus text format 0.0.4. If the client accepts gzip, the answer is
 * compressed. If metrics are disabled, it answers 404. With
 * `metrics.authRequired` or `http.authRequired`, a request without the bearer
 * token `http.token`, or a token of `http.tokens` with the scope `metrics:read`,
 * is always answered 401. The server's log has no lines about these requests.
 *
 * A scrape that arrives while another one is written gets the same snapshot, if
 * it is at most `metrics.scrapeMaxAge` old (one second by default).
 *
 * The answer is written in pieces, so other requests get their turn in between.
 * If the format cannot express something, such as a second metric of the same
 * name, it is left out and logged once.
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
export const layer: Layer.Layer<never, never, HttpRouter.HttpRouter | HttpPlatform | MetricStore> = ApiRoutes.layer(
  Metrics,
  Effect.fnUntraced(function*(handlers) {
    const { enabled, metrics } = yield* TelemetryConfig.Current
    const platform = yield* HttpPlatform
    const store = yield* MetricStore
    const shared = SharedSnapshot.make(store.snapshot, metrics.scrapeMaxAge)
    const warn = warnOnce()

    const scrape = Effect.gen(function*() {
      const request = yield* HttpServerRequest
      const { contentType, encode } = Negotiation.select(ExpositionFormats.formats, request.headers["accept"])
      const snapshot = yield* shared
      const dropped: Array<Dropped> = []
      const body = paced(encode(snapshot, (part) => dropped.push(part))).pipe(
        Stream.onEnd(Effect.suspend(() => warn(dropped)))
      )
      return HttpServerResponse.stream(body, {
        contentType,
        headers: { "cache-control": "no-store", vary: "Accept" }
      })
    })
    const answer = enabled && metrics.enabled
      ? Effect.provideService(compressed(Effect.orDie(scrape)), HttpPlatform, platform)
      : Effect.succeed(disabled)
    return handlers.handle("scrape", () => answer)
  })
)

const disabled = JsonResponse.json(404, {
  error: "metrics_disabled",
  message: "set the options enabled and metrics.enabled to true"
})

const contentTypes = new Set(ExpositionFormats.formats.map(({ contentType }) => contentType))

const compressed = HttpMiddleware.compression({
  algorithms: ["gzip"],
  compressible: (contentType) => contentTypes.has(contentType)
})

/** Sends the pieces. The event loop turns before each piece, and a slow client slows the writing. */
const paced = (pieces: Iterable<Uint8Array>): Stream.Stream<Uint8Array> =>
  Stream.fromIterable(pieces, { chunkSize: 1 }).pipe(
    Stream.mapEffect((piece) => Effect.as(Effect.yieldNow, piece)),
    Stream.filter(({ length }) => length > 0)
  )

/** Warns once about every metric that is left out. */
const warnOnce = (): (dropped: ReadonlyArray<Dropped>) => Effect.Effect<void> => {
  const warned = new Set<string>()
  return (dropped) =>
    Effect.forEach(dropped, ({ name, part, reason }) => {
      const key = `${part} ${name}`
      if (warned.has(key) || warned.size >= warningLimit) return Effect.void
      warned.add(key)
      return Effect.logWarning(`metric "${name}" is scraped without ${leftOut[part]}: ${reason}`)
    }, { discard: true })
}

/** The program makes the names, so the memory for them is bounded. */
const warningLimit = 1000

const leftOut = { family: "its series", help: "its help", series: "some of its series" } as const
