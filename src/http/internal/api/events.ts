/**
 * The declaration of the route of events.
 */
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import * as OpenApi from "effect/http-api/OpenApi"
import * as Schema from "effect/Schema"
import * as RouteApi from "../RouteApi.ts"
import { RouteAccess, RouteErrors } from "../RouteGuard.ts"

const longestText = 1024

const text = Schema.String.check(Schema.isBetweenLength(1, longestText))

/** One value, or several if the parameter is given several times. */
const texts = (description: string) => Schema.optionalKey(Schema.Array(text).annotate({ description }))

/** Which events a client asks for. */
export const query = {
  event: texts("Names of events, or patterns such as step.*; several with commas between them."),
  domain: texts("Domains of events, such as task; several with commas between them."),
  task: Schema.optionalKey(text.annotate({ description: "The id of the only run whose events are sent." }))
}

/** The decoded parameters. */
export type Query = Schema.Struct.Type<typeof query>

const watch = HttpApiEndpoint.get("watch", "/events", {
  query,
  success: Schema.String.pipe(HttpApiSchema.asText({ contentType: "text/event-stream" })),
  error: RouteApi.refusals(400, 404, 503)
}).annotateMerge(RouteApi.about({
  summary: "What is published, live, as server-sent events; event, domain and task choose.",
  description:
    "The answer goes on until the client leaves. 404 if telemetry is disabled, 503 for more than 32 clients.",
  access: { kind: "read", scope: "events:read", withMetrics: true },
  isQuiet: true,
  refusesUnknown: true
}))

export const Events = HttpApiGroup.make("events").add(watch).middleware(RouteErrors).middleware(RouteAccess)
  .annotateMerge(OpenApi.annotations({ description: "What the service publishes." }))
