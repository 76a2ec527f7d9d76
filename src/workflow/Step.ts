/**
 * A step: one named unit of work of a task, written as an Effect.
 *
 * A step is a value. It holds the steps that it depends on, so a cycle cannot be
 * written, and their results are typed.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Schema from "effect/Schema"
import type { DurationSuchAs, Mistake } from "../internal/typeMessages.ts"
import type * as RetryPolicy from "../RetryPolicy.ts"

/**
 * Marks values made by {@link make}.
 *
 * @internal
 */
export const TypeId: "~tasker-telemetry/Step" = "~tasker-telemetry/Step"

/**
 * A step that needs `Input`, succeeds with `A`, may fail with `E` and requires
 * `R`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Step<out Name extends string, out A, out E, out R, in Input> {
  readonly "~tasker-telemetry/Step": "~tasker-telemetry/Step"
  readonly name: Name
  readonly dependsOn: ReadonlyArray<Any>
  readonly retry: RetryPolicy.Options | undefined
  readonly timeout: Duration.Input | undefined
  readonly run: (context: {
    readonly input: Input
    readonly results: never
    readonly attempt: number
  }) => Effect.Effect<A, E, R>
  readonly skipWhen:
    | ((context: { readonly input: Input; readonly results: never }) => boolean | Effect.Effect<boolean, E, R>)
    | undefined
  readonly whenSkipped: ((context: { readonly input: Input; readonly results: never }) => A) | undefined
}

/**
 * Any step.
 *
 * @category models
 * @since 0.1.0
 */
export type Any = Step<string, unknown, unknown, unknown, never>

/**
 * The result of a step.
 *
 * @category type-level
 * @since 0.1.0
 */
export type Success<S> = S extends Step<string, infer A, infer _E, infer _R, infer _Input> ? A : never

/**
 * What a step may fail with.
 *
 * @category type-level
 * @since 0.1.0
 */
export type Error<S> = S extends Step<string, infer _A, infer E, infer _R, infer _Input> ? E : never

/**
 * What a step requires.
 *
 * @category type-level
 * @since 0.1.0
 */
export type Services<S> = S extends Step<string, infer _A, infer _E, infer R, infer _Input> ? R : never

/**
 * The results of steps by their names.
 *
 * @category type-level
 * @since 0.1.0
 */
export type Results<Steps extends ReadonlyArray<unknown>> = {
  readonly [S in Steps[number] as S extends Any ? S["name"] : never]: Success<S>
}

/** The given steps. If a name stands in place of a step, the compiler says what to give. */
type StepValues<Given> = {
  readonly [K in keyof Given]: Given[K] extends Any ? Given[K]
    : Given[K] extends string ? `'${Given[K]}' is the name of a step: give the step itself`
    : Any
}

/**
 * What `run` of a step gets.
 *
 * @category models
 * @since 0.1.0
 */
export interface StepContext<Input, Dependencies extends ReadonlyArray<unknown>> {
  /** The task's decoded input. */
  readonly input: Input
  /** The results of the steps named in `dependsOn`, and of no others. */
  readonly results: Results<Dependencies>
  /** Number of this attempt, counted from 1. */
  readonly attempt: number
}

/** What `skipWhen` and `whenSkipped` get. */
interface SkipContext<Input, Dependencies extends ReadonlyArray<unknown>> {
  /** The task's decoded input. */
  readonly input: Input
  /** The results of the steps named in `dependsOn`, and of no others. */
  readonly results: Results<Dependencies>
}

/**
 * The options that every step has.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options<A, E, R, Input, Dependencies extends ReadonlyArray<unknown>> {
  readonly dependsOn?: StepValues<Dependencies> | undefined
  readonly input?: Schema.Schema<Input> | undefined
  readonly retry?: RetryPolicy.Options | undefined
  readonly timeout?: DurationSuchAs<"10 seconds"> | undefined
  readonly run: (context: StepContext<Input, Dependencies>) => Effect.Effect<A, E, R>
}

/** Stands for a missing `skipWhen`. */
interface NoQuestion {
  readonly "~tasker-telemetry/NoQuestion": never
}

type BooleanOrEffect = boolean | Effect.Effect<boolean, any, any> | NoQuestion

/** `Then` if the step has `skipWhen`, also one of type `any`; `Else` if it has none. */
type IfAsked<Answer, Then, Else> = 0 extends 1 & Answer ? Then : NoQuestion extends Answer ? Else : Then

