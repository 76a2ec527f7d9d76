/**
 * Shows the steps of runs over HTTP, and resolves them by hand.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as HttpRouter from "effect/http/HttpRouter"
import type { HttpServerRequest } from "effect/http/HttpServerRequest"
import type { HttpServerResponse } from "effect/http/HttpServerResponse"
import type * as Layer from "effect/Layer"
import * as Redaction from "../redaction/Redaction.ts"
import type { TaskError } from "../workflow/TaskError.ts"
import { TaskRunner } from "../workflow/TaskRunner.ts"
import { StepResolution, Steps } from "./internal/api/steps.ts"
import * as ApiRoutes from "./internal/ApiRoutes.ts"
import * as JsonResponse from "./internal/JsonResponse.ts"
import * as RequestBody from "./internal/RequestBody.ts"
import { refusedBy } from "./internal/servedTasks.ts"
import * as TaskView from "./internal/TaskView.ts"

/**
 * Adds the routes of steps to the router.
 *
 * **Details**
 *
 * - `GET /tasks/:id/steps`: the steps of a run, in the order of the definition.
 * - `GET /tasks/:id/steps/:step`: the step of this name.
 * - `PATCH` or `PUT /tasks/:id/steps/:step` with `{ "status": "resolved_manually", "result" }`: resolves a step by hand
 *   that waits or has failed, and answers with the run. If the run goes on, the steps that depend on this one get
 *   `result`, which is `null` if it is absent. It answers 409 if the step runs or is settled, and if the run waits for
 *   its start or runs elsewhere.
 *
 * A run or a step that there is not is answered 404. Access is that of the task routes: the scopes `tasks:read` and
 * `tasks:write`. {@link TaskReport} has the schemas of the answers.
 *
 * **Gotchas**
 *
 * Nothing compares `result` with the type that the definition gives the result of the step.
 *
 * **Example** (Steps beside a route of the program)
 *
 * ```ts
 * import * as HttpRouter from "effect/http/HttpRouter"
 * import * as HttpServerResponse from "effect/http/HttpServerResponse"
 * import * as Layer from "effect/Layer"
 * import * as StepRoute from "tasker-telemetry/http/StepRoute"
 *
 * const Hello = HttpRouter.add("GET", "/hello", HttpServerResponse.text("hello"))
 * const App = Layer.mergeAll(Hello, StepRoute.layer)
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<never, never, HttpRouter.HttpRouter | TaskRunner> = ApiRoutes.layer(
  Steps,
  Effect.fnUntraced(function*(handlers) {
    const runner = yield* TaskRunner
    const view = TaskView.make(yield* Redaction.Current)

    const list = (id: string) =>
      Effect.mapBoth(runner.inspect(id), {
        onFailure: refusedBy,
        onSuccess: ({ state, steps }) =>
          JsonResponse.json(200, { taskId: id, status: state, steps: steps.map(view.ofStep) })
      })

    const show = (id: string, name: string) =>
      Effect.flatMap(Effect.mapError(runner.inspect(id), refusedBy), ({ steps }) => {
        const step = steps.find((step) => step.name === name)
        return step === undefined
          ? Effect.fail(unknownStep(view.ofNames(steps.map(({ name }) => name))))
          : Effect.succeed(JsonResponse.json(200, view.ofStep(step)))
      })

    const resolve = Effect.fnUntraced(function*(
      id: string,
      step: string
    ): Effect.fn.Return<HttpServerResponse, HttpServerResponse, HttpServerRequest> {
      const { result = null } = yield* readResolution
      const resolved = yield* Effect.mapError(runner.resolveStepNamed(id, step, result), refusedResolution)
      return JsonResponse.json(200, view.ofSnapshot(resolved))
    })

    return handlers
      .handle("list", ({ params }) => ApiRoutes.answer(list(params.id)))
      .handle("show", ({ params }) => ApiRoutes.answer(show(params.id, params.step)))
      .handleRaw("resolve", ({ params }) => ApiRoutes.answer(resolve(params.id, params.step)))
      .handleRaw("replace", ({ params }) => ApiRoutes.answer(resolve(params.id, params.step)))
  })
)

const readResolution = RequestBody.readJson(StepResolution, { onExcessProperty: "error" })

const refusedResolution = (error: TaskError): HttpServerResponse => {
  const { reason } = error
  if (reason._tag === "StepNotFound") return unknownStep()
  if (reason._tag !== "TransitionRefused") return refusedBy(error)
  return JsonResponse.json(409, {
    error: "step_not_resolvable",
    message: reason.subject === "step"
      ? "only a step that waits or has failed can be resolved"
      : "the run waits for its start, and its steps cannot be resolved yet",
    status: reason.state
  })
}

const unknownStep = (known?: ReadonlyArray<string>): HttpServerResponse =>
  JsonResponse.json(404, {
    error: "step_not_found",
    message: "the run has no step of this name; GET /tasks/:id/steps lists the steps",
    ...(known === undefined ? {} : { known })
  })
