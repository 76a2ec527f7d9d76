/**
 * The routes of `TelemetryRoutes` as an API of `effect/http-api`.
 *
 * @since 0.1.0
 */
import * as HttpApi from "effect/http-api/HttpApi"
import { Analytics } from "./internal/api/analytics.ts"
import { Definitions } from "./internal/api/definitions.ts"
import { Events } from "./internal/api/events.ts"
import { Exports } from "./internal/api/exports.ts"
import { Health } from "./internal/api/health.ts"
import { Logging } from "./internal/api/logging.ts"
import { Metrics } from "./internal/api/metrics.ts"
import { Pages } from "./internal/api/pages.ts"
import { Steps } from "./internal/api/steps.ts"
import { Tasks } from "./internal/api/tasks.ts"

/**
 * The declaration of all routes, without their prefix.
 *
 * **When to use**
 *
 * Use to make a typed client of a running service, or to read the routes in a program of your own.
 *
 * **Details**
 *
 * The routers of the layers, `GET /openapi.json` and `GET /docs` are made from the same declaration. A client sends
 * credentials with `transformClient`.
 *
 * **Example** (The runs of a service)
 *
 * ```ts
 * import * as Effect from "effect/Effect"
 * import * as HttpApiClient from "effect/http-api/HttpApiClient"
 * import * as HttpClient from "effect/http/HttpClient"
 * import * as HttpClientRequest from "effect/http/HttpClientRequest"
 * import { TelemetryApi } from "tasker-telemetry/http/TelemetryApi"
 *
 * const failedRuns = Effect.gen(function*() {
 *   const client = yield* HttpApiClient.make(TelemetryApi, {
 *     baseUrl: "http://127.0.0.1:9464/tasker",
 *     transformClient: HttpClient.mapRequest(HttpClientRequest.bearerToken("look-at-tasks"))
 *   })
 *   const { tasks } = yield* client.tasks.list({ query: { state: "error" } })
 *   return tasks.map(({ taskId }) => taskId)
 * })
 * ```
 *
 * @category models
 * @since 0.1.0
 */
export const TelemetryApi = HttpApi.make("tasker-telemetry").add(
  Metrics,
  Exports,
  Health,
  Logging,
  Events,
  Tasks,
  Steps,
  Definitions,
  Analytics,
  Pages
)
