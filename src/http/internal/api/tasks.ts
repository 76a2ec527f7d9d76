/**
 * The declaration of the routes of tasks.
 */
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import * as OpenApi from "effect/http-api/OpenApi"
import * as Schema from "effect/Schema"
import * as TaskReport from "../../TaskReport.ts"
import * as RouteApi from "../RouteApi.ts"
import { RouteAccess, RouteErrors } from "../RouteGuard.ts"
import * as TaskSearch from "../TaskSearch.ts"

/** What a client sends to start a task. */
export const TaskRequest = Schema.Struct({
  name: Schema.String.annotate({ description: "The name of a task that the service offers." }),
  context: Schema.Unknown.annotate({ description: "The input of the task." })
}).annotate({ identifier: "TaskRequest" })

const reading = { kind: "read", scope: "tasks:read", withMetrics: true } as const
const writing = { kind: "write", scope: "tasks:write" } as const
const ofOne = { id: Schema.String }

const list = HttpApiEndpoint.get("list", "/tasks", {
  query: TaskSearch.query,
  success: TaskReport.Tasks,
  error: RouteApi.refusals(400, 503)
}).annotateMerge(RouteApi.about({ summary: "Runs, by filters and in pages.", access: reading }))

const start = HttpApiEndpoint.post("start", "/tasks", {
  payload: TaskRequest,
  success: TaskReport.Started.pipe(HttpApiSchema.status(201)),
  error: RouteApi.refusals(400, 404, 413, 415, 503)
}).annotateMerge(RouteApi.about({
  summary: "Starts a task.",
  description: "The run goes on in the background. The header location has the path of the run. 404 if the service " +
    "does not offer the task, 503 if too many tasks run.",
  access: writing
}))

const show = HttpApiEndpoint.get("show", "/tasks/:id", {
  params: ofOne,
  success: TaskReport.TaskWithSteps,
  error: RouteApi.refusals(404, 503)
}).annotateMerge(RouteApi.about({ summary: "One run with its steps.", access: reading }))

const cancel = HttpApiEndpoint.delete("cancel", "/tasks/:id", {
  params: ofOne,
  success: TaskReport.TaskWithSteps,
  error: RouteApi.refusals(404, 409, 503)
}).annotateMerge(RouteApi.about({
  summary: "Cancels a run.",
  description: "It answers when the run has ended. 409 if the run has ended already, or runs elsewhere.",
  access: writing
}))

export const Tasks = HttpApiGroup.make("tasks").add(list, start, show, cancel).middleware(RouteErrors)
  .middleware(RouteAccess)
  .annotateMerge(OpenApi.annotations({ description: "Runs of tasks." }))
