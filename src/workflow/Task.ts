/**
 * A task: a named set of steps and the schema of its input. A task is a value,
 * which is checked when it is made.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { toDuration } from "../config/internal/durationInput.ts"
import { truncateAtWord } from "../internal/truncateAtWord.ts"
import { quoteValue } from "../redaction/internal/quoteValue.ts"
import * as RetryPolicy from "../RetryPolicy.ts"
import * as StepGraph from "./internal/StepGraph.ts"
import type * as Step from "./Step.ts"

/**
 * Marks values made by {@link make}.
 *
 * @internal
 */
export const TypeId: "~tasker-telemetry/Task" = "~tasker-telemetry/Task"

/**
 * A schema that a task input may have: decodable and encodable without services.
 *
 * @category models
 * @since 0.1.0
 */
export type InputSchema = Schema.Codec<unknown, unknown, never, never>

/**
 * A task definition.
 *
 * @category models
 * @since 0.1.0
 */
export interface Task<
  out Name extends string,
  out Input extends InputSchema,
  out Steps extends ReadonlyArray<Step.Any>
> {
  readonly "~tasker-telemetry/Task": "~tasker-telemetry/Task"
  readonly name: Name
  readonly namespace: string
  readonly version: string
  readonly input: Input
  readonly steps: Steps
  readonly graph: StepGraph.StepGraph
}

/**
 * Any task.
 *
 * @category models
 * @since 0.1.0
 */
export type Any = Task<string, InputSchema, ReadonlyArray<Step.Any>>

/**
 * The input of a run: the encoded form of the input schema.
 *
 * @category type-level
 * @since 0.1.0
 */
export type Input<T extends Any> = T["input"]["Encoded"]

/**
 * The union of the errors of a task's steps.
 *
 * @category type-level
 * @since 0.1.0
 */
export type Error<T extends Any> = Step.Error<T["steps"][number]>

/**
 * The union of the requirements of a task's steps.
 *
 * @category type-level
 * @since 0.1.0
 */
export type Services<T extends Any> = Step.Services<T["steps"][number]>

/**
 * The results of a task's steps by their names.
 *
 * @category type-level
 * @since 0.1.0
 */
export type Results<T extends Any> = Step.Results<T["steps"]>

/**
 * Makes a task.
 *
 * **Details**
 *
 * The steps may stand in any order. A step starts when its dependencies are complete.
 *
 * A mistake in the definition throws a `RangeError` that names the mistake. Mistakes of the task are an input that is no
 * schema, no steps, two steps of one name, and a dependency that is not among the steps. Mistakes of a step are a value
 * that is no step, a `run` that is no function, and an invalid retry policy or time-out.
 *
 * **Example** (A task of two steps)
 *
 * ```ts
 * import * as Effect from "effect/Effect"
 * import * as Schema from "effect/Schema"
 * import * as Step from "tasker-telemetry/workflow/Step"
 * import * as Task from "tasker-telemetry/workflow/Task"
 *
 * const Order = Schema.Struct({ orderId: Schema.String })
 * const fetchCart = Step.make("fetch_cart", {
 *   input: Order,
 *   run: ({ input }) => Effect.succeed({ order: input.orderId, total: 42 })
 * })
 * const charge = Step.make("charge", {
 *   dependsOn: [fetchCart],
 *   run: ({ results }) => Effect.succeed(results.fetch_cart.total)
 * })
 * const ProcessOrder = Task.make("process_order", { input: Order, steps: [fetchCart, charge] })
 * ```
 *
 * @param name name of the definition; it becomes a span and metric attribute, so it must have no id in it
 * @param options `input`: schema of the input, decoded before anything runs; `steps`; `namespace`: `default` by
 * default; `version`: `0.1.0` by default
 * @category constructors
 * @since 0.1.0
 */
export const make = <
  const Name extends string,
  Input extends InputSchema,
  const Steps extends ReadonlyArray<Step.Step<string, unknown, unknown, unknown, Input["Type"]>>
>(
  name: Name,
  options: {
    readonly input: Input
    readonly steps: Steps
    readonly namespace?: string | undefined
    readonly version?: string | undefined
  }
): Task<Name, Input, Steps> => {
  const problem = problemOf(name)
  if (problem !== undefined) throw new RangeError(`task ${shown(name)}: ${problem}`)
  if (!Schema.isSchema(options.input)) {
    throw new RangeError(`task ${shown(name)}: expected a schema at input, got ${quoteValue(options.input)}`)
  }
  const graph = StepGraph.make(name, options.steps)
  for (const step of options.steps) validate(name, step)
  return {
    [TypeId]: TypeId,
    name,
    namespace: options.namespace ?? "default",
    version: options.version ?? "0.1.0",
    input: options.input,
    steps: options.steps,
    graph
  }
}

/** Names become attributes of spans and metrics and keys of results. */
const longestName = 200

const problemOf = (name: string): string | undefined =>
  !Predicate.isString(name)
    ? "expected a text as the name"
    : name === ""
    ? "a name is missing"
    : name.length > longestName
    ? `a name has at most ${longestName} characters`
    : name === "__proto__"
    ? "the name cannot be a key of results"
    : undefined

/**
 * A long name is cut between two words, because half a secret is not recognised. The length tells two cut names apart.
 */
const shown = (name: string) =>
  !Predicate.isString(name)
    ? quoteValue(name)
    : name.length > longestName
    ? `"${truncateAtWord(name, longestName)}…" (${name.length} characters)`
    : `"${name}"`

const validate = (task: string, step: Step.Any) => {
  const refuse = (reason: string) => {
    throw new RangeError(`step ${shown(step.name)} of task "${task}": ${reason}`)
  }
  const problem = problemOf(step.name)
  if (problem !== undefined) refuse(problem)
  if (!Predicate.isFunction(step.run)) refuse(`expected a function at run, got ${quoteValue(step.run)}`)
  for (const name of ["skipWhen", "whenSkipped"] as const) {
    if (step[name] !== undefined && !Predicate.isFunction(step[name])) {
      refuse(`expected a function at ${name}, got ${quoteValue(step[name])}`)
    }
  }
  if (step.whenSkipped !== undefined && step.skipWhen === undefined) refuse("whenSkipped needs skipWhen beside it")
  if (step.retry !== undefined) {
    const policy = RetryPolicy.complete(step.retry)
    if (Result.isFailure(policy)) refuse(policy.failure)
  }
  if (step.timeout !== undefined) {
    const timeout = toDuration(step.timeout)
    if (timeout === undefined || !Duration.isPositive(timeout)) {
      refuse(`expected a positive duration such as "10 seconds" at timeout, got ${quoteValue(step.timeout)}`)
    }
  }
}
