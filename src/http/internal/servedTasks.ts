/**
 * The tasks that clients may start, and how a request starts one.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type { HttpServerResponse } from "effect/http/HttpServerResponse"
import type * as Schema from "effect/Schema"
import * as Tracer from "effect/Tracer"
import * as Correlation from "../../Correlation.ts"
import type * as Task from "../../workflow/Task.ts"
import type { TaskError } from "../../workflow/TaskError.ts"
import type { RunOptions } from "../../workflow/TaskRunner.ts"
import type { startOptions } from "./api/tasks.ts"
import { millisOf } from "./durationParameter.ts"
import * as JsonResponse from "./JsonResponse.ts"

/** The tasks by their names. Throws a `RangeError` if two have one name. */
export const byName = (tasks: ReadonlyArray<Task.Any>): ReadonlyMap<string, Task.Any> => {
  const names = new Map<string, Task.Any>()
  for (const task of tasks) {
    if (names.has(task.name)) throw new RangeError(`two tasks have the name "${task.name}"`)
    names.set(task.name, task)
  }
  return names
}

/**
 * The request ends before the run. So the run gets the layer's context, and from
 * the request only its span and correlation id.
 */
export const inBackground = <A, E>(
  started: Effect.Effect<A, E, unknown>,
  context: Context.Context<never>
): Effect.Effect<A, E> =>
  Effect.withFiber((fiber) => {
    const span = Context.getOrUndefined(fiber.context, Tracer.ParentSpan)
    const correlated = Context.add(context, Correlation.CorrelationId, fiber.getRef(Correlation.CorrelationId))
    const complete = span === undefined ? correlated : Context.add(correlated, Tracer.ParentSpan, span)
    return Effect.updateContext(started, () => complete as Context.Context<unknown>)
  })

/** The options of a run, from what a client says about it. The compiler refuses names that hold ids, but not these. */
export const runOptionsOf = ({ startAfter, ...said }: Schema.Struct.Type<typeof startOptions>): RunOptions =>
  ({ ...said, startAfter: typeof startAfter === "string" ? millisOf(startAfter) : startAfter }) as RunOptions

/** The answer to a name that no task has. */
export const unknownTask = (known: ReadonlyArray<string>): HttpServerResponse =>
  JsonResponse.json(404, { error: "unknown_task", message: "start one of the known tasks", known })

/** The answer if the task store cannot be read. */
export const storeFailed: HttpServerResponse = JsonResponse.json(503, {
  error: "task_store_failed",
  message: "the task store failed or did not answer in time; the log of the service says why"
})

/** A guess: the server does not know how long runs take. */
const retryAfterSeconds = "5"

/** The answer to an error of the task runner. */
export const refusedBy = ({ reason }: TaskError): HttpServerResponse => {
  switch (reason._tag) {
    case "InvalidInput":
      return JsonResponse.invalidRequest(reason.issues.map(({ message, path }) => ({
        path: path === "" ? "context" : `context.${path}`,
        message
      })))
    case "TaskNotFound":
      return JsonResponse.json(404, {
        error: "task_not_found",
        message: "no run has this id; GET /tasks lists the runs that are kept"
      })
    case "TransitionRefused":
      return JsonResponse.json(409, {
        error: "already_ended",
        message: "the run has ended; nothing is left to cancel",
        status: reason.state
      })
    case "NotRunning":
      return JsonResponse.json(409, {
        error: "not_running_here",
        message: "ask the process that runs it",
        status: reason.state
      })
    case "StoreFailed":
      return storeFailed
    case "TooManyTasks":
      return JsonResponse.json(503, {
        error: "too_many_tasks",
        message: "as many started tasks run as execution.startedTasks allows; try again later",
        limit: reason.limit
      }, { "retry-after": retryAfterSeconds })
    default:
      return JsonResponse.internalError
  }
}
