/**
 * One live run of a task: its records, its results and its mailbox. The
 * orchestrator, the step executor and the runner share it.
 *
 * Every change of a state goes through {@link moveStep} or {@link moveTask}. In
 * one synchronous step, the state machine decides, the record changes, the writer
 * gets the record, and the event is published. No other fiber can come in
 * between. Code that decides by a state must move it in the same step.
 */
import type * as Cause from "effect/Cause"
import type * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import type * as Deferred from "effect/Deferred"
import type * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import type * as Queue from "effect/Queue"
import * as Result from "effect/Result"
import * as Correlation from "../../Correlation.ts"
import type * as EventBus from "../../events/EventBus.ts"
import type * as EventCatalog from "../../events/EventCatalog.ts"
import type { ErrorRecord } from "../../redaction/internal/ErrorRecord.ts"
import type * as RetryPolicy from "../../RetryPolicy.ts"
import type * as Task from "../Task.ts"
import type { TransitionRefused } from "../TaskError.ts"
import type { StepRecord, TaskRecord, TaskSnapshot } from "../TaskStore.ts"
import type { RecordWriter } from "./RecordWriter.ts"
import type { StartDelay } from "./StartDelay.ts"
import * as StepState from "./StepState.ts"
import * as TaskState from "./TaskState.ts"

/** The messages that wake the orchestrator. */
export type Message =
  | { readonly _tag: "Settled"; readonly index: number; readonly exit: Exit.Exit<void> }
  | { readonly _tag: "FiberLost"; readonly index: number }
  | { readonly _tag: "BackoffElapsed"; readonly index: number; readonly backoffSeconds: number }
  | { readonly _tag: "Resolved"; readonly index: number }
  | { readonly _tag: "CancelRequested" }
  /** A fiber of the loop has died. */
  | { readonly _tag: "Defect"; readonly cause: Cause.Cause<never> }

/** The settings of a run, which never change. */
export interface RunSettings {
  readonly concurrency: number
  /** For each step, in the order of the definition. */
  readonly policies: ReadonlyArray<RetryPolicy.RetryPolicy>
  /** For each step, the limit of one attempt in milliseconds; `undefined` for none. */
  readonly stepTimeouts: ReadonlyArray<number | undefined>
  /** Limit of a batch of so many steps, in milliseconds; `undefined` for none. */
  readonly batchTimeout: (steps: number) => number | undefined
  /** Whether each discovery has a span of its own. Without it, only a slow one has. */
  readonly discoverySpans: boolean
}

/** Makes a part of an uninterruptible effect interruptible again. */
export type Restore = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>

/** The records that a transition reads and writes. An ended run still has them. */
export interface RunRecords {
  readonly bus: EventBus.EventBus["Service"]
  readonly writer: RecordWriter
  readonly steps: Array<StepRecord>
  record: TaskRecord
}

/** An attempt that runs. */
export interface Progress {
  /** The exit of the fiber, if the fiber was lost: a value that is no Effect ended it without finalizers. */
  lostWith: Exit.Exit<unknown, unknown> | undefined
  /** Settles the step with that exit. */
  settle: (exit: Exit.Exit<unknown, unknown>) => Effect.Effect<void, never, unknown>
  /** Tells its batch that the attempt has ended. */
  readonly end: () => Effect.Effect<void>
}

export interface TaskRun extends RunRecords {
  readonly task: Task.Any
  readonly input: unknown
  readonly settings: RunSettings
  readonly mailbox: Queue.Queue<Message>
  /** The wait before the start, if there is one. */
  readonly delay: StartDelay | undefined
  /** Done when the events that announce the run and its steps have been published, so that others may follow. */
  readonly begun: Deferred.Deferred<void>
  readonly done: Deferred.Deferred<TaskRecord>
  /** Where the duration begins: when the run was created, or when its wait for the start ended. */
  beganNanos: bigint
  /** Seconds each step waited in back-off before its next attempt. */
  readonly backoffSeconds: Array<number>
  /** Monotonic time at which each step became ready, for its next attempt and for its first one. */
  readonly readyNanos: Array<bigint>
  readonly firstReadyNanos: Array<bigint>
  /** For each step that is about to settle, the limit that ended its attempt. */
  readonly timedOut: Array<"step" | "batch" | undefined>
  /** The exit of the last attempt of each step that has settled. */
  readonly exits: Array<Exit.Exit<unknown, unknown> | undefined>
  /** Whether each failed step may never run again. */
  readonly failedForGood: Array<boolean>
  /** For each step with `skipWhen`, whether it has answered that the step is needed. */
  readonly isNeeded: Array<boolean>
  /** For each step, its running attempt. */
  readonly attempting: Array<Progress | undefined>
  /** By the id of a step, how many runs that it has started go on. */
  readonly innerRuns: Map<string, number>
  readonly results: Record<string, unknown>
  /** The context outside of the last attempt, and the same context without yields. Attempts often share it. */
  turn: { readonly outside: Context.Context<unknown>; readonly inside: Context.Context<unknown> } | undefined
  cancelRequested: boolean
  /** The loop has ended or is ending. It takes no more messages. */
  over: boolean
  /** The loop ended because its fiber was interrupted. */
  interrupted: boolean
  /** The defect of the loop. */
  defect: Cause.Cause<never> | undefined
}

