/**
 * Runs tasks. While a task runs, it can be inspected, cancelled, and its steps
 * can be resolved by hand.
 *
 * **Details**
 *
 * A run of `run` belongs to the fiber that calls it. If the fiber is interrupted,
 * every step is interrupted and the task is cancelled. A run of `start` belongs
 * to the layer.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Queue from "effect/Queue"
import * as TelemetryConfig from "../config/TelemetryConfig.ts"
import * as Correlation from "../Correlation.ts"
import { EventBus } from "../events/EventBus.ts"
import { DetectedResource, instanceIdOf } from "../internal/DetectedResource.ts"
import type { DurationSuchAs } from "../internal/typeMessages.ts"
import * as Redaction from "../redaction/Redaction.ts"
import { amend as amendRun, refusal } from "./internal/amendRun.ts"
import * as ManualResolution from "./internal/ManualResolution.ts"
import { readStore } from "./internal/readStore.ts"
import * as runFacts from "./internal/runFacts.ts"
import * as RunPreparation from "./internal/RunPreparation.ts"
import type { Tags } from "./internal/runTags.ts"
import * as StartDelay from "./internal/StartDelay.ts"
import * as TaskExecution from "./internal/TaskExecution.ts"
import { type Restore, snapshotOf, taskFields, type TaskRun } from "./internal/TaskRun.ts"
import { hasEnded } from "./internal/TaskState.ts"
import type * as Step from "./Step.ts"
import type * as Task from "./Task.ts"
import { NotRunning, StoreFailed, TaskError, TaskNotFound, TooManyTasks, TransitionRefused } from "./TaskError.ts"
import { type StepRecord, type TaskRecord, type TaskSnapshot, TaskStore } from "./TaskStore.ts"

/**
 * The result of a run that is complete.
 *
 * @category models
 * @since 0.1.0
 */
export interface TaskResult<T extends Task.Any> {
  readonly taskId: string
  readonly correlationId: string
  /** The results of the steps by their names. */
  readonly results: Task.Results<T>
  /** States, attempts and times of the steps. */
  readonly steps: ReadonlyArray<StepRecord>
  readonly durationSeconds: number
}

/**
 * A run in the background.
 *
 * @category models
 * @since 0.1.0
 */
export interface StartedTask<T extends Task.Any> {
  readonly taskId: string
  readonly correlationId: string
  readonly fiber: Fiber.Fiber<TaskResult<T>, Task.Error<T> | TaskError>
}

/**
 * Options of one run.
 *
 * @category models
 * @since 0.1.0
 */
export interface RunOptions {
  /** Correlation id of the run. The default is the caller's id, or a new one if the caller has none. */
  readonly correlationId?: string | undefined
  /**
   * Properties of the run with few distinct values, such as `{ region: "eu" }`: texts by name, no ids, at most ten. The
   * run's span has them as `tasker.tag.<name>`, and its record for the analysis, which compares runs by them.
   */
  readonly tags?: Tags | undefined
  /** Why the run is started, in at most 500 characters. Its record, its span and its first event have it. */
  readonly reason?: string | undefined
  /** Who or what starts the run: a person, a service. Kept as `reason` is. */
  readonly initiator?: string | undefined
  /**
   * Time that the run waits before its start; none by default. Until then it is `pending`: it can be amended and cancelled,
   * its steps cannot be resolved, and it counts for `execution.startedTasks`. The duration begins after it.
   */
  readonly startAfter?: DurationSuchAs<"10 minutes"> | undefined
}

/**
 * What {@link amend} changes. What is not given stays.
 *
 * @category models
 * @since 0.1.0
 */
export interface Amendment {
  /** The tags of the run, in place of the ones before. `{}` takes them away, and `""` the reason. */
  readonly tags?: Tags | undefined
  readonly reason?: string | undefined
}

/**
 * The task runner.
 *
 * @category services
 * @since 0.1.0
 */
