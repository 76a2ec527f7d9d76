/**
 * Runs a prepared run: opens the task span, makes the first and the last
 * transition, and gives the caller its exit.
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import type * as Tracer from "effect/Tracer"
import * as TelemetryConfig from "../../config/TelemetryConfig.ts"
import { Attribute, SpanName } from "../../Conventions.ts"
import * as Correlation from "../../Correlation.ts"
import { withSpan } from "../../internal/ownSpans.ts"
import * as ErrorRecord from "../../redaction/internal/ErrorRecord.ts"
import * as Redaction from "../../redaction/Redaction.ts"
import { Cancelled, TaskError } from "../TaskError.ts"
import type { TaskRecord } from "../TaskStore.ts"
import * as Heartbeat from "./Heartbeat.ts"
import * as Orchestrator from "./Orchestrator.ts"
import * as RunEnd from "./RunEnd.ts"
import * as StartDelay from "./StartDelay.ts"
import {
  contextOf,
  elapsed,
  endOf,
  moveTask,
  type Restore,
  satisfiedCount,
  stepFields,
  taskFields,
  type TaskRun
} from "./TaskRun.ts"
import { hasEnded } from "./TaskState.ts"

/** Runs a prepared run to its end and takes it out of `live`. Only the effects in `restore` can be interrupted. */
export const execute = (
  run: TaskRun,
  live: Map<string, TaskRun>,
  restore: Restore
): Effect.Effect<unknown, unknown, unknown> =>
  // The context of the caller says whether the run starts inside of another one.
  Effect.withFiber((fiber) => {
    const leave = enter(fiber, live)
    const trace = traceOf(fiber)
    // The record may be amended during the wait, and the span begins after it.
    const spanned = withSpan(
      SpanName.task,
      () => ({
        ...trace,
        attributes: {
          [Attribute.taskId]: run.record.id,
          [Attribute.taskName]: run.record.name,
          [Attribute.taskNamespace]: run.record.namespace,
          [Attribute.taskVersion]: run.record.version,
          [Attribute.correlationId]: run.record.correlationId,
          ...(run.record.reason === undefined ? {} : { [Attribute.reason]: run.record.reason }),
          ...(run.record.initiator === undefined ? {} : { [Attribute.initiator]: run.record.initiator }),
          ...tagAttributes(run.record.tags)
        }
      }),
      (span) =>
        begin(run).pipe(
          Effect.andThen(Heartbeat.during(run, Orchestrator.orchestrate(run, restore))),
          Effect.exit,
          Effect.flatMap((exit) => end(run, exit, span))
        )
    )
    const whole = run.delay === undefined ? spanned : Effect.flatMap(StartDelay.wait(run.delay, restore), (exit) => {
      run.beganNanos = fiber.getRef(Clock.Clock).monotonicTimeNanosUnsafe()
      return Exit.isFailure(exit) || run.cancelRequested ? endBeforeStart(run, exit) : spanned
    })
    return whole.pipe(
      // Only a defect gets here before the last transition, such as one of the tracer at the start of the task's span.
      Effect.onExit((exit) =>
        hasEnded(run.record.state) ? Effect.void : Effect.exit(end(run, Exit.asVoid(exit), undefined))
      ),
      Effect.ensuring(Effect.andThen(
        run.writer.end,
        Effect.suspend(() => {
          leave()
          live.delete(run.record.id)
          Deferred.doneUnsafe(run.begun, Effect.void)
          return Deferred.succeed(run.done, run.record)
        })
      )),
      Effect.updateContext((context) => contextOf(context, run.record))
    )
  })

const tagAttributes = (tags: TaskRecord["tags"] = {}): Record<string, string> => {
  const attributes: Record<string, string> = {}
  for (const name of Object.keys(tags)) attributes[`${Attribute.tag}.${name}`] = tags[name] as string
  return attributes
}

/** Counts a run for the step that it starts in, until the given function is called. */
const enter = (fiber: Fiber.Fiber<unknown, unknown>, live: ReadonlyMap<string, TaskRun>): () => void => {
  const current = fiber.getRef(Correlation.CurrentWorkflow)
  const counts = current === undefined ? undefined : live.get(current.taskId)?.innerRuns
  const stepId = current?.stepId
  if (counts === undefined || stepId === undefined) return () => {}
  const add = (by: number) => void counts.set(stepId, (counts.get(stepId) ?? 0) + by)
  add(1)
  return () => add(-1)
}

/** With `tracing.childRuns: "linked"`, a run that starts inside of another run has a trace of its own. */
const traceOf = (fiber: Fiber.Fiber<unknown, unknown>): Pick<Tracer.SpanOptionsNoTrace, "root" | "links"> => {
  const parent = fiber.cache.span
  const isChild = parent !== undefined && fiber.getRef(Correlation.CurrentWorkflow) !== undefined
  return isChild && fiber.getRef(TelemetryConfig.Current).tracing.childRuns === "linked"
    ? { root: true, links: [{ span: parent, attributes: {} }] }
    : {}
}

