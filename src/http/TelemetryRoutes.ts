/**
 * Every route of this package under one prefix.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as HttpMiddleware from "effect/http/HttpMiddleware"
import type { HttpPlatform } from "effect/http/HttpPlatform"
import * as HttpRouter from "effect/http/HttpRouter"
import * as Layer from "effect/Layer"
import type { LogLevels } from "../logging/LogLevels.ts"
import type { MetricStore } from "../metrics/MetricStore.ts"
import type * as Task from "../workflow/Task.ts"
import type { TaskRunner } from "../workflow/TaskRunner.ts"
import type { TaskStore } from "../workflow/TaskStore.ts"
import * as CorrelationMiddleware from "./CorrelationMiddleware.ts"
import * as HealthRoute from "./HealthRoute.ts"
import * as IndexRoute from "./IndexRoute.ts"
import * as RouteTable from "./internal/RouteTable.ts"
import * as LoggingRoute from "./LoggingRoute.ts"
import * as MetricsRoute from "./MetricsRoute.ts"
import * as TaskRoute from "./TaskRoute.ts"

/**
 * Where the routes are mounted unless told otherwise.
 *
 * @category constants
 * @since 0.1.0
 */
export const defaultPrefix = "/tasker"

/**
 * What {@link layer} mounts, and where.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options<Tasks extends ReadonlyArray<Task.Any>> extends TaskRoute.Options<Tasks> {
  /** Path before every route, {@link defaultPrefix} by default. */
  readonly prefix?: `/${string}` | undefined
}

/**
 * Metrics, health, log levels and tasks under a prefix, and correlation for every route of
 * the app.
 *
 * **Details**
 *
 * `GET` of the prefix lists the routes: as HTML for a browser, as JSON otherwise;
 * with the prefix `/` there is no list. A path under the prefix that no route has
 * is answered 404, a method that a path does not have 405 with `Allow`. Answers of
 * the 400s and 500s are JSON: `error` is a code for programs, `message` says what
 * to do.
 *
 * With `http.authRequired` the routes that read need the bearer token
 * `http.token`, too. `/health/live` and `/health/ready` never do: the probes of an
 * orchestrator have no token.
 *
 * **Gotchas**
 *
 * Whether a request gets a span is decided before the router sees it. Provide
 * {@link layerUntraced} to the server, or every probe and scrape is a trace.
 *
 * **Example** (A server for tasks)
 *
 * ```ts
 * import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
 * import * as HttpRouter from "effect/http/HttpRouter"
 * import * as Layer from "effect/Layer"
 * import { createServer } from "node:http"
 * import * as TelemetryRoutes from "tasker-telemetry/http/TelemetryRoutes"
 * import { TelemetryLive } from "tasker-telemetry"
 *
 * const Server = HttpRouter.serve(TelemetryRoutes.layer()).pipe(
 *   Layer.provide(TelemetryRoutes.layerUntraced()),
 *   Layer.provide(NodeHttpServer.layer(createServer, { port: 9464, host: "127.0.0.1" })),
 *   Layer.provide(TelemetryLive)
 * )
 * ```
 *
 * @param options `tasks`: tasks that may be started over HTTP, none by default; `prefix`: `/tasker` by default
 * @category layers
 * @since 0.1.0
 */
export const layer = <const Tasks extends ReadonlyArray<Task.Any> = readonly []>(
  options: Options<Tasks> = {}
): Layer.Layer<
  never,
  never,
  HttpRouter.HttpRouter | HttpPlatform | TaskRunner | TaskStore | MetricStore | LogLevels | TaskRoute.Services<Tasks>
> =>
  // Fresh: the same routes may also be mounted elsewhere in the app.
  Layer.mergeAll(
    Layer.fresh(MetricsRoute.layer),
    Layer.fresh(HealthRoute.layer),
    Layer.fresh(LoggingRoute.layer),
    TaskRoute.layer(options),
    Layer.fresh(IndexRoute.layer)
  ).pipe(
    Layer.provide(mountedAt(options.prefix ?? defaultPrefix)),
    Layer.merge(CorrelationMiddleware.layer)
  )

/** A router that puts the prefix before every path, and a list of what it is given. */
const mountedAt = (prefix: string) =>
  Layer.mergeAll(
    Layer.effect(HttpRouter.HttpRouter, Effect.map(HttpRouter.HttpRouter, (router) => router.prefixed(prefix))),
    Layer.succeed(RouteTable.Prefix, prefix.replace(/\/+$/, "")),
    Layer.sync(RouteTable.Listing, () => [])
  )

/**
 * Keeps requests for metrics and health from opening server spans. To be
 * provided to the layer of `HttpRouter.serve`; what the program itself leaves
 * untraced stays so.
 *
 * @param prefix where the routes are mounted, {@link defaultPrefix} by default
 * @category layers
 * @since 0.1.0
 */
export const layerUntraced = (prefix: `/${string}` = defaultPrefix): Layer.Layer<never> => {
  const base = prefix.toLowerCase().replace(/\/+$/, "")
  const paths = new Set(
    ["/metrics", "/health/live", "/health/ready", "/health/status"].map((path) => `${base}${path}`)
  )
  return Layer.effect(
    HttpMiddleware.TracerDisabledWhen,
    Effect.map(
      HttpMiddleware.TracerDisabledWhen,
      (isDisabled) => (request) => paths.has(RouteTable.routedPath(request.url)) || isDisabled(request)
    )
  )
}
