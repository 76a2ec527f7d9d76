/**
 * The loop that brings a run to its end: discover what may start, start it as a
 * batch, wait for anything to settle, discover again.
 *
 * A batch is no barrier: each settled step may make others ready at once, so
 * the run takes as long as its critical path if the concurrency allows.
 *
 * **Details**
 *
 * The loop keeps, per step, how many dependencies are missing. A settled step
 * costs one visit to each of its dependants, whatever the size of the task.
 *
 * @internal
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Queue from "effect/Queue"
import * as Scope from "effect/Scope"
import { Attribute, SpanName } from "../Conventions.ts"
import { withSpan } from "../internal/spans.ts"
import * as RetryPolicy from "../RetryPolicy.ts"
import * as StepError from "./StepError.ts"
import * as StepExecutor from "./StepExecutor.ts"
import { type ExecutionStatus, executionStatus, type StepCounts } from "./StepGraph.ts"
import { satisfiesDependants } from "./StepState.ts"
import {
  type Message,
  moveStep,
  type Restore,
  satisfiedCount,
  secondsBetween,
  stepFields,
  taskFields,
  type TaskRun
} from "./TaskRun.ts"
import type { StepRecord } from "./TaskStore.ts"

interface Loop {
  readonly run: TaskRun
  readonly scope: Scope.Scope
  readonly clock: Clock.Clock
  /** Per step how many dependencies are not satisfied yet. */
  readonly missing: Array<number>
  /** Per step whether its dependants have been told, which happens once. */
  readonly satisfied: Array<boolean>
  /** Steps that may start, in the order they became ready; `head` is the first that has not been looked at. */
  ready: Array<number>
  head: number
  running: number
  /** Steps whose back-off is to be waited for, with its end by the monotonic clock. */
  readonly backingOff: Map<number, bigint>
  /** The back-off end the run has been deferred to and told about, while nothing runs. */
  deferredUntil: bigint | undefined
  batches: number
}

/**
 * Runs the steps until nothing is left to do or the run is cancelled, inside a
 * `tasker.workflow.orchestration` span. Never fails by itself; the steps' exits
 * are in the run. Not interruptible but for the loop, which is in `restore`:
 * interrupting it interrupts and settles every running step.
 */
export const orchestrate = (run: TaskRun, restore: Restore): Effect.Effect<void, never, unknown> =>
  withSpan(
    SpanName.orchestration,
    { attributes: { [Attribute.taskId]: run.record.id, [Attribute.taskName]: run.record.name } },
    () =>
      // The scope is not put into the context: a step that needs one gets the caller's.
      Effect.suspend(() => {
        const scope = Scope.makeUnsafe("parallel")
        return Effect.onExit(restore(loop(run, scope)), (exit) => {
          run.over = true
          run.interrupted = Exit.isFailure(exit) && Cause.hasInterrupts(exit.cause)
          return Effect.andThen(Scope.close(scope, exit), finalize(run))
        })
      })
  )

const loop = Effect.fnUntraced(function*(run: TaskRun, scope: Scope.Scope) {
  const clock = yield* Clock.Clock
  const state: Loop = {
    run,
    scope,
    clock,
    missing: run.task.graph.dependencies.map((needed) => needed.length),
    satisfied: [],
    ready: [],
    head: 0,
    running: 0,
    backingOff: new Map(),
    deferredUntil: undefined,
    batches: 0
  }
  state.missing.forEach((count, index) => count === 0 && makeReady(state, index))
  while (!run.cancelRequested) {
    const found = state.running < run.settings.concurrency ? take(state) : []
    if (found.length > 0) yield* startBatch(state, found)
    else if (state.running === 0 && Queue.sizeUnsafe(run.mailbox) === 0) {
      if (yield* isOver(state)) return
    }
    for (const message of yield* Queue.takeAll(run.mailbox)) yield* receive(state, message)
  }
})

const makeReady = (state: Loop, index: number) => {
  const now = state.clock.monotonicTimeNanosUnsafe()
  state.run.readyNanos[index] = now
  state.run.firstReadyNanos[index] ??= now
  state.ready.push(index)
}

