/**
 * The declaration of the routes of definitions.
 */
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as OpenApi from "effect/http-api/OpenApi"
import * as Schema from "effect/Schema"
import * as TaskReport from "../../TaskReport.ts"
import * as RouteApi from "../RouteApi.ts"
import { RouteAccess, RouteErrors } from "../RouteGuard.ts"

const access = { kind: "read", scope: "tasks:read", withMetrics: true } as const

const list = HttpApiEndpoint.get("list", "/task-definitions", {
  success: TaskReport.Definitions,
  error: RouteApi.refusals(503)
}).annotateMerge(RouteApi.about({ summary: "The tasks that may be started.", access }))

const show = HttpApiEndpoint.get("show", "/task-definitions/:name", {
  params: { name: Schema.String },
  success: TaskReport.Definition,
  error: RouteApi.refusals(404, 503)
}).annotateMerge(RouteApi.about({
  summary: "A task with its graph, its concurrency and its retries.",
  description: "404 if the service does not offer the task.",
  access
}))

export const Definitions = HttpApiGroup.make("definitions").add(list, show).middleware(RouteErrors)
  .middleware(RouteAccess)
  .annotateMerge(OpenApi.annotations({ description: "Definitions of tasks." }))
