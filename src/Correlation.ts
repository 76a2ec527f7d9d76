/**
 * What a piece of telemetry belongs to: the correlation id of a request, the
 * running task and the running step.
 *
 * The fiber's context holds them, so every fiber that is forked below inherits
 * them. After the region, the values from before are back.
 *
 * **Gotchas**
 *
 * The correlation id is not the trace id. One request can cause many traces, and
 * all of them carry the same correlation id. A trace that is not sampled has no
 * id that can be looked up.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { alphanumeric } from "./internal/identifiers.ts"

/**
 * The correlation id of the current fiber; `undefined` outside of requests and
 * tasks.
 *
 * **Example** (Reading the current id)
 *
 * ```ts
 * import * as Effect from "effect/Effect"
 * import * as Correlation from "tasker-telemetry/Correlation"
 *
 * const program = Effect.gen(function*() {
 *   const id = yield* Correlation.CorrelationId
 *   yield* Effect.logInfo(`request ${id ?? "without correlation id"}`)
 * })
 * ```
 *
 * @category references
 * @since 0.1.0
 */
export const CorrelationId: Context.Reference<string | undefined> = Context.Reference<string | undefined>(
  "tasker-telemetry/Correlation/CorrelationId",
  { defaultValue: () => undefined }
)

/**
 * The task that the current fiber works for, and its step if the fiber is inside
 * one.
 *
 * @category models
 * @since 0.1.0
 */
export interface WorkflowContext {
  /** Id of the run. */
  readonly taskId: string
  /** Name of the task definition. */
  readonly taskName: string
  /** Id of the step within the run, absent outside of steps. */
  readonly stepId?: string | undefined
  /** Name of the step, absent outside of steps. */
  readonly stepName?: string | undefined
  /** Attempt that is running, counted from 1, absent outside of steps. */
  readonly attempt?: number | undefined
}

/**
 * The {@link WorkflowContext} of the current fiber, `undefined` outside of tasks.
 *
 * **When to use**
 *
 * Use in a logger, tracer or subscriber that must know which step it serves.
 *
 * @category references
 * @since 0.1.0
 */
export const CurrentWorkflow: Context.Reference<WorkflowContext | undefined> = Context.Reference<
  WorkflowContext | undefined
>("tasker-telemetry/Correlation/CurrentWorkflow", { defaultValue: () => undefined })

/**
 * Header that carries the correlation id unless `correlation.header` says
 * otherwise, in the lower case that Effect's header maps use.
 */
const defaultHeader = "x-correlation-id"

const maximumLength = 100
const pattern = /^[a-zA-Z0-9][a-zA-Z0-9_-]*$/

/**
 * Tells whether a string may be a correlation id: 1 to 100 letters, digits, `_`
 * and `-`, with a letter or digit first.
 *
 * **When to use**
 *
 * Use before you take an id from outside. The rule keeps an id harmless in every
 * output: no spaces, quotes, line breaks or markup.
 *
 * @category predicates
 * @since 0.1.0
 */
export const isValid = (id: string): boolean => id.length <= maximumLength && pattern.test(id)

/**
 * Makes a new correlation id: `tsk_<milliseconds in base 36>_<6 characters>`,
 * for example `tsk_mcgi5my9_a24eXc`.
 *
 * **Details**
 *
 * Ids sort by the time of their creation. The time comes from `Clock`, the
 * characters from the secure random generator.
 *
 * @category constructors
 * @since 0.1.0
 */
export const generate: Effect.Effect<string> = Effect.zipWith(
  Clock.currentTimeMillis,
  alphanumeric(6),
  (millis, random) => `tsk_${Math.trunc(millis).toString(36)}_${random}`
)

/**
 * Accepts an id from outside, or makes a new one.
 *
 * **Details**
 *
 * A missing or blank id gives a new one. An invalid id gives a new one and a
 * debug log line. The line does not repeat the refused text, which may be
 * hostile.
 *
 * @category constructors
 * @since 0.1.0
 */
export const accept = Effect.fnUntraced(function*(id: string | undefined): Effect.fn.Return<string> {
  const candidate = id?.trim()
  if (candidate === undefined || candidate === "") return yield* generate
  if (isValid(candidate)) return candidate
  const replacement = yield* generate
  yield* Effect.logDebug("refused an invalid correlation id and made a new one").pipe(
    Effect.annotateLogs("refused_length", candidate.length),
    withCorrelationId(replacement)
  )
  return replacement
})

/**
 * Accepts the correlation id of an incoming message's headers, or makes a new
 * one.
 *
 * **Example** (Continuing a request)
 *
 * ```ts
 * import * as Effect from "effect/Effect"
 * import * as Correlation from "tasker-telemetry/Correlation"
 *
 * const handle = (headers: Record<string, string>) =>
 *   Effect.flatMap(Correlation.fromHeaders(headers), (id) =>
 *     Effect.logInfo("handled").pipe(Correlation.withCorrelationId(id)))
 * ```
 *
 * @param headers header map with lower-case names
 * @param name header name in any case, `x-correlation-id` by default
 * @category constructors
 * @since 0.1.0
 */
export const fromHeaders = (
  headers: Readonly<Record<string, string | undefined>>,
  name: string = defaultHeader
): Effect.Effect<string> => accept(headers[name.toLowerCase()])

/**
 * The header that carries the current correlation id to another service; empty
 * outside of any request or task, and if the id is not valid.
 *
 * **Example** (Calling another service)
 *
 * ```ts
 * import * as Effect from "effect/Effect"
 * import * as HttpClientRequest from "effect/http/HttpClientRequest"
 * import * as Correlation from "tasker-telemetry/Correlation"
 *
 * const request = Effect.map(Correlation.toHeaders(), (headers) =>
 *   HttpClientRequest.get("http://127.0.0.1:8080/stock").pipe(HttpClientRequest.setHeaders(headers)))
 * ```
 *
 * @param name header name, `x-correlation-id` by default
 * @category conversions
 * @since 0.1.0
 */
export const toHeaders = (name: string = defaultHeader): Effect.Effect<Record<string, string>> =>
  Effect.map(
    CorrelationId,
    (id): Record<string, string> => id === undefined || !isValid(id) ? {} : { [name.toLowerCase()]: id }
  )

/**
 * Runs an effect, and every fiber that it forks, under a correlation id.
 * Afterwards the id from before is back.
 *
 * @param id a valid id, see {@link isValid}
 * @category combinators
 * @since 0.1.0
 */
export const withCorrelationId = (id: string) => <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.provideService(effect, CorrelationId, id)
