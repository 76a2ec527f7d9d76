/**
 * All routes of this package, under one prefix.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as HttpMiddleware from "effect/http/HttpMiddleware"
import type { HttpPlatform } from "effect/http/HttpPlatform"
import * as HttpRouter from "effect/http/HttpRouter"
import * as Layer from "effect/Layer"
import type { EventBus } from "../events/EventBus.ts"
import type { ExportCoordinator } from "../export/ExportCoordinator.ts"
import type { LogLevels } from "../logging/LogLevels.ts"
import type { MetricStore } from "../metrics/MetricStore.ts"
import type { RunAnalysis } from "../performance/RunAnalysis.ts"
import type { RunRecords } from "../performance/RunRecords.ts"
import type * as Task from "../workflow/Task.ts"
import type { TaskRunner } from "../workflow/TaskRunner.ts"
import type { TaskStore } from "../workflow/TaskStore.ts"
import * as AnalyticsRoute from "./AnalyticsRoute.ts"
import * as Authorizer from "./Authorizer.ts"
import * as CorrelationMiddleware from "./CorrelationMiddleware.ts"
import * as EventsRoute from "./EventsRoute.ts"
import * as ExportRoute from "./ExportRoute.ts"
import * as HealthRoute from "./HealthRoute.ts"
import * as Authorization from "./internal/Authorization.ts"
import * as PageRoutes from "./internal/PageRoutes.ts"
import * as RouteTable from "./internal/RouteTable.ts"
import * as WriteLimit from "./internal/WriteLimit.ts"
import * as LoggingRoute from "./LoggingRoute.ts"
import * as MetricsRoute from "./MetricsRoute.ts"
import * as StepRoute from "./StepRoute.ts"
import * as TaskDefinitionRoute from "./TaskDefinitionRoute.ts"
import * as TaskRoute from "./TaskRoute.ts"

/** The prefix of the routes, unless another one is given. */
const defaultPrefix = "/tasker"

/**
 * Options of {@link layer}.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options<Tasks extends ReadonlyArray<Task.Any>, R = never> extends TaskRoute.Options<Tasks> {
  /** Path before every route, `/tasker` by default. */
  readonly prefix?: `/${string}` | undefined
  /** Decides who may use the routes, in place of the tokens of the options. */
  readonly authorize?: Authorizer.Authorize | undefined
  /** Further routes under the prefix, such as `GraphqlRoute.layer({ tasks })`; none by default. */
  readonly routes?: Layer.Layer<never, never, R> | undefined
}

/**
 * Mounts metrics, exports, health, log levels, events, tasks and analytics under a prefix, and adds correlation to every route
 * of the app.
 *
 * **Details**
 *
 * `GET` of the prefix lists the routes, as HTML for a browser and as JSON otherwise. With the prefix `/` there is no
 * list. An unknown path under the prefix is answered 404. An unknown method is answered 405 with `Allow`. These answers
 * and all others of the 400s and 500s are JSON: `error` is a code for programs, `message` says what to do.
 *
 * Routes that write need the bearer token `http.token`, or one of `http.tokens` with the scope of the route. With
 * `http.authRequired`, routes that read need it, too. `/health/live` and `/health/ready` never do: the probes of an
 * orchestrator have no token. `authorize` decides in place of the tokens, see {@link Authorizer}. A client that writes
 * more than `http.writesPerMinute` is answered 429.
 *
 * Every answer has headers that forbid browsers to guess its type, to keep it, to frame it, and to run anything in it.
 *
 * **Gotchas**
 *
 * Effect decides before the router whether a request gets a span. Provide {@link layerUntraced} to the server, or every
 * probe and scrape is a trace.
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
 * @param options `tasks`: tasks that may be started over HTTP, none by default; `prefix`: `/tasker` by default;
 *   `authorize`: decides in place of the tokens; `routes`: further routes under the prefix, none by default
 * @category layers
 * @since 0.1.0
 */
export const layer = <const Tasks extends ReadonlyArray<Task.Any> = readonly [], R = never>(
  options: Options<Tasks, R> = {}
): Layer.Layer<
  never,
  never,
  | HttpRouter.HttpRouter
  | HttpPlatform
  | TaskRunner
  | TaskStore
  | MetricStore
  | ExportCoordinator
  | EventBus
  | LogLevels
  | RunRecords
  | RunAnalysis
  | TaskRoute.Services<Tasks>
  | R
> =>
  // Fresh, because the app may mount the same routes in another place, too.
  Layer.mergeAll(
    Layer.fresh(MetricsRoute.layer),
    Layer.fresh(ExportRoute.layer),
    Layer.fresh(HealthRoute.layer),
    Layer.fresh(LoggingRoute.layer),
    Layer.fresh(EventsRoute.layer),
    TaskRoute.layer(options),
    Layer.fresh(StepRoute.layer),
    TaskDefinitionRoute.layer(options),
    Layer.fresh(AnalyticsRoute.layer),
    Layer.fresh(options.routes ?? Layer.empty),
    Layer.fresh(PageRoutes.layer)
  ).pipe(
    Layer.provide(mountedAt(options.prefix ?? defaultPrefix)),
    Layer.provide(
      options.authorize === undefined ? Layer.empty : Layer.succeed(Authorizer.Authorizer, options.authorize)
    ),
    Layer.merge(CorrelationMiddleware.layer)
  )

/** A router that puts the prefix before every path, an empty list of routes, and what the routes share. */
const mountedAt = (prefix: string) =>
  Layer.mergeAll(
    Layer.effect(HttpRouter.HttpRouter, Effect.map(HttpRouter.HttpRouter, (router) => router.prefixed(prefix))),
    Layer.succeed(RouteTable.Prefix, prefix.replace(/\/+$/, "")),
    Layer.sync(RouteTable.Mounted, () => []),
    Layer.effect(WriteLimit.Shared, WriteLimit.make),
    Layer.effect(Authorization.Shared, Authorization.make)
  )

/**
 * Keeps requests for metrics, events and health from opening server spans. Provide it to
 * the layer of `HttpRouter.serve`. Requests that the program leaves untraced stay
 * untraced.
 *
 * @param prefix the prefix of the routes, `/tasker` by default
 * @category layers
 * @since 0.1.0
 */
export const layerUntraced = (prefix: `/${string}` = defaultPrefix): Layer.Layer<never> => {
  const base = prefix.toLowerCase().replace(/\/+$/, "")
  const paths = new Set(
    ["/metrics", "/metrics/status", "/events", "/health/live", "/health/ready", "/health/status"].map((path) =>
      `${base}${path}`
    )
  )
  return Layer.effect(
    HttpMiddleware.TracerDisabledWhen,
    Effect.map(
      HttpMiddleware.TracerDisabledWhen,
      (isDisabled) => (request) => paths.has(RouteTable.routedPath(request.url)) || isDisabled(request)
    )
  )
}
