/**
 * Follows runs by their events, and keeps a bounded number of records.
 *
 * An ended record never changes. If a step of an ended run is resolved by hand,
 * a new record takes the place of the old one.
 */
import * as Clock from "effect/Clock"
import type * as Fiber from "effect/Fiber"
import * as Correlation from "../../Correlation.ts"
import type * as EventCatalog from "../../events/EventCatalog.ts"
import { type EventEnvelope, isOfCatalog } from "../../events/EventEnvelope.ts"
import type * as TimeSlice from "../../internal/TimeSlice.ts"
import type { AttemptRecord, QueryPattern, RunRecord, StepRecord } from "../RunRecord.ts"
import * as LiveRun from "./LiveRun.ts"

export interface Limits {
  /** Number of ended runs that are kept. */
  readonly storedRuns: number
  /** The attribute `service.instance.id` of the process. */
  readonly instance: string | undefined
}

/** The highest number of attempts of all ended runs, so that runs of many steps take no more memory. */
const mostAttempts = 200_000

/** The highest number of runs that are followed at the same time. */
const mostRunning = 10_000

/** What is known of a running run beside its record. Times are seconds. */
export interface Signs {
  /** Since the run was created. */
  readonly now: number
  /** Since the last event of the run. */
  readonly silentSeconds: number
  readonly runnerEnded: boolean
}

/** The highest number of patterns of SQL that an attempt keeps. */
const mostPatterns = 20

const followed: ReadonlySet<string> = new Set<EventCatalog.EventName>([
  "task.initialize_requested",
  "task.start_requested",
  "task.completed",
  "task.failed",
  "task.cancelled",
  "task.resolved_manually",
  "step.initialize_requested",
  "step.execution_requested",
  "step.completed",
  "step.failed",
  "step.cancelled",
  "step.retry_requested",
  "step.resolved_manually",
  "observability.task.heartbeat",
  "observability.step.skip",
  "observability.step.backoff",
  "observability.step.max_retries_reached",
  "dependency.resolved",
  "database.query_executed",
  "performance.query_finding"
])

/** Whether the follower needs an event. */
export const accepts = (name: string): boolean => followed.has(name)

const nanosPerSecond = 1e9

export class RunFollower {
  private readonly running = new Map<string, LiveRun.LiveRun>()
  private readonly ended = new Map<string, RunRecord>()
  private endedAttempts = 0
  private leftOut = 0
  private readonly limits: Limits

  constructor(limits: Limits) {
    this.limits = limits
  }

  /** Number of runs that were not followed, because too many ran at the same time. */
  get missed(): number {
    return this.leftOut
  }

  /** The ended runs, oldest end first. */
  endedRuns(): ReadonlyArray<RunRecord> {
    return [...this.ended.values()]
  }

  /** Copies of the runs that have not ended, oldest start first. Runs may start and end meanwhile. */
  *unfinishedRuns(): TimeSlice.Work<ReadonlyArray<RunRecord>> {
    const records: Array<RunRecord> = []
    for (const run of this.running.values()) {
      records.push(LiveRun.recordOf(run))
      yield
    }
    return records
  }

  find(id: string): RunRecord | undefined {
    const run = this.running.get(id)
    return run === undefined ? this.ended.get(id) : LiveRun.recordOf(run)
  }

  /** The signs of life of a running run. */
  signsOf(id: string, clock: Clock.Clock): Signs | undefined {
    const run = this.running.get(id)
    if (run === undefined) return undefined
    const now = secondsOf(run, clock)
    return { now, silentSeconds: now - run.seenAt, runnerEnded: run.runner.pollUnsafe() !== undefined }
  }

  handle(envelope: EventEnvelope, fiber: Fiber.Fiber<unknown, unknown>): void {
    if (!isOfCatalog(envelope)) return
    if (envelope.name === "database.query_executed") return this.addStatement(envelope.payload, fiber)
    if (envelope.name === "performance.query_finding") return this.addPattern(envelope.payload)
    if (!("taskId" in envelope.payload)) return
    const clock = fiber.getRef(Clock.Clock)
    if (envelope.name === "task.initialize_requested") {
      if (this.running.size >= mostRunning) this.leftOut++
      else this.running.set(envelope.payload.taskId, this.begin(envelope.payload, envelope, fiber))
      return
    }
    const run = this.running.get(envelope.payload.taskId)
    if (run === undefined) return this.resolve(envelope)
    const now = secondsOf(run, clock)
    run.seenAt = now
    // The run goes on, but nothing about it has changed.
    if (envelope.name === "observability.task.heartbeat") return
    run.changedAt = now
    switch (envelope.name) {
      case "task.start_requested":
        run.state = "in_progress"
        run.startedAt = now
        for (const step of run.steps) if (step.dependsOn.length === 0) step.readyAt = now
        return
      case "task.completed":
        return this.end(run, "complete", now)
      case "task.cancelled":
        return this.end(run, "cancelled", now)
      case "task.failed":
        run.errorType = envelope.payload.errorType
        return this.end(run, "error", now)
      case "step.initialize_requested":
        return LiveRun.addStep(run, envelope.payload)
    }
    if (!("stepName" in envelope.payload)) return
    const step = run.byName.get(envelope.payload.stepName)
    if (step === undefined) return
    switch (envelope.name) {
      case "dependency.resolved":
        step.readyAt = now
        return
      case "step.execution_requested":
        return LiveRun.start(step, envelope.payload, now)
      case "step.completed":
        LiveRun.endAttempt(step, "complete", now)
        return LiveRun.settle(step, "complete", now)
      case "step.cancelled":
        LiveRun.endAttempt(step, "cancelled", now)
        return LiveRun.settle(step, "cancelled", now)
      case "step.failed":
        return LiveRun.fail(step, envelope.payload, now)
      case "observability.step.backoff":
        step.backoffUntil = now + envelope.payload.backoffSeconds
        return
      case "observability.step.max_retries_reached":
        step.exhausted = true
        return
      case "step.retry_requested":
        step.state = "pending"
        step.backoffUntil = undefined
        return
      case "observability.step.skip":
        step.skipped = true
        return LiveRun.settle(step, "complete", now)
      case "step.resolved_manually":
        return LiveRun.settle(step, "resolved_manually", now)
    }
  }

