/**
 * Runs one attempt of one step, with its span, time-out, events and result.
 *
 * The attempt runs in the fiber that calls it. It settles exactly once: as
 * complete, as failed, or as cancelled when the fiber is interrupted. The run
 * gets the exit, and the caller never fails. A step that was resolved by hand in
 * the meantime is not run. `skipWhen` is called before the first attempt. If the
 * step is skipped, there is no attempt.
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Predicate from "effect/Predicate"
import * as Queue from "effect/Queue"
import * as Tracer from "effect/Tracer"
import { Attribute, SpanName } from "../../Conventions.ts"
import * as Correlation from "../../Correlation.ts"
import { expectEffect, unexpectedValue } from "../../internal/expectEffect.ts"
import { withSpan } from "../../internal/ownSpans.ts"
import * as ErrorRecord from "../../redaction/internal/ErrorRecord.ts"
import * as Redaction from "../../redaction/Redaction.ts"
import type * as Step from "../Step.ts"
import * as StepError from "../StepError.ts"
import { StepTimedOut, TaskError } from "../TaskError.ts"
import type { StepRecord } from "../TaskStore.ts"
import { inOneTurn } from "./inOneTurn.ts"
import { moveStep, type Progress, secondsBetween, stepFields, type TaskRun } from "./TaskRun.ts"

/** What an attempt knows of the batch that it is in. */
export interface Batch {
  readonly span: Tracer.Span | undefined
  /** Called with a fiber in the span of the batch, once for each attempt. */
  readonly attemptEnded: (fiber: Fiber.Fiber<unknown, unknown>) => void
}

/**
 * Runs the next attempt of a pending step and puts a `Settled` message into the
 * run's mailbox.
 *
 * @param run the run the step belongs to
 * @param index position of the step in the task
 * @param batchLimit limit of the batch, in milliseconds; `undefined` for none
 * @param batch learns when the attempt has ended
 */
export const attempt = (
  run: TaskRun,
  index: number,
  batchLimit: number | undefined,
  batch: Batch
): Effect.Effect<void, never, unknown> =>
  Effect.withFiber((fiber) => {
    const step = run.task.steps[index] as Step.Any
    const limit = batchLimit === undefined ? undefined : { limit: batchLimit, end: millisOf(fiber) + batchLimit }
    const progress: Progress = {
      lostWith: undefined,
      settle: (exit) => start(run, index, () => exit, limit, progress),
      end: () => within(batch.span, end)
    }
    run.attempting[index] = progress
    const end = Effect.withFiber((fiber) => {
      batch.attemptEnded(fiber)
      return Effect.void
    })
    const report = (exit: Exit.Exit<void>) => {
      run.attempting[index] = undefined
      // The loop may run as soon as it has the message. Then it may start the next batch, or find that the run is over.
      batch.attemptEnded(fiber)
      Queue.offerUnsafe(run.mailbox, { _tag: "Settled", index, exit })
      return Effect.void
    }
    fiber.addObserver((exit) => {
      if (run.attempting[index] !== progress) return
      progress.lostWith = exit
      Queue.offerUnsafe(run.mailbox, { _tag: "FiberLost", index })
    })
    const needed = step.skipWhen === undefined || run.isNeeded[index] === true
      ? start(run, index, body(run, step), limit, progress)
      : Effect.flatMap(ask(run, step, index, step.skipWhen, limit), (asked) => {
        if (Exit.isFailure(asked)) return start(run, index, () => asked, limit, progress)
        if (asked.value._tag === "Skipped") return skip(run, index, asked.value.result)
        run.isNeeded[index] = true
        return start(run, index, body(run, step), limit, progress)
      })
    return Effect.onExit(needed, report)
  })

/** Settles an attempt if its fiber has ended without its finalizers; does nothing to any other attempt. */
export const settleLost = (run: TaskRun, index: number): Effect.Effect<void, never, unknown> =>
  Effect.suspend(() => {
    const progress = run.attempting[index]
    if (progress?.lostWith === undefined) return Effect.void
    run.attempting[index] = undefined
    return Effect.ensuring(progress.settle(progress.lostWith), progress.end())
  })