/** Takes as many ready steps as there are free slots. */
const take = (state: Loop): Array<number> => {
  const found: Array<number> = []
  const free = state.run.settings.concurrency - state.running
  while (found.length < free && state.head < state.ready.length) {
    const index = state.ready[state.head++] as number
    if (state.run.steps[index]?.state === "pending") found.push(index)
  }
  if (state.head === state.ready.length) {
    state.ready = []
    state.head = 0
  }
  return found
}

/** Nothing may start and nothing runs: over, unless a back-off is still to elapse. */
const isOver = (state: Loop): Effect.Effect<boolean> => {
  const { run } = state
  const left = countPending(run)
  const backingOff = state.backingOff.size
  run.over = backingOff === 0
  if (left === 0 && backingOff === 0) return Effect.succeed(true)
  const noneViable = run.bus.publish("workflow.no_viable_steps", {
    ...taskFields(run.record),
    pendingSteps: left + backingOff,
    reason: backingOff > 0 ? "waiting_for_backoff" : "blocked_by_failures"
  })
  return backingOff === 0
    ? Effect.as(noneViable, true)
    : Effect.as(defer(state, noneViable), false)
}

/** The run waits for the earliest back-off; told once, and again only if that is another one by now. */
const defer = (state: Loop, noneViable: Effect.Effect<void>): Effect.Effect<void> => {
  const until = [...state.backingOff.values()].reduce((earliest, end) => end < earliest ? end : earliest)
  const before = state.deferredUntil
  if (before === until) return Effect.void
  state.deferredUntil = until
  const now = state.clock.monotonicTimeNanosUnsafe()
  const delaySeconds = until > now ? secondsBetween(now, until) : 0
  const deferred = state.run.bus.publish("workflow.task_reenqueue_delayed", {
    ...taskFields(state.run.record),
    reason: "retry_backoff",
    delaySeconds,
    scheduledFor: state.clock.currentTimeMillisUnsafe() + delaySeconds * 1000
  })
  return before === undefined ? Effect.andThen(noneViable, deferred) : deferred
}

const countPending = (run: TaskRun) =>
  run.steps.reduce((count, step) => step.state === "pending" ? count + 1 : count, 0)

const startBatch = (state: Loop, indices: ReadonlyArray<number>): Effect.Effect<void, never, unknown> => {
  const { run } = state
  const number = ++state.batches
  state.deferredUntil = undefined
  state.running += indices.length
  const discovered = withSpan(SpanName.dependencyResolution, {
    attributes: {
      [Attribute.taskId]: run.record.id,
      [Attribute.discoveryNumber]: number,
      [Attribute.stepCount]: indices.length
    }
  }, () =>
    run.bus.publish("workflow.viable_steps_discovered", {
      ...taskFields(run.record),
      stepCount: indices.length,
      stepNames: someNames(run, indices)
    }))
  return Effect.andThen(discovered, Effect.asVoid(Effect.forkIn(batch(state, number, indices), state.scope)))
}

/** Names of a batch are for reading; a batch of thousands is not read. */
const mostNames = 50
const someNames = (run: TaskRun, indices: ReadonlyArray<number>) =>
  indices.slice(0, mostNames).map((index) => (run.steps[index] as StepRecord).name)

const batch = (state: Loop, number: number, indices: ReadonlyArray<number>): Effect.Effect<void, never, unknown> => {
  const { run } = state
  const limit = run.settings.batchTimeout(indices.length)
  const [only] = indices
  const steps = only !== undefined && indices.length === 1
    ? StepExecutor.attempt(run, only, limit)
    : together(indices.map((index) => StepExecutor.attempt(run, index, limit)))
  return withSpan(SpanName.batch, {
    attributes: {
      [Attribute.taskId]: run.record.id,
      [Attribute.batchNumber]: number,
      [Attribute.stepCount]: indices.length,
      [Attribute.stepNames]: someNames(run, indices)
    }
  }, () => {
    const start = state.clock.monotonicTimeNanosUnsafe()
    return run.bus.publish("workflow.steps_execution_started", {
      ...taskFields(run.record),
      stepCount: indices.length
    }).pipe(
      Effect.andThen(steps),
      Effect.ensuring(Effect.suspend(() =>
        run.bus.publish("workflow.steps_execution_completed", {
          ...taskFields(run.record),
          stepCount: indices.length,
          completedCount: indices.filter((index) => run.steps[index]?.state === "complete").length,
          durationSeconds: secondsBetween(start, state.clock.monotonicTimeNanosUnsafe())
        })
      ))
    )
  })
}