/** The options of a step that may be skipped, or of one that is never skipped. */
type SkipOptions<Input, Dependencies extends ReadonlyArray<unknown>, Answer, Skipped> =
  | {
    readonly skipWhen: (context: SkipContext<Input, Dependencies>) => Answer
    readonly whenSkipped?: ((context: SkipContext<Input, Dependencies>) => Skipped) | undefined
  }
  | {
    readonly skipWhen?: undefined
    readonly whenSkipped?: Mistake<"whenSkipped needs skipWhen beside it"> | undefined
  }

/**
 * Makes a step.
 *
 * **Details**
 *
 * `run` is called once per attempt, in a fiber of its own, inside a `tasker.step.execution` span. Success completes the
 * step. A failure is retried as `retry` says, unless it is a `PermanentError`. A defect is not retried. A time-out
 * interrupts the fiber and counts as a failure.
 *
 * `skipWhen` is called once, before the first attempt. If it gives `true`, the step is complete without an attempt: it
 * has no step span, no attempt counts, and `observability.step.skip` is published. Its dependants get the result of
 * `whenSkipped`, or `undefined`, which their types show. If `skipWhen` fails, the first attempt fails with the same
 * error. `skipWhen` has a time limit as long as an attempt's. It shares the limit of the batch with the attempt.
 *
 * **Gotchas**
 *
 * In code without types, `run` may give a promise, or `skipWhen` a value that is no boolean. The attempt then dies with
 * a `TypeError` that names the value.
 *
 * **Example** (Two steps, the second with the result of the first)
 *
 * ```ts
 * import * as Effect from "effect/Effect"
 * import * as Schema from "effect/Schema"
 * import * as Step from "tasker-telemetry/workflow/Step"
 *
 * const Order = Schema.Struct({ orderId: Schema.String })
 * const fetchCart = Step.make("fetch_cart", {
 *   input: Order,
 *   run: ({ input }) => Effect.succeed({ order: input.orderId, total: 42 })
 * })
 * const charge = Step.make("charge", {
 *   dependsOn: [fetchCart],
 *   retry: { maximumAttempts: 5 },
 *   timeout: "10 seconds",
 *   run: ({ results }) => Effect.succeed(`charged ${results.fetch_cart.total}`)
 * })
 * ```
 *
 * **Example** (A step that may have nothing to do)
 *
 * ```ts
 * import * as Effect from "effect/Effect"
 * import * as Schema from "effect/Schema"
 * import * as Step from "tasker-telemetry/workflow/Step"
 *
 * const discount = Step.make("discount", {
 *   input: Schema.Struct({ total: Schema.Finite }),
 *   skipWhen: ({ input }) => input.total < 100,
 *   whenSkipped: () => 0,
 *   run: ({ input }) => Effect.succeed(input.total * 0.1)
 * })
 * ```
 *
 * @param name unique within a task; it becomes a span and metric attribute, so it must have no id in it
 * @param options `dependsOn`: steps that must be complete first, none by default; `input`: the schema whose type `run`
 * sees as `input`, `unknown` by default; `retry`: what differs from the configured policy; `timeout`: limit of one
 * attempt, by default `execution.stepTimeout`; `skipWhen`: whether there is nothing to do; `whenSkipped`: the result of
 * a skipped step, `undefined` by default
 * @category constructors
 * @since 0.1.0
 */
export const make: <
  const Name extends string,
  A,
  E,
  R,
  Input = unknown,
  const Dependencies extends ReadonlyArray<unknown> = readonly [],
  Answer extends BooleanOrEffect = BooleanOrEffect,
  Skipped = undefined
>(
  name: Name,
  options: Options<A, E, R, Input, Dependencies> & SkipOptions<Input, Dependencies, Answer, Skipped>
) => Step<
  Name,
  IfAsked<Answer, A | Skipped, A>,
  IfAsked<Answer, E | Effect.Error<Answer>, E>,
  IfAsked<Answer, R | Effect.Services<Answer>, R>,
  Input
> = (name: string, options: Erased): Step<any, any, any, any, any> => ({
  [TypeId]: TypeId,
  name,
  dependsOn: options.dependsOn ?? [],
  retry: options.retry,
  timeout: options.timeout,
  run: options.run,
  skipWhen: options.skipWhen,
  whenSkipped: options.whenSkipped
})

/** The options, without the types that depend on each other. */
interface Erased {
  readonly dependsOn?: any
  readonly retry?: RetryPolicy.Options | undefined
  readonly timeout?: Duration.Input | undefined
  readonly run: any
  readonly skipWhen?: any
  readonly whenSkipped?: any
}
