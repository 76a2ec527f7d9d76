/**
 * Steps that start together. A batch has a span, events at its start and end, and a fiber for each attempt. It ends with
 * the last of its attempts, so it needs no fiber of its own.
 */
import * as Cause from "effect/Cause"
import type * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import type * as Tracer from "effect/Tracer"
import { Attribute, SpanName } from "../../Conventions.ts"
import { guard } from "../../internal/guard.ts"
import { openSpan } from "../../internal/ownSpans.ts"
import type { StepRecord } from "../TaskStore.ts"
import * as StepExecutor from "./StepExecutor.ts"
import { secondsBetween, taskFields, type TaskRun } from "./TaskRun.ts"

/** Names are for people, so a span needs no more than this. */
const mostNames = 50
export const someNames = (run: TaskRun, indices: ReadonlyArray<number>) =>
  indices.slice(0, mostNames).map((index) => (run.steps[index] as StepRecord).name)

/**
 * Starts the next attempts of the given steps, each in a fiber of the scope. If one is interrupted or lost, the others
 * go on.
 *
 * @param number number of the batch within the run, from 1
 */
export const start = (
  run: TaskRun,
  scope: Scope.Scope,
  clock: Clock.Clock,
  number: number,
  indices: ReadonlyArray<number>
): Effect.Effect<unknown, never, unknown> => {
  const limit = run.settings.batchTimeout(indices.length)
  return openSpan(SpanName.batch, () => ({
    attributes: {
      [Attribute.taskId]: run.record.id,
      [Attribute.batchNumber]: number,
      [Attribute.stepCount]: indices.length,
      [Attribute.stepNames]: someNames(run, indices)
    }
  }), (span) => {
    const batch = new OpenBatch(run, clock, indices, span)
    const attempts = each(
      indices,
      (index) => Effect.forkIn(StepExecutor.attempt(run, index, limit, batch), scope, startsAtOnce)
    )
    return run.bus.enabled ? Effect.andThen(announced(batch), attempts) : attempts
  })
}

const startsAtOnce = { startImmediately: true } as const

/** Most batches have one step. */
const each = <A, B>(
  items: ReadonlyArray<A>,
  use: (item: A) => Effect.Effect<B, never, unknown>
): Effect.Effect<unknown, never, unknown> =>
  items.length === 1 ? use(items[0] as A) : Effect.forEach(items, use, { discard: true })

/** Publishes the start of a batch. If that dies, nothing else would end the span. */
const announced = (batch: OpenBatch): Effect.Effect<void> =>
  Effect.onExit(
    batch.run.bus.publish("workflow.steps_execution_started", {
      ...taskFields(batch.run.record),
      stepCount: batch.indices.length
    }),
    (exit) => Exit.isSuccess(exit) ? Effect.void : Effect.sync(() => batch.endSpan(exit))
  )

/** A batch whose attempts have not all ended. */
class OpenBatch implements StepExecutor.Batch {
  readonly run: TaskRun
  readonly indices: ReadonlyArray<number>
  readonly span: Tracer.Span | undefined
  readonly #clock: Clock.Clock
  readonly #startNanos: bigint
  #left: number

  constructor(run: TaskRun, clock: Clock.Clock, indices: ReadonlyArray<number>, span: Tracer.Span | undefined) {
    this.run = run
    this.indices = indices
    this.span = span
    this.#clock = clock
    this.#startNanos = clock.monotonicTimeNanosUnsafe()
    this.#left = indices.length
  }

  attemptEnded(fiber: Fiber.Fiber<unknown, unknown>): void {
    if (--this.#left > 0) return
    // A defect of a sink or of a tracer is one of the loop.
    const onError = (error: unknown) => Queue.offerUnsafe(this.run.mailbox, { _tag: "Defect", cause: Cause.die(error) })
    if (this.run.bus.enabled) guard(() => this.#publishEnd(fiber), onError)
    // The loop is over before its steps have ended if they are interrupted.
    guard(() => this.endSpan(this.run.over ? interrupted : Exit.void), onError)
  }

  endSpan(exit: Exit.Exit<void>): void {
    if (this.span?.status._tag === "Started") this.span.end(this.#clock.currentTimeNanosUnsafe(), exit)
  }

  #publishEnd(fiber: Fiber.Fiber<unknown, unknown>): void {
    const { indices, run } = this
    run.bus.publishUnsafe(fiber, "workflow.steps_execution_completed", {
      ...taskFields(run.record),
      stepCount: indices.length,
      completedCount: indices.filter((index) => run.steps[index]?.state === "complete").length,
      durationSeconds: secondsBetween(this.#startNanos, this.#clock.monotonicTimeNanosUnsafe())
    })
  }
}

const interrupted = Exit.failCause(Cause.interrupt())
