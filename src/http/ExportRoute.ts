/**
 * `POST /metrics/export`, `POST /metrics/sync` and `GET /metrics/status`: exports metrics on demand, and says how exports
 * went.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import type * as Layer from "effect/Layer"
import { ExportCoordinator, type TargetStatus } from "../export/ExportCoordinator.ts"
import type { ExportError } from "../export/ExportError.ts"
import type * as InstanceSync from "../export/InstanceSync.ts"
import { ExportRequest, Exports } from "./internal/api/exports.ts"
import * as ApiRoutes from "./internal/ApiRoutes.ts"
import * as JsonResponse from "./internal/JsonResponse.ts"
import * as RequestBody from "./internal/RequestBody.ts"

/**
 * Adds the routes of exports to the router.
 *
 * **Details**
 *
 * - `POST /metrics/export`: a JSON object with `format` or `target`. With `format`, the answer is what the exporter wrote,
 *   with the id of the export in `x-export-id`. With `target`, the answer says what was exported. If another instance
 *   exports to the target, `outcome` is `skipped`. An unknown format or target is answered 404 with the ones that exist,
 *   a failed export 502.
 * - `POST /metrics/sync`: shares the metrics with the other instances now. `outcome` is `synced`, `degraded` if the store
 *   cannot be used, or `not_shared` if the program shares no metrics.
 * - `GET /metrics/status`: the state of each target, with the time and the reason of its next export if it has
 *   `beforeExpiry`, the formats with their exporters, the last synchronisation with the other instances, where they and
 *   their leases are, and why there.
 *
 * The first two need the bearer token `http.token`, or one of `http.tokens` with the scope `exports:write`; without it,
 * they answer 401. If no token is configured, they answer only programs on this machine that call the server directly, and
 * 403 to others.
 *
 * **Example** (Exports beside routes of one's own)
 *
 * ```ts
 * import * as HttpRouter from "effect/http/HttpRouter"
 * import * as HttpServerResponse from "effect/http/HttpServerResponse"
 * import * as Layer from "effect/Layer"
 * import * as ExportRoute from "tasker-telemetry/http/ExportRoute"
 *
 * const Hello = HttpRouter.add("GET", "/hello", HttpServerResponse.text("hello"))
 * const App = Layer.mergeAll(Hello, ExportRoute.layer)
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<never, never, HttpRouter.HttpRouter | ExportCoordinator> = ApiRoutes.layer(
  Exports,
  Effect.fnUntraced(function*(handlers) {
    const coordinator = yield* ExportCoordinator
    const exportNow = Effect.gen(function*() {
      const request = yield* readRequest
      const outcome = yield* Effect.mapError(coordinator.exportNow(request), refusal)
      if (outcome._tag === "Skipped") {
        return outcome.reason === "disabled"
          ? disabled
          : JsonResponse.json(200, {
            outcome: "skipped",
            reason: outcome.reason,
            exportId: outcome.exportId,
            target: outcome.target
          })
      }
      const { _tag, body, contentType, ...counts } = outcome
      return "target" in request
        ? JsonResponse.json(200, { outcome: "exported", ...counts })
        : HttpServerResponse.uint8Array(body, {
          contentType,
          headers: { "cache-control": "no-store", "x-export-id": outcome.exportId }
        })
    })
    const sync = Effect.map(coordinator.sync, (sync) =>
      JsonResponse.json(
        200,
        sync === undefined ? { outcome: "not_shared" } : { outcome: sync.success ? "synced" : "degraded", ...sync }
      ))
    const status = Effect.map(
      coordinator.status,
      ({ exporters, instances, lastSync, lock, targets }) =>
        JsonResponse.json(200, {
          targets: targets.map(shownTarget),
          formats: exporters.exportersByFormat,
          ...(lastSync === undefined ? {} : { lastSync }),
          ...(instances === undefined ? {} : { instances: shownInstances(instances) }),
          ...(lock === undefined ? {} : { lock })
        })
    )
    return handlers
      .handleRaw("export", () => ApiRoutes.answer(exportNow))
      .handle("sync", () => sync)
      .handle("status", () => status)
  })
)

const disabled = JsonResponse.json(404, {
  error: "metrics_disabled",
  message: "set the options enabled and metrics.enabled to true"
})

// An object with both would leave one of them out.
const readRequest = RequestBody.readJson(ExportRequest, { onExcessProperty: "error" })

const refusal = ({ message, reason }: ExportError): HttpServerResponse.HttpServerResponse => {
  switch (reason._tag) {
    case "UnsupportedFormat":
      return JsonResponse.json(404, { error: "unsupported_format", message, supported: reason.supported })
    case "UnknownTarget":
      return JsonResponse.json(404, { error: "unknown_target", message, known: reason.known })
    default:
      return JsonResponse.json(502, { error: "export_failed", message })
  }
}

const timeOf = (millis: number): string => new Date(millis).toISOString()

const shownTarget = ({ lastFailure, lastSuccessMillis, timing, ...target }: TargetStatus) => ({
  ...target,
  lastSuccess: lastSuccessMillis === undefined ? null : timeOf(lastSuccessMillis),
  lastFailure: lastFailure === undefined
    ? null
    : { time: timeOf(lastFailure.timeMillis), message: lastFailure.message },
  ...(timing === undefined ? {} : {
    timing: {
      export: timeOf(timing.exportMillis),
      reason: timing.reason,
      extensionSeconds: timing.extensionMillis / 1000
    }
  })
})

const shownInstances = ({ instances, problem, ...status }: InstanceSync.Status) => ({
  ...status,
  problem: problem ?? null,
  instances: instances.map(({ writtenMillis, ...instance }) => ({ ...instance, written: timeOf(writtenMillis) }))
})
