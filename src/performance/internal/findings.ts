/**
 * What the runs of one version of a task have in common. The work is done in small pieces, so that it can be paused.
 */
import type * as TimeSlice from "../../internal/TimeSlice.ts"
import type { StepOnPath } from "../CriticalPath.ts"
import type * as ImpactScore from "../ImpactScore.ts"
import type { AttemptRecord, RunRecord, StepRecord } from "../RunRecord.ts"
import { type Distribution, distributionOf } from "./distribution.ts"
import type { AnalysedRun, RunGroup } from "./RunGroup.ts"

interface OfTask {
  readonly taskName: string
  readonly version: string
}

interface OfStep extends OfTask {
  readonly stepName: string
}

/** The durations of a task. Seconds; shares are of the sum of all makespans. */
export interface TaskFinding extends OfTask {
  /** Ended runs by how they ended. */
  readonly runs: { readonly complete: number; readonly failed: number; readonly cancelled: number }
  /** Durations of the completed runs. */
  readonly makespan: Distribution
  /** Where the makespan went, along the critical paths. */
  readonly shares: {
    readonly queue: number
    readonly work: number
    readonly retry: number
    readonly backoff: number
    readonly other: number
    /** A part of `work` and `retry`. */
    readonly sql: number
  }
  /** Steps that worked at the same time, on average, and with unlimited slots. */
  readonly parallelism: { readonly achieved: number; readonly possible: number }
  /** Share of the time in which the limit of concurrency held a step back. */
  readonly limitBoundShare: number
}

/** A step over the completed runs. Seconds. */
export interface StepFinding extends OfStep {
  readonly runs: number
  /** From the time at which it could start to its end, with all attempts. */
  readonly duration: Distribution
  /** Work of its last attempts. */
  readonly work: Distribution
  /** Share of the runs whose critical path it is on. */
  readonly criticalShare: number
  /** Time on critical paths, over all runs. */
  readonly criticalSeconds: number
  /** `criticalSeconds` as a share of the sum of all makespans. */
  readonly makespanShare: number
  /** Waiting for a slot, over all runs. */
  readonly queueSeconds: number
  readonly retriedRuns: number
  /** The highest score of the step by Tasker's formula, in any ended run; 0 if it was never a candidate. */
  readonly impact: { readonly score: number; readonly severity: ImpactScore.Severity }
}

/** Failures of the attempts of a step with one type of error. */
export interface ErrorPattern extends OfStep {
  readonly errorType: string
  /** Failed attempts. */
  readonly failures: number
  /** Runs with such a failure. */
  readonly runs: number
  /** Runs of these whose step completed after all. */
  readonly recoveredRuns: number
  /** `recoveredRuns` as a share of `runs`. */
  readonly recoveryShare: number
  /** Attempts that a time limit ended. */
  readonly timedOut: number
  /** Work of the failed attempts and the back-off after them, over all runs. */
  readonly lostSeconds: number
  /** The latest runs, at most five. */
  readonly runIds: ReadonlyArray<string>
}

/** A step that other steps waited for alone: everything else that they needed was done. */
export interface BlockingStep extends OfStep {
  /** The wait of all dependants, over all completed runs. */
  readonly blockedSeconds: number
  /** Names of the dependants. */
  readonly blocks: ReadonlyArray<string>
  /** Steps of failed runs that could not start because the step failed. */
  readonly neverStarted: number
}

/** The SQL of a step, over the completed runs. */
export interface QueryFinding extends OfStep {
  readonly statements: Distribution
  readonly secondsPerRun: number
  /** Time of the statements as a share of the work of all attempts; above 1 if statements run at the same time. */
  readonly shareOfWork: number
}

const average = (sum: number, count: number): number => count === 0 ? 0 : sum / count

const sumOf = <A>(list: ReadonlyArray<A>, of: (item: A) => number): number =>
  list.reduce((sum, item) => sum + of(item), 0)

export function* ofTask(group: RunGroup): TimeSlice.Work<ReadonlyArray<TaskFinding>> {
  const { completed, makespanSeconds, runs, taskName, version } = group
  if (completed.length === 0) return []
  const share = (of: (run: AnalysedRun) => number) => average(sumOf(completed, of), makespanSeconds)
  const weighted = (of: (run: AnalysedRun) => number) => share((run) => of(run) * run.path.makespanSeconds)
  const count = (state: RunRecord["state"]) => runs.filter((run) => run.state === state).length
  yield
  return [{
    taskName,
    version,
    runs: {
      complete: completed.length,
      failed: count("error") + count("resolved_manually"),
      cancelled: count("cancelled")
    },
    makespan: distributionOf(completed.map(({ path }) => path.makespanSeconds)),
    shares: {
      queue: share(({ path }) => path.spent.queueSeconds),
      work: share(({ path }) => path.spent.workSeconds),
      retry: share(({ path }) => path.spent.retrySeconds),
      backoff: share(({ path }) => path.spent.backoffSeconds),
      other: share(({ path }) => path.spent.otherSeconds),
      sql: share(({ path }) => path.spent.sqlSeconds)
    },
    parallelism: {
      achieved: weighted(({ path }) => path.parallelism.achieved),
      possible: weighted(({ path }) => path.parallelism.possible)
    },
    limitBoundShare: share(({ path }) => path.parallelism.limitBoundSeconds)
  }]
}

/** The time that a step takes of the critical path. */
export const criticalSecondsOf = (step: StepOnPath): number =>
  step.critical ? step.queueSeconds + step.workSeconds + step.retrySeconds + step.backoffSeconds : 0

