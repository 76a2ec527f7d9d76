/**
 * The declaration of the routes of the analysis.
 */
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as OpenApi from "effect/http-api/OpenApi"
import * as Schema from "effect/Schema"
import * as AnalyticsReport from "../../AnalyticsReport.ts"
import { durationParameter } from "../durationParameter.ts"
import * as RouteApi from "../RouteApi.ts"
import { RouteAccess, RouteErrors } from "../RouteGuard.ts"

const longestName = 256

const name = (description: string) =>
  Schema.optionalKey(Schema.String.check(Schema.isBetweenLength(1, longestName)).annotate({ description }))

/** Which runs a client asks about. */
export const query = {
  task: name("Only runs of this task."),
  version: name("Only runs of this version."),
  period: Schema.optionalKey(
    durationParameter("Only runs that were created in the last such time: 1 hour, or milliseconds.")
  )
}

/** The decoded parameters. */
export type Query = Schema.Struct.Type<typeof query>

const about = (summary: string, description: string) =>
  RouteApi.about({
    summary,
    description: `${description} 404 if the analysis is off.`,
    access: { kind: "read", scope: "analytics:read", withMetrics: true },
    refusesUnknown: true
  })

const performance = HttpApiEndpoint.get("performance", "/analytics/performance", {
  query,
  success: AnalyticsReport.Performance,
  error: RouteApi.refusals(400, 404, 503)
}).annotateMerge(
  about("How long tasks and steps take, and what runs wait for.", "Percentiles of ended runs, and the oldest runs.")
)

const bottlenecks = HttpApiEndpoint.get("bottlenecks", "/analytics/bottlenecks", {
  query,
  success: AnalyticsReport.Bottlenecks,
  error: RouteApi.refusals(400, 404, 503)
}).annotateMerge(about("What to change in tasks, and what it gains.", "Each recommendation has its evidence."))

const run = HttpApiEndpoint.get("run", "/analytics/runs/:id", {
  params: { id: Schema.String },
  success: AnalyticsReport.Run,
  error: RouteApi.refusals(404, 503)
}).annotateMerge(
  about("What a run waits for, and its critical path.", "404 if no record has the id, 503 if the task store fails.")
)

export const Analytics = HttpApiGroup.make("analytics").add(performance, bottlenecks, run).middleware(RouteErrors)
  .middleware(RouteAccess)
  .annotateMerge(OpenApi.annotations({ description: "Where runs lose time." }))
