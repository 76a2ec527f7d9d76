/**
 * The declaration of the routes of exports.
 */
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import * as OpenApi from "effect/http-api/OpenApi"
import * as Schema from "effect/Schema"
import * as ExportReport from "../../ExportReport.ts"
import * as RouteApi from "../RouteApi.ts"
import { RouteAccess, RouteErrors } from "../RouteGuard.ts"

const Name = Schema.String.check(Schema.isBetweenLength(1, 64))

/** What is exported: to a target, or in a format as the answer. */
export const ExportRequest = Schema.Union([Schema.Struct({ format: Name }), Schema.Struct({ target: Name })]).annotate({
  identifier: "ExportRequest"
})

const exportNow = HttpApiEndpoint.post("export", "/metrics/export", {
  payload: ExportRequest,
  success: [
    ExportReport.Exported,
    Schema.Uint8Array.pipe(HttpApiSchema.asUint8Array({ contentType: "*/*" }))
  ],
  error: RouteApi.refusals(400, 404, 413, 415, 502, 503)
}).annotateMerge(RouteApi.about({
  summary: "Exports metrics in a format or to a target.",
  description: "With a format, the answer is what the exporter wrote, with the id of the export in x-export-id.",
  access: { kind: "write", scope: "exports:write" }
}))

const sync = HttpApiEndpoint.post("sync", "/metrics/sync", {
  success: ExportReport.Synced,
  error: RouteApi.refusals(503)
}).annotateMerge(RouteApi.about({
  summary: "Shares the metrics with the other instances.",
  access: { kind: "write", scope: "exports:write" }
}))

const status = HttpApiEndpoint.get("status", "/metrics/status", {
  success: ExportReport.Status,
  error: RouteApi.refusals(503)
}).annotateMerge(
  RouteApi.about({ summary: "How exports of metrics went.", access: { kind: "read", scope: "metrics:read" } })
)

export const Exports = HttpApiGroup.make("exports").add(exportNow, sync, status).middleware(RouteErrors)
  .middleware(RouteAccess)
  .annotateMerge(OpenApi.annotations({ description: "Metrics that are sent to targets and shared with instances." }))
