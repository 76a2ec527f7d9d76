/**
 * The declaration of the pages about the routes.
 */
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import * as OpenApi from "effect/http-api/OpenApi"
import * as Schema from "effect/Schema"
import * as RouteApi from "../RouteApi.ts"
import { RouteAccess, RouteErrors } from "../RouteGuard.ts"

const access = { kind: "read", scope: "api:read" } as const

const error = RouteApi.refusals(503)

const Html = Schema.String.pipe(HttpApiSchema.asText({ contentType: "text/html" }))

const Listing = Schema.Struct({
  service: Schema.String,
  routes: Schema.Array(Schema.Struct({ method: Schema.String, path: Schema.String, about: Schema.String }))
}).annotate({ identifier: "Routes" })

const list = HttpApiEndpoint.get("list", "/", { success: [Listing, Html], error }).annotateMerge(
  RouteApi.about({ summary: "This list.", access })
)

const document = HttpApiEndpoint.get("document", "/openapi.json", {
  success: Schema.Record(Schema.String, Schema.Json),
  error
}).annotateMerge(RouteApi.about({ summary: "The OpenAPI document of these routes.", access }))

const docs = HttpApiEndpoint.get("docs", "/docs", { success: Html, error }).annotateMerge(
  RouteApi.about({ summary: "The same document as a page.", access })
)

export const Pages = HttpApiGroup.make("pages").add(list, document, docs).middleware(RouteErrors)
  .middleware(RouteAccess)
  .annotateMerge(OpenApi.annotations({ description: "The routes themselves." }))