/** Ends a run that was cancelled or interrupted while it waited for its start. */
const endBeforeStart = (run: TaskRun, exit: Exit.Exit<void>): Effect.Effect<unknown, unknown> =>
  Effect.withFiber((fiber) => {
    run.over = true
    run.interrupted = Exit.isFailure(exit)
    announce(fiber, run)
    return Effect.andThen(
      Effect.forEach(run.steps, (_, index) => RunEnd.cancelPending(run, index), { discard: true }),
      end(run, exit, undefined)
    )
  })

/** Publishes that a run and its steps were accepted. */
const announce = (fiber: Fiber.Fiber<unknown, unknown>, run: TaskRun): void => {
  run.bus.publishUnsafe(fiber, "task.initialize_requested", {
    ...taskFields(run.record),
    fromState: undefined,
    toState: "pending",
    totalSteps: run.steps.length,
    concurrency: run.settings.concurrency,
    tags: run.record.tags ?? {},
    ...(run.record.reason === undefined ? {} : { reason: run.record.reason }),
    ...(run.record.initiator === undefined ? {} : { initiator: run.record.initiator })
  })
  if (run.bus.enabled) {
    for (const step of run.steps) {
      run.bus.publishUnsafe(fiber, "step.initialize_requested", {
        ...stepFields(run, step),
        fromState: undefined,
        toState: "pending",
        dependsOn: step.dependsOn
      })
    }
  }
}

const begin = (run: TaskRun): Effect.Effect<void> =>
  Effect.withFiber((fiber) => {
    announce(fiber, run)
    const refused = moveTask(fiber, run, "start_requested", {
      startedAt: fiber.getRef(Clock.Clock).currentTimeMillisUnsafe()
    }, { totalSteps: run.steps.length })
    return refused === undefined ? Effect.asVoid(Deferred.succeed(run.begun, undefined)) : Effect.die(refused)
  })

/** Makes the last transition of a run and gives its exit. If the loop has a defect, the exit is the defect. */
const end = (
  run: TaskRun,
  loopExit: Exit.Exit<void, unknown>,
  span: Tracer.Span | undefined
): Effect.Effect<unknown, unknown> =>
  Effect.withFiber((fiber) => {
    const clock = fiber.getRef(Clock.Clock)
    run.over = true
    run.defect ??= RunEnd.defectOf(loopExit)
    const outcome = outcomeOf(run, loopExit, clock)
    const state = RunEnd.finalState(run)
    const fields = {
      durationSeconds: elapsed(run, clock),
      totalSteps: run.steps.length,
      completedSteps: satisfiedCount(run)
    }
    const error = Exit.isSuccess(outcome) ? undefined : ErrorRecord.make(outcome.cause, fiber.getRef(Redaction.Current))
    span?.attribute(Attribute.taskStatus, state)
    if (state === "error" && error !== undefined) span?.attribute(Attribute.errorType, error.type)
    const refused = state === "complete"
      ? moveTask(fiber, run, "completed", endOf(run, clock), fields)
      : state === "cancelled"
      ? moveTask(fiber, run, "cancelled", endOf(run, clock), {
        ...fields,
        reason: run.cancelRequested ? "requested" : "interrupted"
      })
      : moveTask(fiber, run, "failed", endOf(run, clock, error), {
        ...fields,
        errorType: error?.type ?? "_OTHER",
        errorMessage: error?.message ?? "",
        ...(error === undefined ? {} : { error }),
        failedSteps: run.steps.filter((step) => step.state === "error").map((step) => step.name)
      })
    return refused === undefined ? outcome : Effect.die(refused)
  })

/** The exit that the caller gets: results, the causes of failed steps, or the reason why the run was stopped. */
const outcomeOf = (
  run: TaskRun,
  loopExit: Exit.Exit<void, unknown>,
  clock: Clock.Clock
): Exit.Exit<unknown, unknown> => {
  switch (RunEnd.finalState(run)) {
    case "complete":
      return Exit.succeed({
        taskId: run.record.id,
        correlationId: run.record.correlationId,
        results: run.results,
        steps: run.steps,
        durationSeconds: elapsed(run, clock)
      })
    case "error":
      return Exit.failCause(run.defect ?? causesOf(run, (index) => run.steps[index]?.state === "error"))
    case "cancelled":
      if (run.interrupted && Exit.isFailure(loopExit)) return loopExit
      return run.cancelRequested
        ? Exit.fail(new TaskError({ reason: new Cancelled({ taskId: run.record.id }) }))
        : Exit.failCause(causesOf(run, (index) => run.steps[index]?.state === "cancelled"))
  }
}

/** The causes are put side by side. `Cause.combine` would compare errors, and an error's getter may do anything. */
const causesOf = (run: TaskRun, isChosen: (index: number) => boolean): Cause.Cause<unknown> =>
  Cause.fromReasons(
    run.exits.flatMap((exit, index) =>
      exit !== undefined && Exit.isFailure(exit) && isChosen(index) ? exit.cause.reasons : []
    )
  )
