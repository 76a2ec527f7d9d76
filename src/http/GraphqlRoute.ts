/**
 * Starts, shows and cancels tasks over GraphQL. It needs the package `graphql`, version 17.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as HttpRouter from "effect/http/HttpRouter"
import { HttpServerRequest } from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import type * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Semaphore from "effect/Semaphore"
import * as TelemetryConfig from "../config/TelemetryConfig.ts"
import * as Redaction from "../redaction/Redaction.ts"
import type * as Task from "../workflow/Task.ts"
import { TaskRunner } from "../workflow/TaskRunner.ts"
import { TaskStore } from "../workflow/TaskStore.ts"
import { Graphql, GraphqlRequest, reading, writing } from "./internal/api/graphql.ts"
import * as ApiRoutes from "./internal/ApiRoutes.ts"
import * as Authorization from "./internal/Authorization.ts"
import * as ExecuteDocument from "./internal/graphql/executeDocument.ts"
import * as TaskSchema from "./internal/graphql/taskSchema.ts"
import * as JsonResponse from "./internal/JsonResponse.ts"
import * as RequestBody from "./internal/RequestBody.ts"
import { byName } from "./internal/servedTasks.ts"
import * as TaskView from "./internal/TaskView.ts"
import * as WriteLimit from "./internal/WriteLimit.ts"
import type * as TaskRoute from "./TaskRoute.ts"

/**
 * Options of {@link layer}.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options<Tasks extends ReadonlyArray<Task.Any>> extends TaskRoute.Options<Tasks> {
  /** Highest number of levels of fields in a document, without those about the schema; 8 by default. */
  readonly maximumDepth?: number | undefined
  /**
   * Highest estimated number of values in an answer, 5000 by default. The fields of `tasks` count once for each run of
   * the page, those of `steps` ten times. `createTask` and `cancelTask` count 100 each.
   */
  readonly maximumCost?: number | undefined
  /** Highest number of tokens (names, values and signs) in a document, 2000 by default. */
  readonly maximumTokens?: number | undefined
}

/**
 * Adds `POST /graphql` and `GET /graphql` to the router.
 *
 * **When to use**
 *
 * Use as `routes` of `TelemetryRoutes.layer`, for clients that speak GraphQL. Others need only the routes of `TaskRoute`,
 * which say the same.
 *
 * **Details**
 *
 * Queries: `task(id)` and `tasks(…)` with the filters of `GET /tasks`. Mutations: `createTask(input)` with `name` (or
 * `namedTaskName`) and `context`, and `cancelTask(input)` with `taskId`. A `context` is a value, or a text that holds a
 * value as JSON. `tags`, `reason`, `initiator` and `startAfter` of the input are those of `POST /tasks`. Runs have
 * `steps`. Everything is redacted as in `GET /tasks`.
 *
 * `POST` takes an object of JSON with `query`, `variables` and `operationName`, and no list of such objects. `GET` takes
 * the same as parameters, and refuses mutations with 405.
 *
 * Access is checked for each field of `Query` and `Mutation` when it is resolved, by the rules of `TaskRoute`. A request
 * that may neither read nor write is refused before its body is read. Who may not read may not ask for the schema. Each
 * `createTask` and `cancelTask` counts as a write of `http.writesPerMinute`.
 *
 * Before an operation runs, all of it is counted, with its fragments expanded. An operation beyond a limit is answered
 * 400. Other operations of the document are neither counted nor validated. Errors have the `code` of the other routes
 * as an extension, and no value of the request. A document that cannot run is answered 400. An answer without any value
 * of a field of `Query` or `Mutation` is 401, 403, 429 or 503 if that is why. All other answers are 200.
 *
 * **Gotchas**
 *
 * The options are limits of one document. They do not limit how many documents a client sends.
 *
 * **Example** (GraphQL beside all other routes)
 *
 * ```ts
 * import * as Effect from "effect/Effect"
 * import * as Schema from "effect/Schema"
 * import * as GraphqlRoute from "tasker-telemetry/http/GraphqlRoute"
 * import * as TelemetryRoutes from "tasker-telemetry/http/TelemetryRoutes"
 * import * as Step from "tasker-telemetry/workflow/Step"
 * import * as Task from "tasker-telemetry/workflow/Task"
 *
 * const Person = Schema.Struct({ name: Schema.String })
 * const greet = Step.make("greet", { input: Person, run: ({ input }) => Effect.succeed(`Hello, ${input.name}`) })
 * const tasks = [Task.make("greet", { input: Person, steps: [greet] })] as const
 * const Routes = TelemetryRoutes.layer({ tasks, routes: GraphqlRoute.layer({ tasks }) })
 * ```
 *
 * @param options `tasks`: the tasks that may be started, none by default; the limits of a document, as whole numbers
 * above zero. Another number throws a `RangeError`, as do two tasks of one name.
 * @see https://graphql.github.io/graphql-over-http/draft/
 * @category layers
 * @since 0.1.0
 */