/** Runs each in a fiber of its own; one that is interrupted takes none of the others with it. */
const together = (
  attempts: ReadonlyArray<Effect.Effect<void, never, unknown>>
): Effect.Effect<void, never, unknown> =>
  Effect.flatMap(
    Effect.forEach(attempts, (attempt) => Effect.forkChild(attempt)),
    (fibers) => Effect.onInterrupt(Fiber.awaitAll(fibers), () => Fiber.interruptAll(fibers))
  )

const receive = (state: Loop, message: Message): Effect.Effect<void, never, unknown> => {
  switch (message._tag) {
    case "Settled":
      state.running--
      return settled(state, message.index)
    case "Broken":
      state.running--
      return Effect.andThen(message.settle, Effect.suspend(() => settled(state, message.index)))
    case "BackoffElapsed":
      state.backingOff.delete(message.index)
      return retry(state, message.index, message.backoffSeconds)
    case "Resolved":
      state.backingOff.delete(message.index)
      return satisfy(state, message.index)
    case "CancelRequested":
      return Effect.void
  }
}

const settled = (state: Loop, index: number): Effect.Effect<void, never, unknown> => {
  const step = state.run.steps[index] as StepRecord
  if (satisfiesDependants(step.state)) return satisfy(state, index)
  if (step.state === "error" && state.run.failedForGood[index] !== true) return backOff(state, index, step)
  if (step.state === "cancelled") return cancelDependants(state.run, index)
  return Effect.void
}

const satisfy = (state: Loop, index: number): Effect.Effect<void> =>
  Effect.withFiber((fiber) => {
    if (state.satisfied[index] === true) return Effect.void
    state.satisfied[index] = true
    for (const dependant of state.run.task.graph.dependants[index] ?? []) {
      if (--(state.missing[dependant] as number) > 0) continue
      makeReady(state, dependant)
      announce(state.run, fiber, dependant, index)
    }
    return Effect.void
  })

/** A step that was settled while it waited for its dependencies waits no more. */
const announce = (run: TaskRun, fiber: Fiber.Fiber<unknown, unknown>, index: number, last: number) => {
  const step = run.steps[index] as StepRecord
  if (!run.bus.enabled || step.state !== "pending") return
  run.bus.publishUnsafe(fiber, "dependency.resolved", {
    ...stepFields(run, step),
    dependencyCount: step.dependsOn.length,
    lastDependency: (run.steps[last] as StepRecord).name
  })
}

const backOff = (state: Loop, index: number, step: StepRecord): Effect.Effect<void> => {
  const { run } = state
  const policy = run.settings.policies[index] as RetryPolicy.RetryPolicy
  const asked = retryAfterOf(run.exits[index])
  return Effect.flatMap(RetryPolicy.nextDelay(policy, step.attempts, asked), (delay) => {
    state.backingOff.set(index, state.clock.monotonicTimeNanosUnsafe() + (Duration.toNanosUnsafe(delay)))
    const backoffSeconds = Duration.toSeconds(delay)
    const waiting: StepRecord = {
      ...step,
      backoffSeconds: step.backoffSeconds + backoffSeconds,
      nextAttemptAt: state.clock.currentTimeMillisUnsafe() + Duration.toMillis(delay)
    }
    run.steps[index] = waiting
    run.backoffSeconds[index] = backoffSeconds
    return run.store.updateStep(run.record.id, waiting).pipe(
      Effect.andThen(run.bus.publish("observability.step.backoff", {
        ...stepFields(run, step),
        backoffSeconds,
        backoffType: asked === undefined ? "exponential" : "server_requested"
      })),
      Effect.andThen(Effect.forkIn(
        Effect.andThen(
          Effect.sleep(delay),
          Effect.sync(() => Queue.offerUnsafe(run.mailbox, { _tag: "BackoffElapsed", index, backoffSeconds }))
        ),
        state.scope
      )),
      Effect.asVoid
    )
  })
}