export class TaskRunner extends Context.Service<TaskRunner, {
  readonly run: <T extends Task.Any>(
    task: T,
    input: Task.Input<T>,
    options?: RunOptions
  ) => Effect.Effect<TaskResult<T>, Task.Error<T> | TaskError, Task.Services<T>>
  readonly start: <T extends Task.Any>(
    task: T,
    input: Task.Input<T>,
    options?: RunOptions
  ) => Effect.Effect<StartedTask<T>, TaskError, Task.Services<T>>
  readonly cancel: (taskId: string) => Effect.Effect<TaskRecord, TaskError>
  readonly resolveStep: <S extends Step.Any>(
    taskId: string,
    step: S,
    result: Step.Success<S>
  ) => Effect.Effect<TaskSnapshot, TaskError>
  readonly resolveStepNamed: (
    taskId: string,
    stepName: string,
    result: unknown
  ) => Effect.Effect<TaskSnapshot, TaskError>
  readonly amend: (taskId: string, amendment: Amendment) => Effect.Effect<TaskSnapshot, TaskError>
  readonly inspect: (taskId: string) => Effect.Effect<TaskSnapshot, TaskError>
}>()("tasker-telemetry/workflow/TaskRunner") {
}

/**
 * The runner. The groups `execution` and `backoff` of the configuration set
 * concurrency, time-outs and retries.
 *
 * @since 0.1.0
 */
export const layer: Layer.Layer<TaskRunner, never, EventBus | TaskStore> = Layer.effect(
  TaskRunner,
  Effect.suspend(() => make)
)

/**
 * Runs a task in the current fiber and gives its results.
 *
 * **Details**
 *
 * The input is decoded before anything runs. If steps fail for good, the run first finishes all other steps that can
 * run. Then it fails with the causes of all failed steps.
 *
 * **Example** (Running a task)
 *
 * ```ts
 * import * as Effect from "effect/Effect"
 * import * as Schema from "effect/Schema"
 * import { Step, Task, TaskRunner, TelemetryLive } from "tasker-telemetry"
 *
 * const greet = Step.make("greet", {
 *   input: Schema.Struct({ name: Schema.String }),
 *   run: ({ input }) => Effect.succeed(`Hello, ${input.name}`)
 * })
 * const Greet = Task.make("greet", { input: Schema.Struct({ name: Schema.String }), steps: [greet] })
 *
 * const program = TaskRunner.run(Greet, { name: "Ada" }).pipe(
 *   Effect.map(({ results }) => results.greet),
 *   Effect.provide(TelemetryLive)
 * )
 * ```
 *
 * @since 0.1.0
 */
export const run = <T extends Task.Any>(task: T, input: Task.Input<T>, options?: RunOptions) =>
  Effect.flatMap(TaskRunner, (runner) => runner.run(task, input, options))

/**
 * Starts a task in the background, which runs until it ends or the layer closes. It fails if the input is not valid. It
 * fails with `TooManyTasks` if as many tasks run as `execution.startedTasks` allows.
 *
 * @since 0.1.0
 */
export const start = <T extends Task.Any>(task: T, input: Task.Input<T>, options?: RunOptions) =>
  Effect.flatMap(TaskRunner, (runner) => runner.start(task, input, options))

/**
 * Cancels a running task: interrupts its steps, waits until it has ended, and
 * gives its last record. `run` fails with the reason `Cancelled`. `cancel` fails
 * with `TransitionRefused` if the task ended in another way first. It fails with
 * `NotRunning` if the task has not ended but does not run here.
 *
 * @since 0.1.0
 */
export const cancel = (taskId: string) => Effect.flatMap(TaskRunner, (runner) => runner.cancel(taskId))

/**
 * Resolves a step by hand that waits or has failed. While the task runs, the
 * step's dependants go on with the given result. A task that ended in `error` is
 * not run again. It becomes `resolved_manually` when its last unsettled step is
 * resolved. The step is found by its name. It fails with `StepNotFound` if the
 * task has no step of this name. It fails with `TransitionRefused` if the step
 * runs or is settled.
 *
 * @since 0.1.0
 */
