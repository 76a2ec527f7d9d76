/**
 * Starts, shows and cancels tasks over HTTP.
 *
 * @since 0.1.0
 */
import type * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import type { HttpServerRequest, ParsedSearchParams } from "effect/http/HttpServerRequest"
import type { HttpServerResponse } from "effect/http/HttpServerResponse"
import type * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as TelemetryConfig from "../config/TelemetryConfig.ts"
import * as Redaction from "../redaction/Redaction.ts"
import { readStore } from "../workflow/internal/readStore.ts"
import type * as Task from "../workflow/Task.ts"
import { type Amendment, TaskRunner } from "../workflow/TaskRunner.ts"
import { TaskStore } from "../workflow/TaskStore.ts"
import { TaskAmendment, TaskRequest, Tasks } from "./internal/api/tasks.ts"
import * as ApiRoutes from "./internal/ApiRoutes.ts"
import * as JsonResponse from "./internal/JsonResponse.ts"
import * as RequestBody from "./internal/RequestBody.ts"
import { byName, inBackground, refusedBy, runOptionsOf, storeFailed, unknownTask } from "./internal/servedTasks.ts"
import * as TaskSearch from "./internal/TaskSearch.ts"
import * as TaskView from "./internal/TaskView.ts"

/**
 * Options of the task routes.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options<Tasks extends ReadonlyArray<Task.Any>> {
  /** Tasks that clients may start, each by its name. */
  readonly tasks?: Tasks | undefined
}

/**
 * The requirements of the tasks' steps. A step that needs a `Scope` gets the
 * layer's, because a run outlives the request that started it.
 *
 * @category type-level
 * @since 0.1.0
 */
export type Services<Tasks extends ReadonlyArray<Task.Any>> = Exclude<Task.Services<Tasks[number]>, Scope.Scope>

/**
 * Adds the task routes to the router.
 *
 * **Details**
 *
 * - `POST /tasks` with `{ "name", "context" }`: starts a task in the background, in the trace and under the
 *   correlation id of the request. `tags`, `reason`, `initiator` and `startAfter` are the options of the run. It answers 201 with `taskId`, `status` and `correlationId`; 400 with the path of
 *   every mistake; 404 for a task that is not served here; 413 beyond 1 MiB; 415 for anything but `application/json`.
 * - `GET /tasks`: runs of all instances that share the task store. The filters are `task`, `version`, `state` and
 *   `tag=name:value` (each of the two may be given several times), `errorType`, `instance`, `initiator`, `reason`,
 *   `olderThan` and `newerThan` (`1 hour`, or milliseconds), `retrying` and `waiting` (`true` or `false`). `sort` is
 *   `newest`, `oldest`, `slowest`, `fastest`, `latest_start`, `earliest_start` or `state`.
 *   A page has 20 runs, or `limit`, 100 at most. `cursor` of an answer asks for the next page. A wrong or unknown
 *   parameter is answered 400, with what is allowed. {@link TaskReport} has the schemas of the answers.
 * - `GET /tasks/:id`: one run with its steps. `error` says why the run or a step failed: type, message, own fields
 *   and causes, redacted. It answers 404 if no run has the id.
 * - `PATCH /tasks/:id` with `tags`, `reason` or both: changes a run that waits for its start, and answers with the run.
 *   It answers 409 once the run has started, or if it waits elsewhere.
 * - `DELETE /tasks/:id`: cancels a run, waits for its end and answers with its last record. It answers 404 if no run
 *   has the id, and 409 if the run has ended or runs elsewhere.
 *
 * All answer 503 if the task store fails or does not answer within `execution.storeTimeout`.
 *
 * Everyone may read. With `metrics.authRequired` or `http.authRequired`, reading needs the bearer token `http.token`, or
 * one of `http.tokens` with the scope `tasks:read`. Writing needs `http.token`, or a token with the scope `tasks:write`;
 * without it the route answers 401. If no token is configured, it answers only programs on this machine that call the
 * server directly, and 403 to others.
 *
 * **Gotchas**
 *
 * A proxy on this machine that adds no header looks like a program here. Behind a proxy, set `http.token`.
 *
 * Two tasks of one name throw a `RangeError`, even if namespace or version differs.
 *
 * **Example** (Serving a task)
 *
 * ```ts
 * import * as Effect from "effect/Effect"
 * import * as Schema from "effect/Schema"
 * import * as TaskRoute from "tasker-telemetry/http/TaskRoute"
 * import * as Step from "tasker-telemetry/workflow/Step"
 * import * as Task from "tasker-telemetry/workflow/Task"
 *
 * const Person = Schema.Struct({ name: Schema.String })
 * const greet = Step.make("greet", { input: Person, run: ({ input }) => Effect.succeed(`Hello, ${input.name}`) })
 * const Greet = Task.make("greet", { input: Person, steps: [greet] })
 * const Routes = TaskRoute.layer({ tasks: [Greet] })
 * ```
 *
 * @param options `tasks`: the tasks that may be started, none by default
 * @category layers
 * @since 0.1.0
 */
