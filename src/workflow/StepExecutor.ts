/**
 * One attempt of one step: its span, its time-out, its events, its result.
 *
 * The attempt runs in the fiber that calls it and settles exactly once: as
 * complete, failed, or cancelled when the fiber is interrupted. The exit is kept
 * in the run and never fails the caller. A step that was resolved by hand after
 * it was chosen is left alone.
 *
 * @internal
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Queue from "effect/Queue"
import * as Tracer from "effect/Tracer"
import { Attribute, SpanName } from "../Conventions.ts"
import * as Correlation from "../Correlation.ts"
import { describeCause, type ErrorDescription } from "../internal/describeError.ts"
import { withSpan } from "../internal/spans.ts"
import type * as Step from "./Step.ts"
import * as StepError from "./StepError.ts"
import { StepTimedOut, TaskError } from "./TaskError.ts"
import { moveStep, secondsBetween, stepFields, type TaskRun } from "./TaskRun.ts"
import type { StepRecord } from "./TaskStore.ts"

/**
 * Runs the next attempt of a pending step and puts a `Settled` message into the
 * run's mailbox.
 *
 * @param run the run the step belongs to
 * @param index position of the step in the task
 * @param batchLimit what the batch allows, in milliseconds; `undefined` for no limit
 */
export const attempt = (
  run: TaskRun,
  index: number,
  batchLimit: number | undefined
): Effect.Effect<void, never, unknown> =>
  Effect.withFiber((fiber) => {
    const step = run.task.steps[index] as Step.Any
    const before = run.steps[index] as StepRecord
    let reported = false
    const report = Effect.sync(() => {
      reported = true
      Queue.offerUnsafe(run.mailbox, { _tag: "Settled", index })
    })
    if (before.state !== "pending") return Effect.asVoid(report)
    const clock = fiber.getRef(Clock.Clock)
    const startNanos = clock.monotonicTimeNanosUnsafe()
    const queueSeconds = secondsBetween(run.readyNanos[index] ?? startNanos, startNanos)
    const number = before.attempts + 1
    const context: Correlation.WorkflowContext = {
      taskId: run.record.id,
      taskName: run.record.name,
      stepId: before.id,
      stepName: step.name,
      attempt: number
    }
    let opened: Tracer.Span | undefined
    // A value that is no Effect ends the fiber at once, past every finalizer.
    fiber.addObserver((exit) => {
      if (reported) return
      const settled = Effect.provideService(
        settle(run, index, exit, { clock, startNanos, queueSeconds, span: opened }),
        Correlation.CurrentWorkflow,
        context
      )
      Queue.offerUnsafe(run.mailbox, { _tag: "Broken", index, settle: endSpan(settled, exit, opened, clock) })
    })
    return withSpan(SpanName.step, {
      attributes: {
        [Attribute.taskId]: run.record.id,
        [Attribute.taskName]: run.record.name,
        [Attribute.stepId]: before.id,
        [Attribute.stepName]: step.name,
        [Attribute.attempt]: number,
        [Attribute.queueSeconds]: queueSeconds,
        [Attribute.backoffSeconds]: run.backoffSeconds[index] ?? 0
      }
    }, (span) => {
      opened = span
      return moveStep(run, index, "execution_requested", {
        attempts: number,
        startedAt: clock.currentTimeMillisUnsafe(),
        nextAttemptAt: undefined,
        queueSeconds: before.queueSeconds + queueSeconds
      }, { queueSeconds }).pipe(
        Effect.andThen(limited(run, index, body(run, step, number), batchLimit)),
        Effect.onExit((exit) => settle(run, index, exit, { clock, startNanos, queueSeconds, span })),
        Effect.provideService(Correlation.CurrentWorkflow, context)
      )
    }).pipe(
      Effect.exit,
      Effect.ensuring(report),
      Effect.asVoid
    )
  })

/** Settles in the span of the attempt and ends that, where nothing else does. */
const endSpan = (
  settled: Effect.Effect<void>,
  exit: Exit.Exit<unknown, unknown>,
  span: Tracer.Span | undefined,
  clock: Clock.Clock
): Effect.Effect<void> =>
  span === undefined
    ? settled
    : Effect.andThen(
      Effect.provideService(settled, Tracer.ParentSpan, span),
      Effect.sync(() => span.end(clock.currentTimeNanosUnsafe(), exit))
    )