export const layer = <const Tasks extends ReadonlyArray<Task.Any> = readonly []>(
  options: Options<Tasks> = {}
): Layer.Layer<never, never, HttpRouter.HttpRouter | TaskRunner | TaskStore | TaskRoute.Services<Tasks>> => {
  const tasks = byName(options.tasks ?? [])
  const limits = limitsOf(options)
  return ApiRoutes.layer(
    Graphql,
    Effect.fnUntraced(function*(handlers) {
      const { execution } = yield* TelemetryConfig.Current
      const redaction = yield* Redaction.Current
      const schema = TaskSchema.make({
        tasks,
        runner: yield* TaskRunner,
        store: yield* TaskStore,
        storeTimeout: execution.storeTimeout,
        context: yield* Effect.context<TaskRoute.Services<Tasks>>(),
        view: TaskView.make(redaction),
        readers: yield* Semaphore.make(mostReaders)
      })
      const { check } = yield* Authorization.make
      const checks: Checks = {
        read: check(reading),
        write: check(writing),
        limit: yield* WriteLimit.make
      }
      const answer = <R>(read: Effect.Effect<ExecuteDocument.Document, HttpServerResponse.HttpServerResponse, R>) =>
        ApiRoutes.answer(answerWith({ schema, limits, redaction }, checks, read))
      return handlers
        .handle("ask", ({ query }) => answer(readParameters(query)))
        .handleRaw("post", () => answer(RequestBody.readJson(GraphqlRequest)))
    })
  )
}

/** Lists of steps that are read at the same time. A store in a database has few connections. */
const mostReaders = 8

const limitsOf = (
  { maximumCost = 5000, maximumDepth = 8, maximumTokens = 2000 }: Options<ReadonlyArray<Task.Any>>
): ExecuteDocument.Limits => {
  const limits = { maximumCost, maximumDepth, maximumTokens }
  for (const [name, value] of Object.entries(limits)) {
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new RangeError(`${name} of GraphqlRoute.layer is ${value}; give a whole number above zero`)
    }
  }
  return limits
}

// --- Access ---

/** How the fields are protected. */
interface Checks {
  readonly read: Authorization.Check
  readonly write: Authorization.Check
  readonly limit: WriteLimit.WriteLimit
}

/** Access of one request. It is decided once, and every mutation counts as a write. */
const accessOf = ({ limit, read, write }: Checks, request: HttpServerRequest) =>
  Effect.gen(function*() {
    const reader = yield* Effect.cached(read(request))
    const writer = yield* Effect.cached(write(request))
    return { reader, writer, access: { read: Effect.asVoid(reader), write: Effect.flatMap(writer, limit) } }
  })

// --- Requests ---

const decodeVariables = Schema.decodeUnknownEffect(Schema.fromJsonString(Schema.Record(Schema.String, Schema.Unknown)))

interface Parameters extends Omit<ExecuteDocument.Document, "variables"> {
  readonly variables?: string
}

const readParameters = ({ variables, ...document }: Parameters) =>
  Effect.gen(function*() {
    if (variables === undefined) return document
    const read = yield* Effect.mapError(decodeVariables(variables), () => notVariables)
    return RequestBody.isTooDeep(read) ? yield* Effect.fail(notVariables) : { ...document, variables: read }
  })

const notVariables = JsonResponse.invalidRequest([{
  path: "variables",
  message: `Expected an object of JSON with at most ${RequestBody.maximumDepth} levels`
}])

// --- Answers ---

const answerWith = <R>(
  executor: ExecuteDocument.Executor,
  checks: Checks,
  read: Effect.Effect<ExecuteDocument.Document, HttpServerResponse.HttpServerResponse, R>
) =>
  Effect.gen(function*() {
    const request = yield* HttpServerRequest
    const { access, reader, writer } = yield* accessOf(checks, request)
    const reading = yield* Effect.result(reader)
    const mayRead = reading._tag === "Success"
    if (!mayRead) yield* Effect.mapError(writer, () => reading.failure)
    const sent = yield* read
    const type = acceptsGraphql.test(request.headers["accept"] ?? "") ? graphqlType : "application/json"
    const prepared = yield* Effect.mapError(
      ExecuteDocument.prepare(executor, sent, mayRead),
      (errors) => respond(400, type, { errors })
    )
    if (prepared.operation.operation !== "query" && request.method !== "POST") return yield* Effect.fail(mutationByGet)
    const { data, errors, refusals } = yield* ExecuteDocument.run(executor, prepared, sent.variables, access)
    if (data === undefined) return respond(400, type, { errors })
    const hasValue = Object.values(data ?? {}).some((value) => value !== null)
    const refusal = hasValue ? undefined : refusals.find(({ status }) => refusedAtAll.has(status))
    return refusal === undefined
      ? respond(200, type, errors.length === 0 ? { data } : { data, errors })
      : respond(refusal.status, type, { errors }, refusal.headers)
  })

const graphqlType = "application/graphql-response+json"

const acceptsGraphql = /application\/graphql-response\+json/i

/** Statuses that say more to a client, a proxy or a probe than a 200 with errors. */
const refusedAtAll: ReadonlySet<number> = new Set([401, 403, 429, 503])

const mutationByGet = JsonResponse.json(405, {
  error: "method_not_allowed",
  message: "send a mutation by POST"
}, { allow: "POST" })

const respond = (
  status: number,
  contentType: string,
  body: object,
  headers: Readonly<Record<string, string>> = {}
): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.text(JSON.stringify(body), {
    status,
    contentType,
    headers: {
      ...Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith("content-"))),
      "cache-control": "no-store"
    }
  })
