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
import type { AttemptRecord, RunRecord, StepRecord } from "../RunRecord.ts"

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

type Mutable<A> = { -readonly [K in keyof A]: A[K] }

interface LiveAttempt extends Mutable<AttemptRecord> {
  readonly sql: Mutable<AttemptRecord["sql"]>
}

interface LiveStep extends Mutable<Omit<StepRecord, "attempts">> {
  readonly attempts: Array<LiveAttempt>
}

interface LiveRun extends Mutable<Omit<RunRecord, "steps">> {
  readonly steps: Array<LiveStep>
  readonly byName: Map<string, LiveStep>
  readonly createdNanos: bigint
}

/** The event of the SQL monitor: one statement of the current step. */
const sqlEvent = "database.query_executed"

const followed: ReadonlySet<string> = new Set<EventCatalog.EventName | typeof sqlEvent>([
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
  "observability.step.skip",
  "observability.step.backoff",
  "observability.step.max_retries_reached",
  "dependency.resolved",
  sqlEvent
])

/** Whether the follower needs an event. */
export const accepts = (name: string): boolean => followed.has(name)

const nanosPerSecond = 1e9

export class RunFollower {
  private readonly running = new Map<string, LiveRun>()
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

  /** Copies of the runs that have not ended, oldest start first. */
  unfinishedRuns(): ReadonlyArray<RunRecord> {
    return Array.from(this.running.values(), recordOf)
  }

  find(id: string): RunRecord | undefined {
    const run = this.running.get(id)
    return run === undefined ? this.ended.get(id) : recordOf(run)
  }

  /** Seconds since a running run was created. */
  ageOf(id: string, clock: Clock.Clock): number | undefined {
    const run = this.running.get(id)
    return run === undefined ? undefined : secondsOf(run, clock)
  }

  handle(envelope: EventEnvelope, fiber: Fiber.Fiber<unknown, unknown>): void {
    if (envelope.name as string === sqlEvent) return this.addStatement(envelope.payload, fiber)
    if (!isOfCatalog(envelope) || !("taskId" in envelope.payload)) return
    const clock = fiber.getRef(Clock.Clock)
    if (envelope.name === "task.initialize_requested") {
      if (this.running.size >= mostRunning) this.leftOut++
      else this.running.set(envelope.payload.taskId, this.begin(envelope.payload, envelope, clock))
      return
    }
    const run = this.running.get(envelope.payload.taskId)
    if (run === undefined) return this.resolve(envelope)
    const now = secondsOf(run, clock)
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
        return addStep(run, envelope.payload)
    }
    if (!("stepName" in envelope.payload)) return
    const step = run.byName.get(envelope.payload.stepName)
    if (step === undefined) return
    switch (envelope.name) {
      case "dependency.resolved":
        step.readyAt = now
        return
      case "step.execution_requested":
        return start(step, envelope.payload, now)
      case "step.completed":
        endAttempt(step, "complete", now)
        return settle(step, "complete", now)
      case "step.cancelled":
        endAttempt(step, "cancelled", now)
        return settle(step, "cancelled", now)
      case "step.failed":
        return fail(step, envelope.payload, now)
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
        return settle(step, "complete", now)
      case "step.resolved_manually":
        return settle(step, "resolved_manually", now)
    }
  }

  private begin(
    payload: EventCatalog.Payload<"task.initialize_requested">,
    { correlationId, time, traceId }: EventEnvelope,
    clock: Clock.Clock
  ): LiveRun {
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
      createdNanos: clock.monotonicTimeNanosUnsafe()
    }
  }

  private end(run: LiveRun, state: RunRecord["state"], now: number): void {
    run.state = state
    run.endedAt = now
    this.running.delete(run.id)
    // Nothing changes an ended run, so its record takes the steps as they are.
    const { byName: _, createdNanos: __, ...record } = run
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
  private addStatement(payload: unknown, fiber: Fiber.Fiber<unknown, unknown>): void {
    const workflow = fiber.getRef(Correlation.CurrentWorkflow)
    if (workflow?.stepName === undefined) return
    const step = this.running.get(workflow.taskId)?.byName.get(workflow.stepName)
    const attempt = step?.attempts[(workflow.attempt ?? 0) - 1]
    if (attempt === undefined) return
    attempt.sql.statements++
    attempt.sql.seconds += durationOf(payload)
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

const secondsOf = (run: LiveRun, clock: Clock.Clock): number =>
  Number(clock.monotonicTimeNanosUnsafe() - run.createdNanos) / nanosPerSecond

/** At least 1, so that a run without steps has a size, too. */
const attemptsOf = ({ steps }: RunRecord): number => steps.reduce((sum, step) => sum + 1 + step.attempts.length, 1)

const durationOf = (payload: unknown): number => {
  const seconds = (payload as { readonly durationSeconds?: unknown }).durationSeconds
  return typeof seconds === "number" && Number.isFinite(seconds) ? seconds : 0
}

const addStep = (run: LiveRun, payload: EventCatalog.Payload<"step.initialize_requested">): void => {
  const step: LiveStep = {
    id: payload.stepId,
    name: payload.stepName,
    dependsOn: payload.dependsOn,
    state: "pending",
    skipped: false,
    failedForGood: false,
    exhausted: false,
    readyAt: undefined,
    settledAt: undefined,
    backoffUntil: undefined,
    attempts: []
  }
  run.steps.push(step)
  run.byName.set(step.name, step)
}

const start = (step: LiveStep, payload: EventCatalog.Payload<"step.execution_requested">, now: number): void => {
  const readyAt = Math.max(0, now - payload.queueSeconds)
  step.state = "in_progress"
  step.readyAt ??= readyAt
  step.attempts.push({
    number: payload.attempt,
    readyAt,
    startedAt: now,
    endedAt: undefined,
    state: "in_progress",
    errorType: undefined,
    timedOut: undefined,
    sql: { statements: 0, seconds: 0 }
  })
}

const fail = (step: LiveStep, payload: EventCatalog.Payload<"step.failed">, now: number): void => {
  // A step whose skipWhen fails has an attempt, too: it starts and fails at once.
  const attempt = endAttempt(step, "error", now)
  if (attempt !== undefined) {
    attempt.errorType = payload.errorType
    attempt.timedOut = payload.timedOut
  }
  step.state = "error"
  if (!payload.final) return
  step.failedForGood = true
  step.settledAt = now
}

const endAttempt = (step: LiveStep, state: AttemptRecord["state"], now: number): LiveAttempt | undefined => {
  const attempt = step.attempts.at(-1)
  if (attempt === undefined || attempt.endedAt !== undefined) return undefined
  attempt.state = state
  attempt.endedAt = now
  return attempt
}

const settle = (step: LiveStep, state: StepRecord["state"], now: number): void => {
  step.state = state
  step.settledAt = now
  step.backoffUntil = undefined
  step.failedForGood = false
}

const recordOf = ({ byName: _, createdNanos: __, ...run }: LiveRun): RunRecord => ({
  ...run,
  steps: run.steps.map((step) => ({
    ...step,
    attempts: step.attempts.map((attempt) => ({ ...attempt, sql: { ...attempt.sql } }))
  }))
})