export function* ofSteps(group: RunGroup): TimeSlice.Work<ReadonlyArray<StepFinding>> {
  const impacts = impactsOf(group)
  const found: Array<StepFinding> = []
  for (const [stepName, steps] of group.steps) {
    const criticalSeconds = sumOf(steps, criticalSecondsOf)
    found.push({
      taskName: group.taskName,
      version: group.version,
      stepName,
      runs: steps.length,
      duration: distributionOf(steps.map(({ readyAt, settledAt }) => settledAt - readyAt)),
      work: distributionOf(steps.map(({ workSeconds }) => workSeconds)),
      criticalShare: average(steps.filter(({ critical }) => critical).length, steps.length),
      criticalSeconds,
      makespanShare: average(criticalSeconds, group.makespanSeconds),
      queueSeconds: sumOf(steps, ({ queueSeconds }) => queueSeconds),
      retriedRuns: steps.filter(({ backoffSeconds, retrySeconds }) => retrySeconds + backoffSeconds > 0).length,
      impact: impacts.get(stepName) ?? { score: 0, severity: "low" }
    })
    yield
  }
  return found
}

const impactsOf = ({ impacts }: RunGroup): ReadonlyMap<string, StepFinding["impact"]> => {
  const highest = new Map<string, StepFinding["impact"]>()
  for (const ofRun of impacts) {
    for (const { score, severity, stepName } of ofRun) {
      if (score > (highest.get(stepName)?.score ?? 0)) highest.set(stepName, { score, severity })
    }
  }
  return highest
}

interface Failure {
  readonly run: RunRecord
  readonly step: StepRecord
  readonly attempt: AttemptRecord
}

function* failuresOf({ runs }: RunGroup): TimeSlice.Work<ReadonlyMap<string, ReadonlyArray<Failure>>> {
  const byPattern = new Map<string, Array<Failure>>()
  for (const run of runs) {
    for (const step of run.steps) {
      for (const attempt of step.attempts) {
        if (attempt.state !== "error") continue
        const key = JSON.stringify([step.name, attempt.errorType])
        const known = byPattern.get(key)
        if (known === undefined) byPattern.set(key, [{ run, step, attempt }])
        else known.push({ run, step, attempt })
      }
    }
    yield
  }
  return byPattern
}

/** Work of a failed attempt, and the wait until the next one. */
const lostBy = ({ attempt, step }: Failure): number => {
  const next = step.attempts[step.attempts.indexOf(attempt) + 1]
  return (next?.readyAt ?? attempt.endedAt ?? attempt.startedAt) - attempt.startedAt
}

export function* ofErrors(group: RunGroup): TimeSlice.Work<ReadonlyArray<ErrorPattern>> {
  const found: Array<ErrorPattern> = []
  for (const failures of (yield* failuresOf(group)).values()) {
    const { attempt, step } = failures[0] as Failure
    const runs = new Map(failures.map(({ run, step }) => [run.id, step.state]))
    const recoveredRuns = [...runs.values()].filter((state) => state === "complete").length
    found.push({
      taskName: group.taskName,
      version: group.version,
      stepName: step.name,
      errorType: attempt.errorType ?? "_OTHER",
      failures: failures.length,
      runs: runs.size,
      recoveredRuns,
      recoveryShare: recoveredRuns / runs.size,
      timedOut: failures.filter(({ attempt }) => attempt.timedOut !== undefined).length,
      lostSeconds: sumOf(failures, lostBy),
      runIds: [...runs.keys()].slice(-5).reverse()
    })
    yield
  }
  return found
}

export function* ofBlocking(group: RunGroup): TimeSlice.Work<ReadonlyArray<BlockingStep>> {
  const found = new Map<string, { seconds: number; never: number; readonly blocks: Set<string> }>()
  const of = (name: string) => {
    const known = found.get(name) ?? { seconds: 0, never: 0, blocks: new Set<string>() }
    found.set(name, known)
    return known
  }
  for (const { run } of group.completed) {
    for (const { name, on, seconds } of waitsOf(run)) {
      const blocking = of(on)
      blocking.seconds += seconds
      blocking.blocks.add(name)
    }
    yield
  }
  for (const ofRun of group.impacts) {
    for (const { blocked, stepName } of ofRun) if (blocked > 0) of(stepName).never += blocked
  }
  return Array.from(found, ([stepName, { blocks, never, seconds }]) => ({
    taskName: group.taskName,
    version: group.version,
    stepName,
    blockedSeconds: seconds,
    blocks: [...blocks],
    neverStarted: never
  }))
}

/** For each step, the dependency that ended last, and for how long the step waited for it alone. */
const waitsOf = (run: RunRecord) => {
  const ends = new Map(run.steps.map(({ name, settledAt }) => [name, settledAt ?? 0]))
  return run.steps.flatMap(({ dependsOn, name }) => {
    const sorted = dependsOn.toSorted((a, b) => (ends.get(b) ?? 0) - (ends.get(a) ?? 0))
    const [on, second] = sorted
    if (on === undefined) return []
    const before = second === undefined ? run.startedAt ?? 0 : ends.get(second) ?? 0
    return [{ name, on, seconds: Math.max(0, (ends.get(on) ?? 0) - before) }]
  })
}

export function* ofQueries(group: RunGroup): TimeSlice.Work<ReadonlyArray<QueryFinding>> {
  const found: Array<QueryFinding> = []
  for (const [stepName, steps] of group.steps) {
    yield
    if (steps.every(({ sql }) => sql.statements === 0)) continue
    const seconds = sumOf(steps, ({ sql }) => sql.seconds)
    const work = sumOf(steps, ({ retrySeconds, workSeconds }) => workSeconds + retrySeconds)
    found.push({
      taskName: group.taskName,
      version: group.version,
      stepName,
      statements: distributionOf(steps.map(({ sql }) => sql.statements)),
      secondsPerRun: average(seconds, steps.length),
      shareOfWork: average(seconds, work)
    })
  }
  return found
}
