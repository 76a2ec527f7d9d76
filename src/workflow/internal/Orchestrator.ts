/**
 * The loop of a run: it discovers steps that may start, starts them as a batch,
 * waits until a step settles, and discovers again.
 *
 * A batch is no barrier. Each settled step may make others ready at once, so a
 * run takes as long as its critical path if the concurrency allows.
 *
 * **Details**
 *
 * For each step, the loop counts the missing dependencies. A settled step costs
 * one visit to each of its dependants, in a task of any size.
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Queue from "effect/Queue"
import * as Scope from "effect/Scope"
import { Attribute, SpanName } from "../../Conventions.ts"
import { withSpan } from "../../internal/ownSpans.ts"
import * as RetryPolicy from "../../RetryPolicy.ts"
import * as StepError from "../StepError.ts"
import type { StepRecord } from "../TaskStore.ts"
import * as Batch from "./Batch.ts"
import * as RunEnd from "./RunEnd.ts"
import * as StepExecutor from "./StepExecutor.ts"
import {
  amendStep,
  type Message,
  moveStep,
  type Restore,
  secondsBetween,
  stepFields,
  taskFields,
  type TaskRun
} from "./TaskRun.ts"

interface Loop {
  readonly run: TaskRun
  readonly scope: Scope.Scope
  readonly clock: Clock.Clock
  /** For each step, how many dependencies are not satisfied yet. */
  readonly missing: Array<number>
  /** For each step, whether it counts as a satisfied dependency of its dependants already. It counts once. */
  readonly satisfied: Array<boolean>
  /**
   * Steps that may start, in the order in which they became ready. `head` is the first one that has not been looked at.
   */
  ready: Array<number>
  head: number
  running: number
  /** Steps in back-off, with the end of the back-off by the monotonic clock. */
  readonly backingOff: Map<number, bigint>
  /** The end of the back-off that a run waits for; `undefined` while a step runs. The run has published it. */
  deferredUntil: bigint | undefined
  batches: number
}

/**
 * Runs the steps until nothing is left to do or the run is cancelled, inside a
 * `tasker.workflow.orchestration` span. The run gets the exits of the steps. It
 * fails only by a defect of the loop, which the run gets, too. Only the loop can
 * be interrupted, in `restore`. An interruption interrupts and settles every
 * running step.
 */