const retryAfterOf = (exit: Exit.Exit<unknown, unknown> | undefined): Duration.Duration | undefined => {
  if (exit === undefined || Exit.isSuccess(exit)) return undefined
  const asked = exit.cause.reasons.flatMap((reason) =>
    Cause.isFailReason(reason) ? [StepError.verdict(reason.error).retryAfter] : []
  )
  return asked.find((duration) => duration !== undefined)
}

/** A step resolved by hand while it backed off is not tried again. */
const retry = (state: Loop, index: number, backoffSeconds: number): Effect.Effect<void> => {
  const { run } = state
  const step = run.steps[index] as StepRecord
  if (step.state !== "error") return Effect.void
  makeReady(state, index)
  return Effect.orDie(
    moveStep(run, index, "retry_requested", { nextAttemptAt: undefined }, { backoffSeconds })
  )
}

/** What waits for a cancelled step can never start; it is cancelled with it. */
const cancelDependants = (run: TaskRun, index: number): Effect.Effect<void, never, unknown> =>
  Effect.forEach(
    run.task.graph.dependants[index] ?? [],
    (dependant) =>
      run.steps[dependant]?.state === "pending"
        ? Effect.andThen(cancelPending(run, dependant), cancelDependants(run, dependant))
        : Effect.void,
    { discard: true }
  )

const cancelPending = (run: TaskRun, index: number) =>
  Effect.orDie(moveStep(run, index, "cancelled", {}, { queueSeconds: 0, durationSeconds: 0, totalSeconds: 0 }))

/** How the steps of a run stand. */
export const counts = (run: TaskRun): StepCounts => {
  const satisfied = satisfiedCount(run)
  const isReady = (step: StepRecord, index: number) =>
    step.state === "pending" &&
    (run.task.graph.dependencies[index] ?? []).every((needed) =>
      satisfiesDependants((run.steps[needed] as StepRecord).state)
    )
  return {
    total: run.steps.length,
    satisfied,
    inProgress: run.steps.filter((step) => step.state === "in_progress").length,
    ready: run.steps.filter(isReady).length,
    blocked: run.steps.filter((step, index) => step.state === "error" && run.failedForGood[index] === true).length
  }
}

/** Cancels what was left when the run was cancelled or interrupted, and says how it ends. */
const finalize = (run: TaskRun): Effect.Effect<void, never, unknown> =>
  Effect.suspend(() => {
    const status: ExecutionStatus = executionStatus(counts(run))
    const fields = { ...taskFields(run.record), executionStatus: status }
    return run.bus.publish("workflow.task_finalization_started", fields).pipe(
      Effect.andThen(
        run.interrupted || run.cancelRequested
          ? Effect.forEach(run.steps, (step, index) =>
            step.state === "pending" ? cancelPending(run, index) : Effect.void, {
            discard: true
          })
          : Effect.void
      ),
      Effect.andThen(Effect.suspend(() =>
        run.bus.publish("workflow.task_finalization_completed", { ...fields, finalStatus: finalState(run) })
      ))
    )
  })

/** The state in which a run ends: stopped from outside it is cancelled; otherwise a failed step outweighs a cancelled one. */
export const finalState = (run: TaskRun): "complete" | "error" | "cancelled" => {
  if (satisfiedCount(run) === run.steps.length) return "complete"
  if (run.cancelRequested || run.interrupted) return "cancelled"
  return run.steps.some((step, index) => step.state === "error" && run.failedForGood[index] === true)
    ? "error"
    : "cancelled"
}