export const resolveStep = <S extends Step.Any>(taskId: string, step: S, result: Step.Success<S>) =>
  Effect.flatMap(TaskRunner, (runner) => runner.resolveStep(taskId, step, result))

/**
 * Resolves a step by hand as {@link resolveStep} does, for a caller that has only its name.
 *
 * **Gotchas**
 *
 * Nothing compares `result` with the type of the step's result. Its dependants get it as it is.
 *
 * @since 0.1.0
 */
export const resolveStepNamed = (taskId: string, stepName: string, result: unknown) =>
  Effect.flatMap(TaskRunner, (runner) => runner.resolveStepNamed(taskId, stepName, result))

/**
 * Changes what is said about a run that waits for its start. It fails with `TransitionRefused` if the run has started or
 * is cancelled. It fails with `NotRunning` if the run waits in another process.
 *
 * **Example** (Another reason for a run that waits)
 *
 * ```ts
 * import * as Effect from "effect/Effect"
 * import * as Schema from "effect/Schema"
 * import { Step, Task, TaskRunner } from "tasker-telemetry"
 *
 * const send = Step.make("send", { run: () => Effect.void })
 * const Report = Task.make("report", { input: Schema.Void, steps: [send] })
 *
 * const program = Effect.gen(function*() {
 *   const { taskId } = yield* TaskRunner.start(Report, undefined, { startAfter: "10 minutes", reason: "month end" })
 *   yield* TaskRunner.amend(taskId, { reason: "audit" })
 * })
 * ```
 *
 * @since 0.1.0
 */
export const amend = (taskId: string, amendment: Amendment) =>
  Effect.flatMap(TaskRunner, (runner) => runner.amend(taskId, amendment))

/**
 * Gives what is known about a task now: states, attempts and times of its steps.
 * For a task that runs here, the store is not asked.
 *
 * @since 0.1.0
 */
export const inspect = (taskId: string) => Effect.flatMap(TaskRunner, (runner) => runner.inspect(taskId))

