/**
 * The declaration of the routes of steps.
 */
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as OpenApi from "effect/http-api/OpenApi"
import * as Schema from "effect/Schema"
import * as TaskReport from "../../TaskReport.ts"
import * as RouteApi from "../RouteApi.ts"
import { RouteAccess, RouteErrors } from "../RouteGuard.ts"

/** What a client sends to resolve a step. */
export const StepResolution = Schema.Struct({
  status: Schema.Literal("resolved_manually"),
  result: Schema.optionalKey(
    Schema.Json.annotate({ description: "What the steps that depend on this one get; null if it is absent." })
  )
}).annotate({ identifier: "StepResolution" })

const reading = { kind: "read", scope: "tasks:read", withMetrics: true } as const
const ofRun = { id: Schema.String }
const ofStep = { ...ofRun, step: Schema.String }
const path = "/tasks/:id/steps/:step"

const list = HttpApiEndpoint.get("list", "/tasks/:id/steps", {
  params: ofRun,
  success: TaskReport.Steps,
  error: RouteApi.refusals(404, 503)
}).annotateMerge(RouteApi.about({ summary: "The steps of a run.", access: reading }))

const show = HttpApiEndpoint.get("show", path, {
  params: ofStep,
  success: TaskReport.Step,
  error: RouteApi.refusals(404, 503)
}).annotateMerge(RouteApi.about({ summary: "One step of a run, by its name.", access: reading }))

const resolution = {
  params: ofStep,
  payload: StepResolution,
  success: TaskReport.TaskWithSteps,
  error: RouteApi.refusals(400, 404, 409, 413, 415, 503)
}

const about = (summary: string) =>
  RouteApi.about({
    summary,
    description:
      "The step waits or has failed; the answer is the run. Nothing compares the result with the type that the " +
      "definition gives it. 409 if the step runs or is settled, and if the run waits for its start or runs elsewhere.",
    access: { kind: "write", scope: "tasks:write" }
  })

const resolve = HttpApiEndpoint.patch("resolve", path, resolution).annotateMerge(about("Resolves a step by hand."))

const replace = HttpApiEndpoint.put("replace", path, resolution).annotateMerge(
  about("Resolves a step by hand, as PATCH does.")
)

export const Steps = HttpApiGroup.make("steps").add(list, show, resolve, replace).middleware(RouteErrors)
  .middleware(RouteAccess)
  .annotateMerge(OpenApi.annotations({ description: "Steps of runs." }))
