/**
 * The declaration of the routes of tasks.
 */
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import * as OpenApi from "effect/http-api/OpenApi"
import * as Schema from "effect/Schema"
import * as TaskReport from "../../TaskReport.ts"
import { durationParameter } from "../durationParameter.ts"
import * as RouteApi from "../RouteApi.ts"
import { RouteAccess, RouteErrors } from "../RouteGuard.ts"
import * as TaskSearch from "../TaskSearch.ts"

// A record drops a key that does not fit the schema of keys, so the filter looks at the names.
const tags = Schema.Record(Schema.String, Schema.String.check(Schema.isMaxLength(200))).check(
  Schema.makeFilter((tags) => Object.keys(tags).length <= 10 || "Expected at most ten tags"),
  Schema.makeFilter((tags) =>
    Object.keys(tags).every(({ length }) => length >= 1 && length <= 100) ||
    "Expected names of tags with 1 to 100 characters"
  )
).annotate({ description: "Properties of the run with few distinct values, at most ten." })

const text = (description: string) =>
  Schema.optionalKey(Schema.String.check(Schema.isBetweenLength(1, 500)).annotate({ description }))

const reason = text("Why the run is started.")

/** What a client may say about a run that it starts. */
export const startOptions = {
  tags: Schema.optionalKey(tags),
  reason,
  initiator: text("Who or what starts the run."),
  startAfter: Schema.optionalKey(
    Schema.Union([durationParameter("A duration, such as 10 minutes."), Schema.Finite.check(Schema.isGreaterThan(0))])
      .annotate({
        description: "Time that the run waits before its start: a duration such as 10 minutes, or milliseconds."
      })
  )
}

/** What a client sends to start a task. */
export const TaskRequest = Schema.Struct({
  name: Schema.String.annotate({ description: "The name of a task that the service offers." }),
  context: Schema.Unknown.annotate({ description: "The input of the task." }),
  ...startOptions
}).annotate({ identifier: "TaskRequest" })

/** What a client changes of a run that waits for its start. */
export const TaskAmendment = Schema.Struct({ tags: Schema.optionalKey(tags), reason }).check(
  Schema.makeFilter(({ reason, tags }) =>
    tags !== undefined || reason !== undefined || "Expected tags, reason, or both"
  )
).annotate({ identifier: "TaskAmendment" })

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

const amend = HttpApiEndpoint.patch("amend", "/tasks/:id", {
  params: ofOne,
  payload: TaskAmendment,
  success: TaskReport.TaskWithSteps,
  error: RouteApi.refusals(400, 404, 409, 413, 415, 503)
}).annotateMerge(RouteApi.about({
  summary: "Changes tags and reason of a run that waits for its start.",
  description: "New tags take the place of all tags before. 409 once the run has started, or if it waits elsewhere.",
  access: writing
}))

const cancel = HttpApiEndpoint.delete("cancel", "/tasks/:id", {
  params: ofOne,
  success: TaskReport.TaskWithSteps,
  error: RouteApi.refusals(404, 409, 503)
}).annotateMerge(RouteApi.about({
  summary: "Cancels a run.",
  description: "It answers when the run has ended. 409 if the run has ended already, or runs elsewhere.",
  access: writing
}))

export const Tasks = HttpApiGroup.make("tasks").add(list, start, show, amend, cancel).middleware(RouteErrors)
  .middleware(RouteAccess)
  .annotateMerge(OpenApi.annotations({ description: "Runs of tasks." }))
