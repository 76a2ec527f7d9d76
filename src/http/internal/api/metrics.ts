/**
 * The declaration of the route of metrics.
 */
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import * as OpenApi from "effect/http-api/OpenApi"
import * as Schema from "effect/Schema"
import * as CsvFormat from "../../../metrics/CsvFormat.ts"
import * as JsonFormat from "../../../metrics/JsonFormat.ts"
import * as OpenMetricsFormat from "../../../metrics/OpenMetricsFormat.ts"
import * as PrometheusFormat from "../../../metrics/PrometheusFormat.ts"
import * as PrometheusProtobufFormat from "../../../metrics/PrometheusProtobufFormat.ts"
import * as RouteApi from "../RouteApi.ts"
import { RouteAccess, RouteErrors } from "../RouteGuard.ts"

const text = (contentType: string) => Schema.String.pipe(HttpApiSchema.asText({ contentType }))

const scrape = HttpApiEndpoint.get("scrape", "/metrics", {
  success: [
    text(PrometheusFormat.contentType),
    text(OpenMetricsFormat.contentType),
    Schema.Uint8Array.pipe(HttpApiSchema.asUint8Array({ contentType: PrometheusProtobufFormat.contentType })),
    Schema.Json.pipe(HttpApiSchema.asJson({ contentType: JsonFormat.contentType })),
    text(CsvFormat.contentType)
  ],
  error: RouteApi.refusals(404, 503)
}).annotateMerge(RouteApi.about({
  summary: "Metrics for Prometheus. Accept asks for another format, such as JSON or CSV.",
  description: "404 if metrics are disabled.",
  access: { kind: "read", scope: "metrics:read", withMetrics: true },
  isQuiet: true
}))

export const Metrics = HttpApiGroup.make("metrics").add(scrape).middleware(RouteErrors).middleware(RouteAccess)
  .annotateMerge(OpenApi.annotations({ description: "What the service measured." }))