export const layer = <const Tasks extends ReadonlyArray<Task.Any> = readonly []>(
  options: Options<Tasks> = {}
): Layer.Layer<never, never, HttpRouter.HttpRouter | TaskRunner | TaskStore | Services<Tasks>> => {
  const tasks = byName(options.tasks ?? [])
  return ApiRoutes.layer(
    Tasks,
    Effect.fnUntraced(function*(handlers) {
      const runner = yield* TaskRunner
      const store = yield* TaskStore
      const context = yield* Effect.context<Services<Tasks>>()
      const view = TaskView.make(yield* Redaction.Current)
      const { execution: { storeTimeout } } = yield* TelemetryConfig.Current
      return handlers
        .handle("list", ({ query }) => ApiRoutes.answer(list(store, storeTimeout, view, query)))
        .handleRaw("start", () => ApiRoutes.answer(create(tasks, runner, context, view)))
        .handle("show", ({ params }) => ApiRoutes.answer(show(runner, view, params.id)))
        .handleRaw("amend", ({ params }) => ApiRoutes.answer(amend(runner, view, params.id)))
        .handle("cancel", ({ params }) => ApiRoutes.answer(cancel(runner, view, params.id)))
    })
  )
}

type View = ReturnType<typeof TaskView.make>
type Handler<R> = Effect.Effect<HttpServerResponse, HttpServerResponse, R>

const readRequest = RequestBody.readJson(TaskRequest)

const create = (
  tasks: ReadonlyMap<string, Task.Any>,
  runner: TaskRunner["Service"],
  context: Context.Context<never>,
  view: View
): Handler<HttpRouter.RouteContext | HttpServerRequest> =>
  Effect.gen(function*() {
    const { context: input, name, ...said } = yield* readRequest
    const task = tasks.get(name)
    if (task === undefined) return yield* Effect.fail(unknownTask(view.ofNames(tasks.keys())))
    const started = inBackground(runner.start(task, input, runOptionsOf(said)), context)
    const { correlationId, taskId } = yield* Effect.mapError(started, refusedBy)
    const status = yield* Effect.match(runner.inspect(taskId), {
      onFailure: () => "pending",
      onSuccess: ({ state }) => state
    })
    const { route } = yield* HttpRouter.RouteContext
    return JsonResponse.json(201, { taskId, status, correlationId }, { location: `${route.path}/${taskId}` })
  })

const list = (
  store: TaskStore["Service"],
  timeout: Duration.Duration,
  view: View,
  query: TaskSearch.Query
): Handler<ParsedSearchParams> =>
  Effect.gen(function*() {
    const search = yield* TaskSearch.read(query)
    const { cursor, tasks } = yield* Effect.mapError(
      readStore(() => store.search(search), timeout),
      () => storeFailed
    )
    const { limit, offset } = search
    return JsonResponse.json(200, { tasks: tasks.map(view.ofTask), limit, offset, cursor })
  })

const show = (runner: TaskRunner["Service"], view: View, id: string): Handler<never> =>
  Effect.mapBoth(runner.inspect(id), {
    onFailure: refusedBy,
    onSuccess: (snapshot) => JsonResponse.json(200, view.ofSnapshot(snapshot))
  })

const readAmendment = RequestBody.readJson(TaskAmendment, { onExcessProperty: "error" })

const amend = (runner: TaskRunner["Service"], view: View, id: string): Handler<HttpServerRequest> =>
  Effect.gen(function*() {
    const amendment = yield* readAmendment
    const snapshot = yield* Effect.mapError(
      runner.amend(id, amendment as Amendment),
      (error) =>
        error.reason._tag === "TransitionRefused"
          ? JsonResponse.json(409, {
            error: "already_started",
            message: "only a run that waits for its start can be changed",
            status: error.reason.state
          })
          : refusedBy(error)
    )
    return JsonResponse.json(200, view.ofSnapshot(snapshot))
  })

const cancel = (runner: TaskRunner["Service"], view: View, id: string): Handler<never> =>
  Effect.gen(function*() {
    const record = yield* Effect.mapError(runner.cancel(id), refusedBy)
    // The store may have dropped the run in the meantime.
    const snapshot = yield* Effect.option(runner.inspect(id))
    return JsonResponse.json(200, Option.isSome(snapshot) ? view.ofSnapshot(snapshot.value) : view.ofTask(record))
  })
