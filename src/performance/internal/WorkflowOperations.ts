/**
 * Measures the operations of workflows by their events: the run's loop, the
 * search for steps, batches, attempts, and the end of a run.
 */
import * as Clock from "effect/Clock"
import type * as Fiber from "effect/Fiber"
import type * as EventCatalog from "../../events/EventCatalog.ts"
import { type EventEnvelope, isOfCatalog } from "../../events/EventEnvelope.ts"
import type { Outcome } from "./Measurement.ts"
import type { Activity } from "./Overlaps.ts"

/** Gets the duration of an operation. */
export type Record = (operation: string, outcome: Outcome, seconds: number) => void

/** What happens when an attempt starts, and when the attempt ends. */
export interface Attempts {
  readonly begin: (fiber: Fiber.Fiber<unknown, unknown>) => Activity
  readonly end: (activity: Activity) => void
}

interface Run {
  startNanos: bigint
  /** When a step last settled or became ready again: the loop looks for steps from then on. */
  changedNanos: bigint
  finalNanos: bigint | undefined
}

/** The highest number of runs, and of attempts, that are followed at the same time. */
const mostFollowed = 10_000

const followed: ReadonlySet<string> = new Set<EventCatalog.EventName>([
  "task.start_requested",
  "task.completed",
  "task.failed",
  "task.cancelled",
  "step.execution_requested",
  "step.completed",
  "step.failed",
  "step.cancelled",
  "step.retry_requested",
  "observability.step.skip",
  "workflow.viable_steps_discovered",
  "workflow.steps_execution_completed",
  "workflow.task_finalization_started"
])

/** Whether an event is about an operation of workflows. */
export const accepts = (name: string): boolean => followed.has(name)

const secondsBetween = (from: bigint, to: bigint): number => Number(to - from) / 1e9

export class WorkflowOperations {
  private readonly runs = new Map<string, Run>()
  private readonly attempts = new Map<string, Activity>()
  private readonly record: Record
  private readonly overlaps: Attempts

  constructor(record: Record, overlaps: Attempts) {
    this.record = record
    this.overlaps = overlaps
  }

  /** The running attempt of a step. */
  attemptOf(stepId: string | undefined): Activity | undefined {
    return stepId === undefined ? undefined : this.attempts.get(stepId)
  }

  handle(envelope: EventEnvelope, fiber: Fiber.Fiber<unknown, unknown>): void {
    if (!isOfCatalog(envelope)) return
    switch (envelope.name) {
      case "step.execution_requested": {
        const { stepId } = envelope.payload
        if (this.attempts.size < mostFollowed) this.attempts.set(stepId, this.overlaps.begin(fiber))
        return
      }
      case "step.completed":
        return this.endAttempt(envelope.payload, "success", fiber)
      case "step.failed":
        return this.endAttempt(envelope.payload, "failure", fiber)
      case "step.cancelled":
        return this.endAttempt(envelope.payload, "interruption", fiber)
      case "step.retry_requested":
      case "observability.step.skip":
        return this.change(envelope.payload.taskId, fiber)
      case "workflow.steps_execution_completed": {
        const { completedCount, durationSeconds, stepCount } = envelope.payload
        return this.record(
          "step_batch_execution",
          completedCount === stepCount ? "success" : "failure",
          durationSeconds
        )
      }
      case "task.start_requested": {
        const now = nanosOf(fiber)
        if (this.runs.size >= mostFollowed) return
        this.runs.set(envelope.payload.taskId, { startNanos: now, changedNanos: now, finalNanos: undefined })
        return
      }
      case "workflow.viable_steps_discovered": {
        const run = this.runs.get(envelope.payload.taskId)
        if (run === undefined) return
        return this.record("find_viable_steps", "success", secondsBetween(run.changedNanos, nanosOf(fiber)))
      }
      case "workflow.task_finalization_started": {
        const run = this.runs.get(envelope.payload.taskId)
        if (run !== undefined) run.finalNanos = nanosOf(fiber)
        return
      }
      case "task.completed":
        return this.endRun(envelope.payload.taskId, "success", fiber)
      case "task.failed":
        return this.endRun(envelope.payload.taskId, "failure", fiber)
      case "task.cancelled":
        return this.endRun(envelope.payload.taskId, "interruption", fiber)
    }
  }

  private endAttempt(
    { durationSeconds, stepId, taskId }: EventCatalog.Payload<"step.completed">,
    outcome: Outcome,
    fiber: Fiber.Fiber<unknown, unknown>
  ): void {
    this.change(taskId, fiber)
    const attempt = this.attempts.get(stepId)
    // A step that is cancelled before its first attempt has none.
    if (attempt === undefined) return
    this.attempts.delete(stepId)
    this.overlaps.end(attempt)
    this.record("step_execution", outcome, durationSeconds)
  }

  private change(taskId: string, fiber: Fiber.Fiber<unknown, unknown>): void {
    const run = this.runs.get(taskId)
    if (run !== undefined) run.changedNanos = nanosOf(fiber)
  }

  private endRun(taskId: string, outcome: Outcome, fiber: Fiber.Fiber<unknown, unknown>): void {
    const run = this.runs.get(taskId)
    if (run === undefined) return
    this.runs.delete(taskId)
    const now = nanosOf(fiber)
    this.record("workflow_coordination", outcome, secondsBetween(run.startNanos, now))
    if (run.finalNanos !== undefined) this.record("task_finalization", outcome, secondsBetween(run.finalNanos, now))
  }
}

const nanosOf = (fiber: Fiber.Fiber<unknown, unknown>): bigint => fiber.getRef(Clock.Clock).monotonicTimeNanosUnsafe()