const body = (run: TaskRun, step: Step.Any, attempt: number): Effect.Effect<unknown, unknown, unknown> =>
  Effect.suspend(() => step.run({ input: run.input as never, results: resultsFor(run, step) as never, attempt }))

const resultsFor = (run: TaskRun, step: Step.Any): Readonly<Record<string, unknown>> => {
  const results: Record<string, unknown> = {}
  for (const { name } of step.dependsOn) results[name] = run.results[name]
  return results
}

/** The tighter of the step's and the batch's limit interrupts the attempt. */
const limited = (
  run: TaskRun,
  index: number,
  effect: Effect.Effect<unknown, unknown, unknown>,
  batchLimit: number | undefined
): Effect.Effect<unknown, unknown, unknown> => {
  const stepLimit = run.settings.stepTimeouts[index]
  const limit = Math.min(stepLimit ?? Infinity, batchLimit ?? Infinity)
  if (limit === Infinity) return effect
  const after = Duration.millis(limit)
  return Effect.timeoutOrElse(effect, {
    duration: after,
    orElse: () =>
      Effect.fail(
        new TaskError({
          reason: new StepTimedOut({
            stepName: (run.task.steps[index] as Step.Any).name,
            limitOf: limit === stepLimit ? "step" : "batch",
            after
          })
        })
      )
  })
}

interface Attempt {
  readonly clock: Clock.Clock
  readonly startNanos: bigint
  readonly queueSeconds: number
  readonly span: Tracer.Span | undefined
}

const settle = (run: TaskRun, index: number, exit: Exit.Exit<unknown, unknown>, attempt: Attempt) =>
  Effect.suspend(() => {
    const durationSeconds = secondsBetween(attempt.startNanos, attempt.clock.monotonicTimeNanosUnsafe())
    const before = run.steps[index] as StepRecord
    if (before.state !== "in_progress") return Effect.void
    const measured = { queueSeconds: attempt.queueSeconds, durationSeconds }
    const change = {
      workSeconds: before.workSeconds + durationSeconds,
      endedAt: attempt.clock.currentTimeMillisUnsafe()
    }
    run.exits[index] = exit
    const moved = Exit.isSuccess(exit)
      ? complete(run, index, exit.value, change, measured)
      : Cause.hasInterruptsOnly(exit.cause)
      ? moveStep(run, index, "cancelled", change, measured)
      : fail(run, index, exit.cause, change, measured, attempt.span)
    attempt.span?.attribute(Attribute.workSeconds, durationSeconds)
    return Effect.andThen(
      Effect.orDie(moved),
      Effect.sync(() => {
        attempt.span?.attribute(Attribute.stepStatus, (run.steps[index] as StepRecord).state)
      })
    )
  })

interface Measured {
  readonly queueSeconds: number
  readonly durationSeconds: number
}

const complete = (run: TaskRun, index: number, value: unknown, change: Partial<StepRecord>, measured: Measured) => {
  run.results[(run.task.steps[index] as Step.Any).name] = value
  return moveStep(run, index, "completed", { ...change, error: undefined }, measured)
}

const fail = (
  run: TaskRun,
  index: number,
  cause: Cause.Cause<unknown>,
  change: Partial<StepRecord>,
  measured: Measured,
  span: Tracer.Span | undefined
) => {
  const before = run.steps[index] as StepRecord
  const error: ErrorDescription = describeCause(cause)
  const permanent = isPermanent(cause)
  const exhausted = before.attempts >= before.maximumAttempts
  const final = permanent || exhausted
  run.failedForGood[index] = final
  span?.attribute(Attribute.errorType, error.type)
  const moved = moveStep(run, index, "failed", { ...change, error }, {
    ...measured,
    errorType: error.type,
    errorMessage: error.message,
    final
  })
  return exhausted && !permanent
    ? Effect.andThen(
      moved,
      run.bus.publish("observability.step.max_retries_reached", {
        ...stepFields(run, before),
        maximumAttempts: before.maximumAttempts
      })
    )
    : moved
}

/** A `PermanentError` and a defect stay what they are however often they are tried. */
const isPermanent = (cause: Cause.Cause<unknown>): boolean =>
  Cause.hasDies(cause) ||
  cause.reasons.some((reason) => Cause.isFailReason(reason) && StepError.verdict(reason.error).permanent)