export const orchestrate = (run: TaskRun, restore: Restore): Effect.Effect<void, never, unknown> =>
  withSpan(
    SpanName.orchestration,
    () => ({ attributes: { [Attribute.taskId]: run.record.id, [Attribute.taskName]: run.record.name } }),
    () =>
      // The context does not get the scope: a step that needs a scope gets the caller's.
      Effect.suspend(() => {
        const scope = Scope.makeUnsafe("parallel")
        return Effect.onExit(restore(loop(run, scope)), (exit) => {
          run.over = true
          run.interrupted = Exit.isFailure(exit) && Cause.hasInterrupts(exit.cause)
          run.defect = RunEnd.defectOf(exit)
          return Scope.close(scope, exit).pipe(
            // A loop that is over gets no message about a lost attempt.
            Effect.andThen(Effect.ensuring(StepExecutor.settleAllLost(run), RunEnd.finalize(run)))
          )
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
  let began = clock.monotonicTimeNanosUnsafe()
  state.missing.forEach((count, index) => count === 0 && makeReady(state, index))
  while (!run.cancelRequested) {
    const found = state.running < run.settings.concurrency ? take(state) : []
    if (found.length > 0) yield* startBatch(state, found, began)
    else if (state.running === 0 && Queue.sizeUnsafe(run.mailbox) === 0) {
      if (yield* isOver(state)) return
    }
    const messages = yield* Queue.takeAll(run.mailbox)
    began = clock.monotonicTimeNanosUnsafe()
    for (const message of messages) yield* receive(state, message)
  }
})

/** Forks a part of the loop into its scope. If the part dies, the loop gets a message. */
const forkPart = (
  { run, scope }: Loop,
  part: Effect.Effect<unknown, never, unknown>
): Effect.Effect<void, never, unknown> =>
  Effect.map(Effect.forkIn(part, scope), (fiber) => {
    fiber.addObserver((exit) => {
      const cause = RunEnd.defectOf(exit)
      if (cause !== undefined) Queue.offerUnsafe(run.mailbox, { _tag: "Defect", cause })
    })
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

/** If nothing may start and nothing runs, the run is over, unless a step is in back-off. */
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

/** Publishes that the run waits for the earliest back-off, once, and again if another back-off is the earliest. */
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

/**
 * An interruption must not come between a discovery and its batch: a sink that gets the event of one gets the event of
 * the other.
 *
 * @param began when the discovery began, by the monotonic clock
 */
const startBatch = (
  state: Loop,
  indices: ReadonlyArray<number>,
  began: bigint
): Effect.Effect<void, never, unknown> => {
  const { run } = state
  const number = ++state.batches
  state.deferredUntil = undefined
  state.running += indices.length
  const discovered = run.bus.enabled
    ? run.bus.publish("workflow.viable_steps_discovered", {
      ...taskFields(run.record),
      stepCount: indices.length,
      stepNames: Batch.someNames(run, indices)
    })
    : Effect.void
  const nanos = state.clock.monotonicTimeNanosUnsafe() - began
  return Effect.uninterruptible(
    Effect.andThen(
      run.settings.discoverySpans || nanos > slowNanos
        ? discoverySpan(state, number, indices.length, nanos, discovered)
        : discovered,
      Batch.start(run, state.scope, state.clock, number, indices)
    )
  )
}

/** A discovery that takes longer than this has a span. */
const slowNanos = 1_000_000n

/** Publishes a discovery within a span. A tracer gives a span its start, so the time of the discovery is an attribute. */
const discoverySpan = (
  { run }: Loop,
  number: number,
  stepCount: number,
  nanos: bigint,
  discovered: Effect.Effect<void>
): Effect.Effect<void> =>
  withSpan(SpanName.dependencyResolution, () => ({
    attributes: {
      [Attribute.taskId]: run.record.id,
      [Attribute.discoveryNumber]: number,
      [Attribute.discoverySeconds]: secondsBetween(0n, nanos),
      [Attribute.stepCount]: stepCount
    }
  }), () => discovered)

const receive = (state: Loop, message: Message): Effect.Effect<void, never, unknown> => {
  switch (message._tag) {
    case "Settled":
      state.running--
      return settled(state, message.index, message.exit)
    case "FiberLost":
      state.running--
      return Effect.andThen(
        StepExecutor.settleLost(state.run, message.index),
        Effect.suspend(() => settled(state, message.index, Exit.void))
      )
    case "BackoffElapsed":
      state.backingOff.delete(message.index)
      return retry(state, message.index, message.backoffSeconds)
    case "Resolved":
      state.backingOff.delete(message.index)
      return satisfy(state, message.index)
    case "CancelRequested":
      return Effect.void
    case "Defect":
      return Effect.failCause(message.cause)
  }
}

const settled = (state: Loop, index: number, exit: Exit.Exit<void>): Effect.Effect<void, never, unknown> => {
  const step = state.run.steps[index] as StepRecord
  switch (step.state) {
    case "complete":
    case "resolved_manually":
      return satisfy(state, index)
    case "error":
      return state.run.failedForGood[index] === true ? Effect.void : backOff(state, index)
    case "cancelled":
      return cancelDependants(state.run, index)
    case "pending":
      // The step interrupted itself before its first attempt.
      return Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause)
        ? Effect.andThen(RunEnd.cancelPending(state.run, index), cancelDependants(state.run, index))
        : failUnsettled(step, exit)
    case "in_progress":
      return failUnsettled(step, exit)
  }
}

/** If an attempt ended without settling its step, the run would wait for ever or end without a reason. */
const failUnsettled = (step: StepRecord, exit: Exit.Exit<void>): Effect.Effect<void> =>
  Effect.failCause(
    RunEnd.defectOf(exit) ??
      Cause.die(new Error(`an attempt of step "${step.name}" ended and left it in "${step.state}"`))
  )

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

/** A step that was resolved while it waited for its dependencies does not wait any more. */
const announce = (run: TaskRun, fiber: Fiber.Fiber<unknown, unknown>, index: number, last: number) => {
  const step = run.steps[index] as StepRecord
  if (!run.bus.enabled || step.state !== "pending") return
  run.bus.publishUnsafe(fiber, "dependency.resolved", {
    ...stepFields(run, step),
    dependencyCount: step.dependsOn.length,
    lastDependency: (run.steps[last] as StepRecord).name
  })
}

const backOff = (state: Loop, index: number): Effect.Effect<void, never, unknown> => {
  const { run } = state
  const policy = run.settings.policies[index] as RetryPolicy.RetryPolicy
  const asked = retryAfterOf(run.exits[index])
  return Effect.flatMap(
    RetryPolicy.nextDelay(policy, (run.steps[index] as StepRecord).attempts, asked),
    (delay) => Effect.withFiber((fiber) => waitFor(state, fiber, index, delay, asked))
  )
}

/** Records the wait of a step, unless the step was resolved meanwhile. */
const waitFor = (
  state: Loop,
  fiber: Fiber.Fiber<unknown, unknown>,
  index: number,
  delay: Duration.Duration,
  asked: Duration.Duration | undefined
): Effect.Effect<void, never, unknown> => {
  const { clock, run } = state
  const step = run.steps[index] as StepRecord
  if (step.state !== "error") return Effect.void
  const backoffSeconds = Duration.toSeconds(delay)
  state.backingOff.set(index, clock.monotonicTimeNanosUnsafe() + Duration.toNanosUnsafe(delay))
  run.backoffSeconds[index] = backoffSeconds
  amendStep(run, index, {
    backoffSeconds: step.backoffSeconds + backoffSeconds,
    nextAttemptAt: clock.currentTimeMillisUnsafe() + Duration.toMillis(delay)
  })
  if (run.bus.enabled) {
    run.bus.publishUnsafe(fiber, "observability.step.backoff", {
      ...stepFields(run, step),
      backoffSeconds,
      backoffType: asked === undefined ? "exponential" : "server_requested"
    })
  }
  return forkPart(
    state,
    Effect.andThen(
      Effect.sleep(delay),
      Effect.sync(() => Queue.offerUnsafe(run.mailbox, { _tag: "BackoffElapsed", index, backoffSeconds }))
    )
  )
}

const retryAfterOf = (exit: Exit.Exit<unknown, unknown> | undefined): Duration.Duration | undefined => {
  if (exit === undefined || Exit.isSuccess(exit)) return undefined
  const asked = exit.cause.reasons.flatMap((reason) =>
    Cause.isFailReason(reason) ? [StepError.verdict(reason.error).retryAfter] : []
  )
  return asked.find((duration) => duration !== undefined)
}

/** A step that was resolved during its back-off is not tried again. */
const retry = (state: Loop, index: number, backoffSeconds: number): Effect.Effect<void> =>
  Effect.withFiber((fiber) => {
    const refused = moveStep(fiber, state.run, index, "retry_requested", { nextAttemptAt: undefined }, {
      backoffSeconds
    })
    if (refused === undefined) makeReady(state, index)
    return Effect.void
  })

/** A step that waits for a cancelled step can never start, so it is cancelled, too. */
const cancelDependants = (run: TaskRun, index: number): Effect.Effect<void, never, unknown> =>
  Effect.forEach(
    run.task.graph.dependants[index] ?? [],
    (dependant) =>
      Effect.flatMap(
        RunEnd.cancelPending(run, dependant),
        (isCancelled) => isCancelled ? cancelDependants(run, dependant) : Effect.void
      ),
    { discard: true }
  )
