/**
 * What a run would have taken with a change, by a simulation of the scheduler with the durations of the run. The work is
 * done in small pieces, so that it can be paused.
 */
import type * as TimeSlice from "../../internal/TimeSlice.ts"
import { type AttemptRecord, type RunRecord, type StepRecord, timesOf } from "../RunRecord.ts"
import { type SimulatedStep, simulation } from "./simulateRun.ts"

/**
 * What may be different about a step. `half` halves the work of each attempt.
 * `once` leaves out every attempt but the last one, and the back-off.
 *
 * @category models
 * @since 0.1.0
 */
export type Change = "half" | "once"

/**
 * The run with one step changed.
 *
 * @category models
 * @since 0.1.0
 */
export interface WhatIf {
  readonly stepName: string
  readonly change: Change
  readonly makespanSeconds: number
  /** By how much the run would have been shorter. */
  readonly gainSeconds: number
}

export function* ofSteps(
  run: RunRecord,
  changes: ReadonlyArray<{ readonly stepName: string; readonly change: Change }>
): TimeSlice.Work<ReadonlyArray<WhatIf>> {
  const actual = run.endedAt ?? run.changedAt
  const steps = simulated(run)
  const base = (yield* simulation(steps, run.concurrency)).makespan
  const indexOf = new Map(run.steps.map(({ name }, index) => [name, index]))
  const found: Array<WhatIf> = []
  for (const { change, stepName } of changes) {
    const index = indexOf.get(stepName)
    const before = index === undefined ? undefined : steps[index]
    const changed = before === undefined ? undefined : changedStep(before, change)
    const gainSeconds = index === undefined || changed === undefined || changed === before
      ? 0
      : base - (yield* simulation(steps.with(index, changed), run.concurrency)).makespan
    found.push({ stepName, change, makespanSeconds: Math.max(0, actual - gainSeconds), gainSeconds })
  }
  return found
}

export function* gainOfSlots(run: RunRecord, concurrency: number): TimeSlice.Work<number> {
  const steps = simulated(run)
  const base = (yield* simulation(steps, run.concurrency)).makespan
  return base - (yield* simulation(steps, concurrency)).makespan
}

export function* gainOfLessWork(
  run: RunRecord,
  lessOf: (step: StepRecord, attempt: AttemptRecord) => number
): TimeSlice.Work<number> {
  const steps = simulated(run)
  const changed = steps.map((step, index): SimulatedStep => {
    const record = run.steps[index] as StepRecord
    if (record.attempts.length === 0) return step
    const work = step.work.map((seconds, at) =>
      Math.max(0, seconds - Math.max(0, lessOf(record, record.attempts[at] as AttemptRecord)))
    )
    return { ...step, work }
  })
  const base = (yield* simulation(steps, run.concurrency)).makespan
  return base - (yield* simulation(changed, run.concurrency)).makespan
}

/** The steps of a run as the simulation takes them. */
export const simulated = (run: RunRecord): ReadonlyArray<SimulatedStep> => {
  const indexOf = new Map(run.steps.map(({ name }, index) => [name, index]))
  const until = run.endedAt ?? run.changedAt
  return run.steps.map((step) => {
    const dependsOn = step.dependsOn.flatMap((name) => indexOf.get(name) ?? [])
    const satisfies = step.state === "complete" || step.state === "resolved_manually"
    const settledAt = step.settledAt ?? until
    const before = step.attempts.slice(0, -1)
    const last = step.attempts.at(-1)
    const startsNever = last === undefined && !step.skipped
    if (startsNever) {
      // The step held nothing up, unless a person resolved it while the run went on.
      return { dependsOn, work: [0], backoff: [], after: 0, satisfies, endsAt: satisfies ? step.settledAt ?? 0 : 0 }
    }
    return {
      dependsOn,
      work: last === undefined
        ? [timesOf(step).workSeconds]
        : step.attempts.map(({ endedAt = until, startedAt }) => endedAt - startedAt),
      backoff: before.map(({ endedAt = until }, index) =>
        Math.max(0, (step.attempts[index + 1]?.readyAt ?? endedAt) - endedAt)
      ),
      after: step.state === "resolved_manually" && last !== undefined
        ? Math.max(0, settledAt - (last.endedAt ?? settledAt))
        : 0,
      satisfies,
      endsAt: undefined
    }
  })
}

const changedStep = (step: SimulatedStep, change: Change): SimulatedStep => {
  if (step.endsAt !== undefined) return step
  switch (change) {
    case "half":
      return { ...step, work: step.work.map((seconds) => seconds / 2) }
    case "once":
      return step.work.length === 1 ? step : { ...step, work: step.work.slice(-1), backoff: [] }
  }
}
