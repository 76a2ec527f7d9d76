/**
 * The schema of tasks with its resolvers. Access is checked where a field is resolved, so how a document is written, or
 * how often it asks for a field, does not matter: every path to a run begins at a field of `Query` or `Mutation`.
 */
import * as Clock from "effect/Clock"
import type * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { ParsedSearchParams } from "effect/http/HttpServerRequest"
import type { HttpServerResponse } from "effect/http/HttpServerResponse"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type * as Semaphore from "effect/Semaphore"
import { buildSchema, type GraphQLFieldResolver, type GraphQLSchema, isObjectType } from "graphql"
import { issuesOf } from "../../../internal/schemaIssues.ts"
import { readStore } from "../../../workflow/internal/readStore.ts"
import type * as Task from "../../../workflow/Task.ts"
import type { RunOptions, TaskRunner } from "../../../workflow/TaskRunner.ts"
import type { TaskSnapshot, TaskStore } from "../../../workflow/TaskStore.ts"
import { startOptions } from "../api/tasks.ts"
import * as JsonResponse from "../JsonResponse.ts"
import * as RequestBody from "../RequestBody.ts"
import { inBackground, refusedBy, runOptionsOf, storeFailed, unknownTask } from "../servedTasks.ts"
import * as TaskSearch from "../TaskSearch.ts"
import type * as TaskView from "../TaskView.ts"
import { taskTypes } from "./taskTypes.ts"

/** What resolvers need of the request. */
export interface GraphqlRequest {
  /** Fails with the answer if the request may not read, or may not write. */
  readonly access: Readonly<Record<Access, Effect.Effect<void, HttpServerResponse>>>
  /** Runs a resolver. Its failures become errors of GraphQL. */
  readonly run: <A>(effect: Effect.Effect<A, HttpServerResponse>) => Promise<A>
}

/** What a field needs. */
export type Access = "read" | "write"

/** What the resolvers work on. */
export interface Parts {
  readonly tasks: ReadonlyMap<string, Task.Any>
  readonly runner: TaskRunner["Service"]
  readonly store: TaskStore["Service"]
  readonly storeTimeout: Duration.Duration
  /** What runs in the background get. */
  readonly context: Context.Context<never>
  readonly view: ReturnType<typeof TaskView.make>
  /** Bounds how many lists of steps are read at the same time. */
  readonly readers: Semaphore.Semaphore
}

/** A run or a step, as `TaskView` shows it. */
type View = Readonly<Record<string, unknown>>

type Resolver = GraphQLFieldResolver<View, GraphqlRequest>

type Resolve = (args: never, source: View) => Effect.Effect<unknown, HttpServerResponse>

/** Makes the schema. */
export const make = (parts: Parts): GraphQLSchema => {
  const { context, readers, runner, store, storeTimeout, tasks, view } = parts
  const schema = buildSchema(taskTypes)

  const inspect = (taskId: string): Effect.Effect<View, HttpServerResponse> =>
    Effect.mapBoth(runner.inspect(taskId), { onFailure: refusedBy, onSuccess: view.ofSnapshot })

  const create = ({ input }: { readonly input: CreateTaskInput }) =>
    Effect.gen(function*() {
      const name = yield* nameOf(input)
      const task = tasks.get(name)
      if (task === undefined) return yield* Effect.fail(unknownTask(view.ofNames(tasks.keys())))
      const options = yield* optionsOf(input)
      const started = yield* Effect.flatMap(
        contextOf(input.context),
        (value) => Effect.mapError(inBackground(runner.start(task, value, options), context), refusedBy)
      )
      const found = yield* Effect.option(runner.inspect(started.taskId))
      const createdAt = yield* Clock.currentTimeMillis
      return {
        task: Option.isSome(found) ? view.ofSnapshot(found.value) : view.ofTask(pending(task, started, createdAt))
      }
    })

  const cancel = ({ input: { taskId } }: { readonly input: { readonly taskId: string } }) =>
    Effect.gen(function*() {
      const record = yield* Effect.mapError(runner.cancel(taskId), refusedBy)
      // The store may have dropped the run in the meantime.
      const found = yield* Effect.option(runner.inspect(taskId))
      return { task: Option.isSome(found) ? view.ofSnapshot(found.value) : view.ofTask(record) }
    })

  const list = (args: Arguments) =>
    Effect.gen(function*() {
      const query = yield* Effect.mapError(
        decodeQuery(parametersOf(args)),
        (error) => JsonResponse.invalidRequest(issuesOf(error.issue))
      )
      // The schema refuses unknown arguments.
      const search = yield* Effect.provideService(TaskSearch.read(query), ParsedSearchParams, {})
      const page = yield* Effect.mapError(readStore(() => store.search(search), storeTimeout), () => storeFailed)
      return { tasks: page.tasks.map(view.ofTask), cursor: page.cursor }
    })

  /** A list of runs comes without steps. */
  const steps = (_: unknown, source: View) =>
    "steps" in source ? Effect.succeed(source["steps"]) : readers.withPermit(inspect(String(source["taskId"]))).pipe(
      Effect.map((found) => found["steps"]),
      Effect.catchIf(({ status }) => status === 404, () => Effect.succeed(null))
    )

  const resolvers: Readonly<Record<string, Readonly<Record<string, Resolver>>>> = {
    Query: {
      task: guarded("read", ({ id }: { readonly id: string }) => inspect(id)),
      tasks: guarded("read", list)
    },
    Mutation: {
      createTask: guarded("write", create),
      cancelTask: guarded("write", cancel)
    },
    Task: {
      id: ({ taskId }) => taskId,
      tags: ({ tags }) => Object.entries(tags ?? {}).map(([name, value]) => ({ name, value })),
      steps: running(steps)
    },
    Step: { id: ({ stepId }) => stepId }
  }
  for (const [typeName, fields] of Object.entries(resolvers)) {
    const type = schema.getType(typeName)
    if (!isObjectType(type)) continue
    for (const [name, field] of Object.entries(type.getFields())) field.resolve = fields[name]
  }
  return schema
}

