/**
 * The declaration of the routes of GraphQL.
 */
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import * as OpenApi from "effect/http-api/OpenApi"
import * as Schema from "effect/Schema"
import * as RouteApi from "../RouteApi.ts"
import { RouteAccess, RouteErrors } from "../RouteGuard.ts"

const query = Schema.String.annotate({ description: "The document." })
const variables = { description: "The values of its variables, by their names." }
const operationName = Schema.String.annotate({ description: "The operation to run, if the document has several." })

/** What a client posts. */
export const GraphqlRequest = Schema.Struct({
  query,
  variables: Schema.optionalKey(Schema.NullOr(Schema.Record(Schema.String, Schema.Unknown)).annotate(variables)),
  operationName: Schema.optionalKey(Schema.NullOr(operationName))
}).annotate({ identifier: "GraphqlRequest" })

/** What a client asks for by parameters. */
const parameters = {
  query,
  variables: Schema.optionalKey(Schema.String.annotate({ description: `As JSON: ${variables.description}` })),
  operationName: Schema.optionalKey(operationName)
}

const GraphqlAnswer = Schema.Struct({
  data: Schema.optionalKey(Schema.Unknown),
  errors: Schema.optionalKey(Schema.Array(Schema.Unknown))
}).annotate({ identifier: "GraphqlAnswer" })

const GraphqlErrors = Schema.Struct({ errors: Schema.Array(Schema.Unknown) }).annotate({
  identifier: "GraphqlErrors",
  description: "Why a document did not run, or why none of its fields has a value."
})

/** Declares the answers without data. */
const errorsOf = (...statuses: ReadonlyArray<number>): Array<typeof GraphqlErrors> =>
  statuses.map((status) => GraphqlErrors.pipe(HttpApiSchema.status(status)))

const description = "The fields of the document need what the routes of tasks need. A document that may not run is " +
  "answered 400, with errors of GraphQL."

/** What the fields of `Query` need. */
export const reading = { kind: "read", scope: "tasks:read", withMetrics: true } as const

/** What the fields of `Mutation` need. */
export const writing = { kind: "write", scope: "tasks:write" } as const

/** Access is checked for each field, which also counts as a write. */
const perField = { access: { kind: "open" }, countsWrites: true } as const

const ask = HttpApiEndpoint.get("ask", "/graphql", {
  query: parameters,
  success: GraphqlAnswer,
  error: [...RouteApi.refusals(400, 405, 503), ...errorsOf(400, 401, 403, 503)]
}).annotateMerge(
  RouteApi.about({
    ...perField,
    documentedAccess: [reading],
    summary: "Runs of tasks, as a query of GraphQL asks.",
    description
  })
)

const post = HttpApiEndpoint.post("post", "/graphql", {
  payload: GraphqlRequest,
  success: GraphqlAnswer,
  error: [...RouteApi.refusals(400, 413, 415, 503), ...errorsOf(400, 401, 403, 429, 503)]
}).annotateMerge(
  RouteApi.about({
    ...perField,
    documentedAccess: [reading, writing],
    summary: "Runs of tasks, as a query of GraphQL asks; starts and cancels tasks.",
    description
  })
)

export const Graphql = HttpApiGroup.make("graphql").add(ask, post).middleware(RouteErrors).middleware(RouteAccess)
  .annotateMerge(OpenApi.annotations({ description: "Runs of tasks over GraphQL." }))