const make = Effect.gen(function*() {
  const config = yield* TelemetryConfig.Current
  const bus = yield* EventBus
  const store = yield* TaskStore
  const scope = yield* Effect.scope
  const live = new Map<string, TaskRun>()
  const limit = config.execution.startedTasks
  const timeout = config.execution.storeTimeout
  let started = 0
  const release = Effect.sync(() => {
    started--
  })
  const prepare = RunPreparation.make(
    config,
    instanceIdOf(config.service.attributes, yield* DetectedResource)
  )
  const exclusively = ManualResolution.makeExclusion()
  let hasWarned = false

  /** If the caller's context has another store than the runner, this is a mistake. */
  const compareStores = Effect.withFiber((fiber) => {
    const given = Context.getOrUndefined(fiber.context, TaskStore)
    if (hasWarned || given === undefined || given === store) return Effect.void
    hasWarned = true
    return Effect.logWarning(
      "the TaskStore of the context is not the task runner's and gets no records; " +
        "give it to Telemetry.layer as the part taskStore"
    )
  })

  const prepared = Effect.fnUntraced(function*(
    task: Task.Any,
    input: unknown,
    options: RunOptions | undefined,
    restore: Restore
  ) {
    yield* compareStores
    const correlationId = options?.correlationId ?? (yield* Correlation.CorrelationId)
    return yield* prepare(task, input, {
      bus,
      store,
      live,
      restore,
      correlationId,
      facts: runFacts.accept(options, yield* Redaction.Current),
      delayMillis: StartDelay.millisOf(options?.startAfter, yield* Clock.currentTimeMillis)
    })
  })

  const execute = (run: TaskRun, restore: Restore) =>
    TaskExecution.execute(run, live, restore) as Effect.Effect<never, never, never>

  const enqueued = (run: TaskRun) =>
    bus.publish("observability.task.enqueue", { ...taskFields(run.record), totalSteps: run.steps.length }).pipe(
      Effect.provideService(Correlation.CorrelationId, run.record.correlationId),
      Effect.provideService(Correlation.CurrentWorkflow, { taskId: run.record.id, taskName: run.record.name })
    )

  /** What the store knows about a task that does not run here. */
  const stored = (taskId: string): Effect.Effect<TaskSnapshot, TaskError> =>
    readStore(() => store.get(taskId), timeout).pipe(
      Effect.mapError(() => new TaskError({ reason: new StoreFailed({ taskId, operation: "read" }) })),
      Effect.flatMap((found) =>
        Option.isSome(found)
          ? Effect.succeed(found.value)
          : Effect.fail(new TaskError({ reason: new TaskNotFound({ taskId }) }))
      )
    )

  const inspect = (taskId: string): Effect.Effect<TaskSnapshot, TaskError> =>
    Effect.suspend(() => {
      const run = live.get(taskId)
      return run === undefined ? stored(taskId) : Effect.succeed(snapshotOf(run))
    })

  const resolve = Effect.fnUntraced(function*(taskId: string, stepName: string, result: unknown) {
    const run = live.get(taskId)
    if (run !== undefined) {
      if (StartDelay.isWaiting(run)) return yield* refusal(run.record.state, "resolved_manually")
      yield* Deferred.await(run.begun)
      const resolved = yield* ManualResolution.whileRunning(run, stepName, result)
      if (resolved !== undefined) return resolved
      yield* Deferred.await(run.done)
    }
    return yield* exclusively(
      taskId,
      Effect.flatMap(
        stored(taskId),
        (snapshot) => ManualResolution.afterEnd({ bus, store, timeout, snapshot, stepName })
      )
    )
  })

  /** Refuses to cancel a task that does not run here. */
  const refuseCancel = ({ id, state }: TaskRecord) =>
    Effect.fail(
      new TaskError({
        reason: hasEnded(state)
          ? new TransitionRefused({ subject: "task", state, event: "cancelled" })
          : new NotRunning({ taskId: id, state })
      })
    )

  return TaskRunner.of({
    // Once a run has a record, it runs to its end. An interruption must not leave the record pending.
    run: (task, input, options) =>
      Effect.uninterruptibleMask((restore) =>
        Effect.flatMap(prepared(task, input, options, restore), (run) => execute(run, restore))
      ),
    start: (task, input, options) =>
      Effect.uninterruptibleMask((outer) =>
        Effect.gen(function*() {
          if (started >= limit) return yield* new TaskError({ reason: new TooManyTasks({ limit }) })
          started++
          const run = yield* Effect.onError(prepared(task, input, options, outer), () => release)
          yield* enqueued(run)
          const execution = Effect.uninterruptibleMask((restore) => execute(run, restore))
          const fiber = yield* Effect.forkIn(Effect.ensuring(execution, release), scope, { startImmediately: true })
          return { taskId: run.record.id, correlationId: run.record.correlationId, fiber }
        })
      ),
    cancel: (taskId) =>
      Effect.suspend(() => {
        const run = live.get(taskId)
        if (run === undefined) return Effect.flatMap(stored(taskId), refuseCancel)
        if (!run.over) {
          run.cancelRequested = true
          StartDelay.end(run)
          Queue.offerUnsafe(run.mailbox, { _tag: "CancelRequested" })
        }
        return Effect.flatMap(
          Deferred.await(run.done),
          (record) => record.state === "cancelled" ? Effect.succeed(record) : refuseCancel(record)
        )
      }),
    resolveStep: (taskId, step, result) => resolve(taskId, step.name, result),
    resolveStepNamed: resolve,
    amend: (taskId, amendment) => Effect.suspend(() => amendRun(live.get(taskId), stored(taskId), amendment)),
    inspect
  })
})
