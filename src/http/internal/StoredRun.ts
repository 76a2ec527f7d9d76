/**
 * Reads the record that a task store keeps of a run as a record of the analysis, for runs of other processes and of
 * processes that have ended.
 */
import type { AttemptRecord, RunRecord, StepRecord } from "../../performance/RunRecord.ts"
import type { Surroundings } from "../../performance/Why.ts"
import type * as TaskStore from "../../workflow/TaskStore.ts"

/** A store may keep which process ran the run, and how many steps ran at the same time. */
interface Stored extends TaskStore.TaskSnapshot {
  readonly instance?: string
  readonly concurrency?: number
}

/**
 * The record, as far as the store knows it: of each step the last attempt alone, and instants by the wall clock.
 */
export const recordOf = (stored: Stored): RunRecord => {
  const at = (millis: number) => Math.max(0, (millis - stored.createdAt) / 1000)
  const atIf = (millis: number | undefined) => millis === undefined ? undefined : at(millis)
  // Before its start, nothing is due of a run that waits for it.
  const start = stored.startedAt === undefined ? stored.scheduledFor ?? 0 : 0
  const instants = [stored, ...stored.steps].flatMap(({ endedAt = 0, startedAt = 0 }) => [endedAt, startedAt])
  const ends = new Map(
    stored.steps.flatMap(({ endedAt, name, state }) =>
      state === "complete" || state === "resolved_manually" ? [[name, atIf(endedAt) ?? 0]] : []
    )
  )
  const readyAt = ({ dependsOn, startedAt }: TaskStore.StepRecord): number | undefined => {
    if (startedAt !== undefined) return at(startedAt)
    if (stored.startedAt === undefined || !dependsOn.every((name) => ends.has(name))) return undefined
    return dependsOn.reduce((latest, name) => Math.max(latest, ends.get(name) ?? 0), at(stored.startedAt))
  }
  const stepOf = (step: TaskStore.StepRecord): StepRecord => ({
    id: step.id,
    name: step.name,
    dependsOn: step.dependsOn,
    state: step.state,
    skipped: step.state === "complete" && step.attempts === 0,
    failedForGood: step.state === "error" && step.nextAttemptAt === undefined,
    exhausted: step.state === "error" && step.attempts >= step.maximumAttempts,
    readyAt: readyAt(step),
    settledAt: step.state === "pending" || step.state === "in_progress" || step.nextAttemptAt !== undefined
      ? undefined
      : atIf(step.endedAt),
    backoffUntil: step.state === "error" ? atIf(step.nextAttemptAt) : undefined,
    attempts: step.startedAt === undefined || step.attempts === 0 ? [] : [attemptOf(step, at(step.startedAt))]
  })
  const attemptOf = (step: TaskStore.StepRecord, startedAt: number): AttemptRecord => ({
    number: step.attempts,
    readyAt: startedAt,
    startedAt,
    endedAt: step.state === "in_progress" ? undefined : atIf(step.endedAt) ?? startedAt,
    state: step.state === "in_progress" || step.state === "complete" || step.state === "cancelled"
      ? step.state
      : "error",
    errorType: step.error?.type,
    timedOut: undefined,
    sql: { statements: 0, seconds: 0, waitSeconds: 0 },
    patterns: []
  })
  return {
    id: stored.id,
    taskName: stored.name,
    namespace: stored.namespace,
    version: stored.version,
    correlationId: stored.correlationId,
    traceId: undefined,
    instance: stored.instance,
    tags: stored.tags ?? {},
    state: stored.state,
    errorType: stored.error?.type,
    createdAt: stored.createdAt,
    startedAt: atIf(stored.startedAt),
    endedAt: stored.durationSeconds ?? atIf(stored.endedAt),
    changedAt: [start, ...instants].reduce((latest, millis) => Math.max(latest, at(millis)), 0),
    // Without a known limit no step waits for a slot.
    concurrency: stored.concurrency ?? Math.max(1, stored.steps.length),
    steps: stored.steps.map(stepOf)
  }
}

/**
 * What is known beside the record: its age, whether another process runs it, and whether that process lives. A run that
 * waits for its start has no record of this process, also if it waits here.
 */
export const surroundingsOf = (
  run: RunRecord,
  nowMillis: number,
  elsewhere: boolean,
  runner?: TaskStore.RunnerSigns
): Surroundings => {
  const now = Math.max(0, (nowMillis - run.createdAt) / 1000)
  return {
    now,
    elsewhere: elsewhere && run.changedAt <= now,
    ...(runner === undefined || !elsewhere ? {} : {
      instance: runner.instance,
      silentSeconds: runner.silentSeconds,
      deadAfterSeconds: runner.deadAfterSeconds,
      runnerEnded: runner.hasEnded
    })
  }
}