  private begin(
    payload: EventCatalog.Payload<"task.initialize_requested">,
    { correlationId, time, traceId }: EventEnvelope,
    runner: Fiber.Fiber<unknown, unknown>
  ): LiveRun.LiveRun {
    return {
      id: payload.taskId,
      taskName: payload.taskName,
      namespace: payload.namespace,
      version: payload.version,
      correlationId,
      traceId,
      instance: this.limits.instance,
      tags: payload.tags,
      state: "pending",
      errorType: undefined,
      createdAt: time,
      startedAt: undefined,
      endedAt: undefined,
      changedAt: 0,
      concurrency: payload.concurrency,
      steps: [],
      byName: new Map(),
      createdNanos: runner.getRef(Clock.Clock).monotonicTimeNanosUnsafe(),
      runner,
      seenAt: 0
    }
  }

  private end(run: LiveRun.LiveRun, state: RunRecord["state"], now: number): void {
    run.state = state
    run.endedAt = now
    this.running.delete(run.id)
    // Nothing changes an ended run, so its record takes the steps as they are.
    const { byName: _, createdNanos: __, runner: ___, seenAt: ____, ...record } = run
    this.keep(record)
  }

  private keep(record: RunRecord): void {
    this.forget(record.id)
    this.ended.set(record.id, record)
    this.endedAttempts += attemptsOf(record)
    for (const id of this.ended.keys()) {
      if (this.ended.size <= this.limits.storedRuns && this.endedAttempts <= mostAttempts) return
      this.forget(id)
    }
  }

  private forget(id: string): void {
    const record = this.ended.get(id)
    if (record === undefined) return
    this.ended.delete(id)
    this.endedAttempts -= attemptsOf(record)
  }

  /** The attempt is that of the publishing fiber. */
  private addStatement(
    { durationSeconds, waitSeconds = 0 }: EventCatalog.Payload<"database.query_executed">,
    fiber: Fiber.Fiber<unknown, unknown>
  ): void {
    const workflow = fiber.getRef(Correlation.CurrentWorkflow)
    if (workflow?.stepName === undefined) return
    const step = this.running.get(workflow.taskId)?.byName.get(workflow.stepName)
    const attempt = step?.attempts[(workflow.attempt ?? 0) - 1]
    if (attempt === undefined) return
    attempt.sql.statements++
    attempt.sql.seconds += finite(durationSeconds)
    attempt.sql.waitSeconds += finite(waitSeconds)
  }

  /** Repeated statements are reported after the end of their attempt, which may be the end of the run. */
  private addPattern(payload: EventCatalog.Payload<"performance.query_finding">): void {
    const { attempt = 1, stepName, taskId = "" } = payload
    const pattern = patternOf(payload)
    const live = this.running.get(taskId)?.byName.get(stepName ?? "")?.attempts[attempt - 1]
    if (live !== undefined) {
      if (live.patterns.length < mostPatterns) live.patterns.push(pattern)
      return
    }
    const record = this.ended.get(taskId)
    if (record === undefined) return
    const steps = record.steps.map((step): StepRecord =>
      step.name !== stepName ? step : {
        ...step,
        attempts: step.attempts.map((known): AttemptRecord =>
          known.number !== attempt || known.patterns.length >= mostPatterns
            ? known
            : { ...known, patterns: [...known.patterns, pattern] }
        )
      }
    )
    this.ended.set(taskId, { ...record, steps })
  }

  /** Steps of an ended run may be resolved by hand, and then the run. */
  private resolve(envelope: EventEnvelope): void {
    if (!isOfCatalog(envelope) || !("taskId" in envelope.payload)) return
    const record = this.ended.get(envelope.payload.taskId)
    if (record === undefined) return
    if (envelope.name === "task.resolved_manually") {
      this.ended.set(record.id, { ...record, state: "resolved_manually" })
    } else if (envelope.name === "step.resolved_manually") {
      const { stepName } = envelope.payload
      const steps = record.steps.map((step): StepRecord =>
        step.name === stepName ? { ...step, state: "resolved_manually", failedForGood: false } : step
      )
      this.ended.set(record.id, { ...record, steps })
    }
  }
}

const secondsOf = (run: LiveRun.LiveRun, clock: Clock.Clock): number =>
  Number(clock.monotonicTimeNanosUnsafe() - run.createdNanos) / nanosPerSecond

/** At least 1, so that a run without steps has a size, too. */
const attemptsOf = ({ steps }: RunRecord): number => steps.reduce((sum, step) => sum + 1 + step.attempts.length, 1)

/** A sum would never be a number again. */
const finite = (seconds: unknown): number => typeof seconds === "number" && Number.isFinite(seconds) ? seconds : 0

const patternOf = (
  { count, elapsedSeconds, kind, summary, totalSeconds }: EventCatalog.Payload<"performance.query_finding">
): QueryPattern => ({
  kind,
  summary,
  count,
  totalSeconds: finite(totalSeconds),
  elapsedSeconds: finite(elapsedSeconds ?? totalSeconds)
})
