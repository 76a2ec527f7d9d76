/**
 * A run that goes on: its record, which its events change.
 */
import type * as Fiber from "effect/Fiber"
import type * as EventCatalog from "../../events/EventCatalog.ts"
import type { AttemptRecord, QueryPattern, RunRecord, StepRecord } from "../RunRecord.ts"

type Mutable<A> = { -readonly [K in keyof A]: A[K] }

interface LiveAttempt extends Mutable<Omit<AttemptRecord, "patterns">> {
  readonly sql: Mutable<AttemptRecord["sql"]>
  readonly patterns: Array<QueryPattern>
}

interface LiveStep extends Mutable<Omit<StepRecord, "attempts">> {
  readonly attempts: Array<LiveAttempt>
}

export interface LiveRun extends Mutable<Omit<RunRecord, "steps">> {
  readonly steps: Array<LiveStep>
  readonly byName: Map<string, LiveStep>
  readonly createdNanos: bigint
  /** The fiber of the run. It ends after the run has. */
  readonly runner: Fiber.Fiber<unknown, unknown>
  /** When the last event of the run came, in seconds since the run was created. */
  seenAt: number
}

export const addStep = (run: LiveRun, payload: EventCatalog.Payload<"step.initialize_requested">): void => {
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

export const start = (step: LiveStep, payload: EventCatalog.Payload<"step.execution_requested">, now: number): void => {
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
    sql: { statements: 0, seconds: 0, waitSeconds: 0 },
    patterns: []
  })
}

export const fail = (step: LiveStep, payload: EventCatalog.Payload<"step.failed">, now: number): void => {
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

export const endAttempt = (step: LiveStep, state: AttemptRecord["state"], now: number): LiveAttempt | undefined => {
  const attempt = step.attempts.at(-1)
  if (attempt === undefined || attempt.endedAt !== undefined) return undefined
  attempt.state = state
  attempt.endedAt = now
  return attempt
}

export const settle = (step: LiveStep, state: StepRecord["state"], now: number): void => {
  step.state = state
  step.settledAt = now
  step.backoffUntil = undefined
  step.failedForGood = false
}

export const recordOf = ({ byName: _, createdNanos: __, runner: ___, seenAt: ____, ...run }: LiveRun): RunRecord => ({
  ...run,
  steps: run.steps.map((step) => ({
    ...step,
    attempts: step.attempts.map((attempt) => ({ ...attempt, sql: { ...attempt.sql }, patterns: [...attempt.patterns] }))
  }))
})
