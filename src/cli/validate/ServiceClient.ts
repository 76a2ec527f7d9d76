/**
 * Asks a running service: its name, its metrics, and its tasks.
 */
import * as Effect from "effect/Effect"
import type { HttpClient } from "effect/http/HttpClient"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { Connection } from "../AnalyticsClient.ts"
import { refusal } from "../refusal.ts"
import * as exposition from "./exposition.ts"
import { baseOf } from "./placeFlags.ts"
import * as Probe from "./Probe.ts"

/** A step of a run, as the task API shows it. */
const Step = Schema.Struct({
  name: Schema.String,
  dependsOn: Schema.Array(Schema.String),
  status: Schema.String,
  attempts: Schema.Int,
  workSeconds: Schema.Finite
})

/** A run, as the task API shows it. */
const Run = Schema.Struct({
  taskId: Schema.String,
  name: Schema.String,
  status: Schema.String,
  correlationId: Schema.String,
  durationSeconds: Schema.optionalKey(Schema.Finite),
  steps: Schema.Array(Step)
})

/** A run with its steps. */
export type ServiceRun = typeof Run.Type

const Created = Schema.Struct({ taskId: Schema.String, status: Schema.String, correlationId: Schema.String })

/** The answer of `createTask`. */
const CreatedByGraphql = Schema.Struct({
  data: Schema.Struct({ createTask: Schema.Struct({ task: Created }) })
})

/** The first error of an answer of GraphQL. */
const GraphqlErrors = Schema.Struct({
  errors: Schema.NonEmptyArray(
    Schema.Struct({
      message: Schema.String,
      extensions: Schema.optionalKey(Schema.Struct({ code: Schema.optionalKey(Schema.String) }))
    })
  )
})

const decodeCreatedByGraphql = Schema.decodeUnknownOption(CreatedByGraphql)
const decodeGraphqlErrors = Schema.decodeUnknownOption(GraphqlErrors)

const decodeRun = Schema.decodeUnknownOption(Run)
const decodeCreated = Schema.decodeUnknownOption(Created)

/** The service refused, or does not answer. `status` is 0 without an answer. */
export interface Refused {
  readonly status: number
  readonly message: string
}

/** States that a run does not leave by itself. */
export const ended: ReadonlySet<string> = new Set(["complete", "error", "cancelled", "resolved_manually"])

/** Starts a task in the trace and under the correlation id that are given. */
export type Start = (
  name: string,
  context: unknown,
  headers: Readonly<Record<string, string>>
) => Effect.Effect<typeof Created.Type, Refused, HttpClient>

/** How the service is asked. */
export interface ServiceClient {
  readonly url: string
  readonly metricsUrl: string
  readonly live: Effect.Effect<Probe.Answer, Probe.NoAnswer, HttpClient>
  readonly metrics: Effect.Effect<
    { readonly answer: Probe.Answer; readonly exposition: exposition.Exposition },
    Probe.NoAnswer,
    HttpClient
  >
  /** By `POST /tasks`. */
  readonly start: Start
  /** By the mutation `createTask` of GraphQL. */
  readonly startByGraphql: Start
  /** Whether the service has the route of GraphQL. */
  readonly hasGraphql: Effect.Effect<boolean, never, HttpClient>
  readonly run: (taskId: string) => Effect.Effect<ServiceRun, Refused, HttpClient>
  /** The accounts of the exporter of traces, as the service tells them; `undefined` if it does not. */
  readonly spanAccount: Effect.Effect<string | undefined, never, HttpClient>
}

