/**
 * The declaration of the health routes.
 */
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import * as OpenApi from "effect/http-api/OpenApi"
import * as HealthReport from "../../HealthReport.ts"
import * as RouteApi from "../RouteApi.ts"
import { RouteAccess, RouteErrors } from "../RouteGuard.ts"

const live = HttpApiEndpoint.get("live", "/health/live", { success: HealthReport.Live }).annotateMerge(
  RouteApi.about({ summary: "Whether the process answers.", access: { kind: "open" }, isQuiet: true })
)

const ready = HttpApiEndpoint.get("ready", "/health/ready", {
  success: HealthReport.Ready,
  error: HealthReport.Ready.pipe(HttpApiSchema.status(503))
}).annotateMerge(RouteApi.about({
  summary: "Whether the process may get traffic.",
  description: "503 if a critical check fails.",
  access: { kind: "open" },
  isQuiet: true
}))

const status = HttpApiEndpoint.get("status", "/health/status", {
  success: HealthReport.Status,
  error: [HealthReport.Status.pipe(HttpApiSchema.status(503)), ...RouteApi.refusals(503)]
}).annotateMerge(RouteApi.about({
  summary: "How many tasks are in which state.",
  description: "503 if the task store does not answer, a critical check fails, or most tasks end in error.",
  access: { kind: "read", scope: "health:read" },
  isQuiet: true
}))

export const Health = HttpApiGroup.make("health").add(live, ready, status).middleware(RouteErrors)
  .middleware(RouteAccess)
  .annotateMerge(OpenApi.annotations({ description: "Whether the service is well." }))
