/**
 * Shows the definitions of tasks over HTTP: their graphs, and how their runs go.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as HttpRouter from "effect/http/HttpRouter"
import type * as Layer from "effect/Layer"
import * as Redaction from "../redaction/Redaction.ts"
import type * as Task from "../workflow/Task.ts"
import * as TaskDefinition from "../workflow/TaskDefinition.ts"
import { Definitions } from "./internal/api/definitions.ts"
import * as ApiRoutes from "./internal/ApiRoutes.ts"
import * as JsonResponse from "./internal/JsonResponse.ts"
import * as TaskView from "./internal/TaskView.ts"

/**
 * Options of the routes of definitions.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** The tasks that are shown, none by default. */
  readonly tasks?: ReadonlyArray<Task.Any> | undefined
}

/**
 * Adds the routes of definitions to the router.
 *
 * **Details**
 *
 * - `GET /task-definitions`: name, namespace, version and number of steps of each task, by name.
 * - `GET /task-definitions/:name`: a task with its graph: `nodes` with level, retries and time limit, `edges`, and the
 *   highest number of steps of a run that work at the same time. It answers 404 for a task that is not shown.
 *
 * Access is that of reading tasks: the scope `tasks:read`. {@link TaskReport} has the schemas of the answers.
 *
 * **Example** (The definition of a task)
 *
 * ```ts
 * import * as Effect from "effect/Effect"
 * import * as Schema from "effect/Schema"
 * import { Step, Task, TaskDefinitionRoute } from "tasker-telemetry"
 *
 * const greet = Step.make("greet", { run: () => Effect.succeed("hello") })
 * const Greet = Task.make("greet", { input: Schema.Void, steps: [greet] })
 * const Routes = TaskDefinitionRoute.layer({ tasks: [Greet] })
 * ```
 *
 * @param options `tasks`: the tasks that are shown, none by default
 * @category layers
 * @since 0.1.0
 */
export const layer = (options: Options = {}): Layer.Layer<never, never, HttpRouter.HttpRouter> =>
  ApiRoutes.layer(
    Definitions,
    Effect.fnUntraced(function*(handlers) {
      const view = TaskView.make(yield* Redaction.Current)
      const definitions = (yield* Effect.forEach(options.tasks ?? [], TaskDefinition.make))
        .toSorted((left, right) => left.name < right.name ? -1 : 1)

      const list = JsonResponse.json(200, { definitions: definitions.map(view.ofDefinitionName) })

      const show = (name: string) => {
        const definition = definitions.find((definition) => definition.name === name)
        return definition === undefined
          ? JsonResponse.json(404, {
            error: "unknown_task",
            message: "ask for one of the known tasks",
            known: view.ofNames(definitions.map(({ name }) => name))
          })
          : JsonResponse.json(200, view.ofDefinition(definition))
      }

      return handlers
        .handle("list", () => Effect.succeed(list))
        .handle("show", ({ params }) => Effect.succeed(show(params.name)))
    })
  )