/** Makes the client of a service. It asks nothing yet. */
export const make = ({ token, url: given }: Connection): ServiceClient => {
  const url = baseOf(given)
  const metricsUrl = `${url}/metrics`
  const graphqlUrl = `${url}/graphql`
  const unanswered = ({ address, reason }: Probe.NoAnswer): Refused => ({ status: 0, message: `${address}: ${reason}` })
  const read = <A>(
    answer: Effect.Effect<Probe.Answer, Probe.NoAnswer, HttpClient>,
    wanted: number,
    decode: (body: unknown) => Option.Option<A>
  ) =>
    Effect.flatMap(Effect.mapError(answer, unanswered), (answer) => {
      const body = Probe.jsonOf(answer)
      const refused = (): Refused => ({ status: answer.status, message: refusal(answer.status, body, url).message })
      return answer.status === wanted
        ? Option.match(decode(body), { onNone: () => Effect.fail(refused()), onSome: (found) => Effect.succeed(found) })
        : Effect.fail(refused())
    })
  return {
    url,
    metricsUrl,
    live: Probe.send(`${url}/health/live`),
    metrics: Effect.map(
      Probe.send(metricsUrl, { token, headers: { accept: "text/plain; version=0.0.4" } }),
      (answer) => ({ answer, exposition: exposition.read(answer.status === 200 ? answer.text : "") })
    ),
    start: (name, context, headers) =>
      read(
        Probe.send(`${url}/tasks`, {
          method: "POST",
          token,
          headers: { accept: "application/json", ...headers },
          body: { name, context }
        }),
        201,
        decodeCreated
      ),
    startByGraphql: (name, context, headers) =>
      Effect.flatMap(
        Effect.mapError(
          Probe.send(graphqlUrl, {
            method: "POST",
            token,
            headers: { accept: "application/json", ...headers },
            body: { query: createTask, variables: { input: { namedTaskName: name, context } } }
          }),
          unanswered
        ),
        (answer) => {
          const body = Probe.jsonOf(answer)
          return Option.match(decodeCreatedByGraphql(body), {
            onNone: () => Effect.fail(graphqlRefusal(answer.status, body, graphqlUrl)),
            onSome: ({ data }) => Effect.succeed(data.createTask.task)
          })
        }
      ),
    // A route that refuses the request is there, too.
    hasGraphql: Effect.map(
      Effect.option(Probe.send(graphqlUrl, { method: "POST", token, body: { query: "{ __typename }" } })),
      (answer) => Option.isSome(answer) && answer.value.status !== 404
    ),
    run: (taskId) => read(Probe.send(`${url}/tasks/${encodeURIComponent(taskId)}`, { token }), 200, decodeRun),
    spanAccount: Effect.map(
      Effect.option(Probe.send(`${url}/health/status`, { token })),
      (answer) => Option.isSome(answer) ? accountOf(Probe.jsonOf(answer.value)) : undefined
    )
  }
}

const createTask =
  "mutation ($input: CreateTaskInput!) { createTask(input: $input) { task { taskId status correlationId } } }"

/** Codes of errors of GraphQL, with the statuses of the same refusals by `POST /tasks`. */
const statuses: Readonly<Record<string, number>> = { invalid_request: 400, unknown_task: 404 }

const graphqlRefusal = (status: number, body: unknown, address: string): Refused =>
  Option.match(decodeGraphqlErrors(body), {
    onNone: () => ({ status, message: refusal(status, body, address).message }),
    onSome: ({ errors: [{ extensions, message }] }) => ({
      status: status === 200 ? statuses[extensions?.code ?? ""] ?? status : status,
      message: `${address}: ${message}`
    })
  })

/** The name of the service in the answer of `GET /health/live`. */
export const serviceName = (answer: Probe.Answer): string | undefined => {
  const body = Probe.jsonOf(answer)
  return typeof body === "object" && body !== null && "service" in body && typeof body.service === "string"
    ? body.service
    : undefined
}

interface Status {
  readonly exporters?: { readonly spans?: Readonly<Record<string, unknown>> }
}

const accountOf = (body: unknown): string | undefined => {
  const spans = (body as Status | undefined)?.exporters?.spans
  return spans === undefined
    ? undefined
    : `${String(spans["consecutiveFailures"])} failed requests in a row, last success ${String(spans["lastSuccess"])}`
}