/** {@link settleLost} for all steps of a run. Hardly ever is one lost. */
export const settleAllLost = (run: TaskRun): Effect.Effect<void, never, unknown> =>
  Effect.suspend(() =>
    run.attempting.every((progress) => progress?.lostWith === undefined)
      ? Effect.void
      : Effect.forEach(run.steps.keys(), (index) => settleLost(run, index), { discard: true })
  )

/** The limit of a batch and the monotonic time of its end, in milliseconds. */
interface BatchLimit {
  readonly limit: number
  readonly end: number
}

const millisOf = (fiber: Fiber.Fiber<unknown, unknown>) =>
  Number(fiber.getRef(Clock.Clock).monotonicTimeNanosUnsafe()) / 1e6

/** Starts an attempt if the step is still pending. */
const start = (
  run: TaskRun,
  index: number,
  work: (attempt: number) => Effect.Effect<unknown, unknown, unknown>,
  batch: BatchLimit | undefined,
  progress: Progress
): Effect.Effect<void, never, unknown> =>
  inOneTurn(run, (outside) =>
    Effect.withFiber((fiber) => {
      const step = run.task.steps[index] as Step.Any
      const before = run.steps[index] as StepRecord
      if (before.state !== "pending") return Effect.void
      const clock = fiber.getRef(Clock.Clock)
      const startNanos = clock.monotonicTimeNanosUnsafe()
      const queueSeconds = secondsBetween(run.readyNanos[index] ?? startNanos, startNanos)
      const number = before.attempts + 1
      const workflow = contextOf(run, before, number)
      return withSpan(SpanName.step, () => ({
        attributes: {
          [Attribute.taskId]: run.record.id,
          [Attribute.taskName]: run.record.name,
          [Attribute.stepId]: before.id,
          [Attribute.stepName]: step.name,
          [Attribute.attempt]: number,
          [Attribute.queueSeconds]: queueSeconds,
          [Attribute.backoffSeconds]: run.backoffSeconds[index] ?? 0
        }
      }), (span) => {
        const settled = (exit: Exit.Exit<unknown, unknown>) =>
          settle(run, index, exit, { clock, startNanos, queueSeconds, span })
        progress.settle = (exit) =>
          endSpan(Effect.provideService(settled(exit), Correlation.CurrentWorkflow, workflow), exit, span, clock)
        return Effect.withFiber((inside) => {
          const refused = moveStep(inside, run, index, "execution_requested", {
            attempts: number,
            startedAt: clock.currentTimeMillisUnsafe(),
            nextAttemptAt: undefined,
            queueSeconds: before.queueSeconds + queueSeconds
          }, { queueSeconds })
          // A tracer is code of the program and may have settled the step.
          if (refused !== undefined) return Effect.void
          return outside(
            withTimeLimit(run, index, work(number), batch),
            (context) =>
              Context.add(
                span === undefined ? context : Context.add(context, Tracer.ParentSpan, span),
                Correlation.CurrentWorkflow,
                workflow
              )
          )
        }).pipe(Effect.onExit(settled))
      }, Context.add(Correlation.CurrentWorkflow, workflow)).pipe(
        Effect.exit,
        // The run has the exit of a settled attempt. Any other exit is a defect of this package or of a tracer.
        Effect.flatMap((exit) => isSettled(run, index) ? Effect.void : Effect.asVoid(Effect.orDie(exit)))
      )
    }))

const isSettled = (run: TaskRun, index: number): boolean => {
  const { state } = run.steps[index] as StepRecord
  return state !== "pending" && state !== "in_progress"
}

/** Settles within the span of the attempt, if there is one, and ends the span. */
const endSpan = (
  settled: Effect.Effect<void>,
  exit: Exit.Exit<unknown, unknown>,
  span: Tracer.Span | undefined,
  clock: Clock.Clock
): Effect.Effect<void> =>
  Effect.andThen(
    within(span, settled),
    Effect.sync(() => span?.end(clock.currentTimeNanosUnsafe(), exit))
  )

