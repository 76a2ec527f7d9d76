/**
 * Counts the open requests of an HTTP server and of HTTP clients, as `tasker_active_connections`.
 *
 * **Details**
 *
 * `SqlMonitor` counts the connections of SQL pools in the same metric, with `kind="sql"`.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpRouter from "effect/http/HttpRouter"
import type { HttpServerResponse } from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import { resourceCatalog } from "../metrics/MetricCatalog.ts"
import type { BoundUpDownCounter } from "../metrics/MetricInstrument.ts"
import { MetricStore } from "../metrics/MetricStore.ts"

/**
 * Counts the requests that the server answers now, for all routes of the app. A request is open until its answer is
 * sent, also one that streams. A request that no route takes is counted, too.
 *
 * **Example** (An app with counted requests)
 *
 * ```ts
 * import * as Layer from "effect/Layer"
 * import { ConnectionMetrics, TelemetryRoutes } from "tasker-telemetry"
 *
 * const App = Layer.merge(TelemetryRoutes.layer(), ConnectionMetrics.layerServer())
 * ```
 *
 * @param options `name`: the value of the attribute `name`, for a program with several servers; empty by default
 * @category layers
 * @since 0.1.0
 */
export const layerServer = (
  options: { readonly name?: string | undefined } = {}
): Layer.Layer<never, never, HttpRouter.HttpRouter | MetricStore> =>
  HttpRouter.middleware(
    Effect.map(
      bound("http_server", options.name),
      (connections) => <E, R>(app: Effect.Effect<HttpServerResponse, E, R>) =>
        // The scope of the request closes when its answer is sent.
        Effect.andThen(Effect.acquireRelease(take(connections), () => giveBack(connections)), app)
    ),
    { global: true }
  )

/**
 * Counts the requests of the client of a layer that wait for their answer. A request is open until its answer begins.
 *
 * **When to use**
 *
 * Use for each client with a name of its own, to see which service keeps a program waiting.
 *
 * **Example** (The client of a payment service)
 *
 * ```ts
 * import { FetchHttpClient } from "effect/http"
 * import { ConnectionMetrics } from "tasker-telemetry"
 *
 * const Payments = ConnectionMetrics.layerClient(FetchHttpClient.layer, { name: "payments" })
 * ```
 *
 * @param client the layer of the client; its other services stay as they are
 * @param options `name`: the value of the attribute `name`, which has few distinct values; empty by default
 * @category layers
 * @since 0.1.0
 */
export const layerClient = <Services, E, R>(
  client: Layer.Layer<Services | HttpClient.HttpClient, E, R>,
  options: { readonly name?: string | undefined } = {}
): Layer.Layer<Services | HttpClient.HttpClient, E, R | MetricStore> =>
  Layer.flatMap(client, (services) =>
    Layer.effectContext(
      Effect.map(bound("http_client", options.name), (connections) =>
        Context.add(
          services,
          HttpClient.HttpClient,
          HttpClient.transform(
            Context.get(services, HttpClient.HttpClient),
            (request) => Effect.acquireUseRelease(take(connections), () => request, () => giveBack(connections))
          )
        ))
    ))

const bound = (kind: "http_server" | "http_client", name = "") =>
  Effect.map(MetricStore, (store) => store.upDownCounter(resourceCatalog.activeConnections).bind({ kind, name }))

const take = (connections: BoundUpDownCounter) => Effect.sync(() => connections.add(1))

const giveBack = (connections: BoundUpDownCounter) => Effect.sync(() => connections.add(-1))