/** Payload fields of every event of the task. */
export const taskFields = (record: TaskRecord) => ({
  taskId: record.id,
  taskName: record.name,
  namespace: record.namespace,
  version: record.version
})

/** Payload fields of every event of a step. */
export const stepFields = (run: RunRecords, step: StepRecord) => ({
  taskId: run.record.id,
  taskName: run.record.name,
  stepId: step.id,
  stepName: step.name,
  attempt: step.attempts
})

/** The context for work of the task that belongs to none of its steps. */
export const contextOf = <R>(context: Context.Context<R>, record: TaskRecord): Context.Context<R> =>
  Context.merge(
    context,
    Context.make(Correlation.CorrelationId, record.correlationId).pipe(
      Context.add(Correlation.CurrentWorkflow, { taskId: record.id, taskName: record.name })
    )
  )

const nanosPerSecond = 1e9

/** Seconds between two monotonic readings. */
export const secondsBetween = (from: bigint, to: bigint): number => Number(to - from) / nanosPerSecond

/** Seconds since the run was created, or since its wait for the start ended. */
export const elapsed = (run: TaskRun, clock: Clock.Clock): number =>
  secondsBetween(run.beganNanos, clock.monotonicTimeNanosUnsafe())

const stepEventNames = {
  execution_requested: "step.execution_requested",
  completed: "step.completed",
  skipped: "observability.step.skip",
  failed: "step.failed",
  retry_requested: "step.retry_requested",
  cancelled: "step.cancelled",
  resolved_manually: "step.resolved_manually"
} as const satisfies { readonly [Event in StepState.StepEvent]: EventCatalog.EventName }

type StepEventName<Event extends StepState.StepEvent> = (typeof stepEventNames)[Event]

/**
 * Moves a step, hands its record to the writer, and publishes the event of the transition, all in one synchronous step.
 * A refused transition changes nothing and is given back.
 *
 * @param moved called right after the move, before the store or a sink gets the change
 */
export const moveStep = <Event extends StepState.StepEvent>(
  fiber: Fiber.Fiber<unknown, unknown>,
  run: RunRecords,
  index: number,
  event: Event,
  change: Partial<StepRecord>,
  fields: Omit<
    EventCatalog.Payload<StepEventName<Event>>,
    keyof ReturnType<typeof stepFields> | "fromState" | "toState"
  >,
  moved?: () => void
): TransitionRefused | undefined => {
  const before = run.steps[index] as StepRecord
  const next = StepState.transition(before.state, event)
  if (Result.isFailure(next)) return next.failure
  const after: StepRecord = { ...before, ...change, state: next.success }
  run.steps[index] = after
  moved?.()
  run.writer.step(index, after)
  if (run.bus.enabled) {
    run.bus.publishUnsafe<StepEventName<Event>>(
      fiber,
      stepEventNames[event],
      { ...stepFields(run, after), fromState: before.state, toState: after.state, ...fields }
    )
  }
  return undefined
}

/** Changes the record of a step without moving it, and hands the record to the writer. */
export const amendStep = (run: RunRecords, index: number, change: Partial<Omit<StepRecord, "state">>): void => {
  const after: StepRecord = { ...run.steps[index] as StepRecord, ...change }
  run.steps[index] = after
  run.writer.step(index, after)
}

/** Moves the task as {@link moveStep} moves a step, with the event `task.<event>`. */
export const moveTask = <Event extends Exclude<TaskState.TaskEvent, "retry_requested">>(
  fiber: Fiber.Fiber<unknown, unknown>,
  run: RunRecords,
  event: Event,
  change: Partial<TaskRecord>,
  fields: Omit<EventCatalog.Payload<`task.${Event}`>, keyof ReturnType<typeof taskFields> | "fromState" | "toState">
): TransitionRefused | undefined => {
  const before = run.record
  const next = TaskState.transition(before.state, event)
  if (Result.isFailure(next)) return next.failure
  run.record = { ...before, ...change, state: next.success }
  run.writer.task(run.record, run.steps)
  run.bus.publishUnsafe<`task.${Event}`>(
    fiber,
    `task.${event}`,
    { ...taskFields(run.record), fromState: before.state, toState: run.record.state, ...fields }
  )
  return undefined
}

/** The fields of the task record at the end of a run. */
export const endOf = (run: TaskRun, clock: Clock.Clock, error?: ErrorRecord | undefined) => ({
  endedAt: clock.currentTimeMillisUnsafe(),
  durationSeconds: elapsed(run, clock),
  error
})

/** What is known about a run now. */
export const snapshotOf = ({ record, steps }: RunRecords): TaskSnapshot => ({ ...record, steps: [...steps] })

/** The number of steps that let their dependants start. */
export const satisfiedCount = (run: RunRecords): number =>
  run.steps.reduce((count, step) => StepState.satisfiesDependants(step.state) ? count + 1 : count, 0)