const within = <A>(span: Tracer.Span | undefined, effect: Effect.Effect<A>): Effect.Effect<A> =>
  span === undefined ? effect : Effect.provideService(effect, Tracer.ParentSpan, span)

const contextOf = (run: TaskRun, step: StepRecord, attempt: number): Correlation.WorkflowContext => ({
  taskId: run.record.id,
  taskName: run.record.name,
  stepId: step.id,
  stepName: step.name,
  attempt
})

const body = (run: TaskRun, step: Step.Any) => (attempt: number): Effect.Effect<unknown, unknown, unknown> =>
  Effect.suspend(() =>
    expectEffect(
      `run of step "${step.name}"`,
      step.run({ input: run.input as never, results: resultsFor(run, step) as never, attempt })
    )
  )

type Answer = { readonly _tag: "Needed" } | { readonly _tag: "Skipped"; readonly result: unknown }

/** Calls `skipWhen`, within the limits of an attempt. */
const ask = (
  run: TaskRun,
  step: Step.Any,
  index: number,
  skipWhen: NonNullable<Step.Any["skipWhen"]>,
  batch: BatchLimit | undefined
): Effect.Effect<Exit.Exit<Answer, unknown>, never, unknown> => {
  const before = run.steps[index] as StepRecord
  const answer = Effect.suspend(() => {
    const context = { input: run.input as never, results: resultsFor(run, step) as never }
    const answerOf = (isSkipped: unknown): Answer => {
      if (typeof isSkipped !== "boolean") {
        throw unexpectedValue(`skipWhen of step "${step.name}"`, isSkipped, "true, false or an Effect of them")
      }
      return isSkipped ? { _tag: "Skipped", result: skippedResult(step, context) } : { _tag: "Needed" }
    }
    const asked: unknown = skipWhen(context)
    // Decided at once. If a promise is rejected before the code looks at it, the rejection ends the process.
    return Effect.isEffect(asked) ? Effect.map(asked, answerOf) : Effect.succeed(answerOf(asked))
  })
  return Effect.exit(
    Effect.provideService(
      withTimeLimit(run, index, answer, batch),
      Correlation.CurrentWorkflow,
      contextOf(run, before, before.attempts + 1)
    )
  )
}

/** The result of a skipped step is not run or awaited, so it must not be an Effect or a promise. */
const skippedResult = (step: Step.Any, context: { readonly input: never; readonly results: never }): unknown => {
  const result: unknown = step.whenSkipped?.(context)
  if (Effect.isEffect(result) || Predicate.isPromiseLike(result)) {
    throw unexpectedValue(`whenSkipped of step "${step.name}"`, result, "a value")
  }
  return result
}

const skip = (run: TaskRun, index: number, result: unknown): Effect.Effect<void> =>
  Effect.suspend(() => {
    const before = run.steps[index] as StepRecord
    return Effect.provideService(
      Effect.withFiber((fiber) => {
        const endedAt = fiber.getRef(Clock.Clock).currentTimeMillisUnsafe()
        // The step may have been resolved while `skipWhen` ran.
        moveStep(fiber, run, index, "skipped", { endedAt, error: undefined }, {}, () => {
          run.results[before.name] = result
          run.exits[index] = undefined
        })
        return Effect.void
      }),
      Correlation.CurrentWorkflow,
      contextOf(run, before, before.attempts)
    )
  })

const resultsFor = (run: TaskRun, step: Step.Any): Readonly<Record<string, unknown>> => {
  const results: Record<string, unknown> = {}
  for (const { name } of step.dependsOn) results[name] = run.results[name]
  return results
}