/** A resolver that checks access before it does anything. */
const guarded = (access: Access, resolve: Resolve): Resolver => (source, args, request) =>
  request.run(Effect.andThen(request.access[access], Effect.suspend(() => resolve(args as never, source))))

/** A resolver behind one that has checked access. */
const running = (resolve: Resolve): Resolver => (source, args, request) => request.run(resolve(args as never, source))

// --- Arguments ---

type Arguments = Readonly<Record<string, unknown>>

interface TagInput {
  readonly name: string
  readonly value: string
}

interface CreateTaskInput {
  readonly name?: string | null
  readonly namedTaskName?: string | null
  readonly context: unknown
  readonly tags?: ReadonlyArray<TagInput> | null
  readonly reason?: string | null
  readonly initiator?: string | null
  readonly startAfter?: string | null
}

const invalid = (path: string, message: string) => Effect.fail(JsonResponse.invalidRequest([{ path, message }]))

const nameOf = ({ name, namedTaskName }: CreateTaskInput): Effect.Effect<string, HttpServerResponse> => {
  const names = [name, namedTaskName].filter((given) => given !== null && given !== undefined)
  return names[0] === undefined || names.length > 1
    ? invalid("input.name", "Expected either name or namedTaskName")
    : Effect.succeed(names[0])
}

const decodeText = Schema.decodeUnknownEffect(Schema.fromJsonString(Schema.Unknown))

/** A text is JSON, as in Tasker's own API. */
const contextOf = (given: unknown): Effect.Effect<unknown, HttpServerResponse> =>
  Effect.gen(function*() {
    const value = typeof given === "string"
      ? yield* Effect.catch(decodeText(given), () => invalid("input.context", "Expected a text that is JSON"))
      : given
    return RequestBody.isTooDeep(value)
      ? yield* invalid("input.context", `Expected at most ${RequestBody.maximumDepth} levels of lists and objects`)
      : value
  })

const decodeOptions = Schema.decodeUnknownEffect(Schema.Struct(startOptions), { errors: "all" })

/** What the client says about the run, as `POST /tasks` takes it. Null is as good as nothing. */
const optionsOf = (
  { initiator, reason, startAfter, tags }: CreateTaskInput
): Effect.Effect<RunOptions, HttpServerResponse> => {
  const names = tags?.map(({ name }) => name) ?? []
  if (new Set(names).size < names.length) return invalid("input.tags", "Expected each name once")
  const given = {
    reason,
    initiator,
    startAfter,
    tags: tags && Object.fromEntries(tags.map(({ name, value }) => [name, value]))
  }
  const said = Object.entries(given).filter(([, value]) => value !== null && value !== undefined)
  return decodeOptions(Object.fromEntries(said)).pipe(
    Effect.mapBoth({
      // The rest of the path is the name of a tag, which is a value here.
      onFailure: ({ issue }) =>
        JsonResponse.invalidRequest(
          issuesOf(issue).map(({ message, path }) => ({
            path: path === "" ? "input" : `input.${path.split(".")[0]}`,
            message
          }))
        ),
      onSuccess: runOptionsOf
    })
  )
}

const decodeQuery = Schema.decodeUnknownEffect(Schema.Struct(TaskSearch.query), { errors: "all" })

/** The arguments as the query of `GET /tasks`, which has the same filters. */
const parametersOf = ({ tags, ...others }: Arguments): Readonly<Record<string, string | Array<string>>> => {
  const parameters: Record<string, string | Array<string>> = {}
  for (const [name, value] of Object.entries(others)) {
    // An empty list is no filter.
    if (value === null || value === undefined || Array.isArray(value) && value.length === 0) continue
    parameters[name] = Array.isArray(value) || typeof value === "string" ? value : JSON.stringify(value)
  }
  if (Array.isArray(tags)) parameters["tag"] = tags.map(({ name, value }: TagInput) => `${name}:${value}`)
  return parameters
}

/** What is known of a run that the store keeps no record of. */
const pending = (
  { name, namespace, version }: Task.Any,
  { correlationId, taskId }: { readonly correlationId: string; readonly taskId: string },
  createdAt: number
): TaskSnapshot => ({
  id: taskId,
  name,
  namespace,
  version,
  correlationId,
  state: "pending",
  createdAt,
  startedAt: undefined,
  endedAt: undefined,
  durationSeconds: undefined,
  error: undefined,
  steps: []
})