/** The step's limit or the rest of the batch's limit interrupts the attempt, whichever ends first. */
const withTimeLimit = <A>(
  run: TaskRun,
  index: number,
  effect: Effect.Effect<A, unknown, unknown>,
  batch: BatchLimit | undefined
): Effect.Effect<A, unknown, unknown> => {
  const stepLimit = run.settings.stepTimeouts[index]
  if (stepLimit === undefined && batch === undefined) return effect
  return Effect.withFiber((fiber) => {
    const left = batch === undefined ? Infinity : Math.max(0, batch.end - millisOf(fiber))
    const limitOf = stepLimit !== undefined && stepLimit <= left ? "step" : "batch"
    const after = Duration.millis(limitOf === "step" ? stepLimit as number : batch?.limit as number)
    return Effect.timeoutOrElse(effect, {
      duration: limitOf === "step" ? after : Duration.millis(left),
      orElse: () => {
        // The error does not tell which limit ended: a step that runs a task may fail with the time-out of an inner
        // step.
        run.timedOut[index] = limitOf
        const { name } = run.task.steps[index] as Step.Any
        return Effect.fail(new TaskError({ reason: new StepTimedOut({ stepName: name, limitOf, after }) }))
      }
    })
  })
}

interface Attempt {
  readonly clock: Clock.Clock
  readonly startNanos: bigint
  readonly queueSeconds: number
  readonly span: Tracer.Span | undefined
}

const settle = (
  run: TaskRun,
  index: number,
  exit: Exit.Exit<unknown, unknown>,
  attempt: Attempt
): Effect.Effect<void> =>
  Effect.withFiber((fiber) => {
    const nowNanos = attempt.clock.monotonicTimeNanosUnsafe()
    const durationSeconds = secondsBetween(attempt.startNanos, nowNanos)
    const before = run.steps[index] as StepRecord
    if (before.state !== "in_progress") return Effect.void
    const measured = {
      queueSeconds: attempt.queueSeconds,
      durationSeconds,
      totalSeconds: secondsBetween(run.firstReadyNanos[index] ?? attempt.startNanos, nowNanos)
    }
    const change = {
      workSeconds: before.workSeconds + durationSeconds,
      endedAt: attempt.clock.currentTimeMillisUnsafe()
    }
    run.exits[index] = exit
    attempt.span?.attribute(Attribute.workSeconds, durationSeconds)
    if (Exit.isSuccess(exit)) {
      run.results[before.name] = exit.value
      moveStep(fiber, run, index, "completed", { ...change, error: undefined }, measured)
    } else if (Cause.hasInterruptsOnly(exit.cause)) {
      moveStep(fiber, run, index, "cancelled", change, measured)
    } else {
      fail(fiber, run, index, exit.cause, change, measured, attempt.span)
    }
    attempt.span?.attribute(Attribute.stepStatus, (run.steps[index] as StepRecord).state)
    return Effect.void
  })

interface Measured {
  readonly queueSeconds: number
  readonly durationSeconds: number
  readonly totalSeconds: number
}

const fail = (
  fiber: Fiber.Fiber<unknown, unknown>,
  run: TaskRun,
  index: number,
  cause: Cause.Cause<unknown>,
  change: Partial<StepRecord>,
  measured: Measured,
  span: Tracer.Span | undefined
): void => {
  const before = run.steps[index] as StepRecord
  const error = ErrorRecord.make(cause, fiber.getRef(Redaction.Current))
  const permanent = isPermanent(cause)
  const exhausted = before.attempts >= before.maximumAttempts
  const final = permanent || exhausted
  const timedOut = run.timedOut[index]
  run.timedOut[index] = undefined
  run.failedForGood[index] = final
  span?.attribute(Attribute.errorType, error.type)
  moveStep(fiber, run, index, "failed", { ...change, error }, {
    ...measured,
    errorType: error.type,
    errorMessage: error.message,
    error,
    final,
    timedOut
  })
  if (exhausted && !permanent) {
    run.bus.publishUnsafe(fiber, "observability.step.max_retries_reached", {
      ...stepFields(run, before),
      maximumAttempts: before.maximumAttempts
    })
  }
}

/** A `PermanentError` or a defect does not change when the step is tried again. */
const isPermanent = (cause: Cause.Cause<unknown>): boolean =>
  Cause.hasDies(cause) ||
  cause.reasons.some((reason) => Cause.isFailReason(reason) && StepError.verdict(reason.error).permanent)
