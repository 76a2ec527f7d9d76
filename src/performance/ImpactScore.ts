/**
 * The scores that Tasker gave to steps of a run: how much a step that failed,
 * retried or waits holds up. Pure.
 *
 * **Details**
 *
 * The formulas and weights are Tasker's. They count steps, not time.
 * `Bottlenecks` measures time; its gains say what a change is worth.
 *
 * @see Bottlenecks
 * @since 0.1.0
 */
import * as TimeSlice from "../internal/TimeSlice.ts"
import * as CriticalPath from "./CriticalPath.ts"
import type { RunRecord, StepRecord } from "./RunRecord.ts"

/**
 * The weights of the formulas.
 *
 * @category models
 * @since 0.1.0
 */
export interface Weights {
  /** For each step that depends on the step, directly or not. */
  readonly downstream: number
  /** For each of these that could not start. */
  readonly blocked: number
  /** Factor of a step in `error`. */
  readonly errorState: number
  /** Added to `errorState` if the step failed as often as it may. */
  readonly exhaustedBonus: number
  /** Factor of a step whose dependencies are not satisfied. */
  readonly dependencyIssue: number
  /** For each attempt. */
  readonly retryInstability: number
  /** If the step will not be tried again. */
  readonly nonRetryable: number
  /** If the step failed as often as it may. */
  readonly exhaustedRetry: number
  /** Scores from which on a step has the severity. */
  readonly thresholds: { readonly critical: number; readonly high: number; readonly medium: number }
}

/**
 * Tasker's weights.
 *
 * @category constants
 * @since 0.1.0
 */
export const defaults: Weights = {
  downstream: 5,
  blocked: 15,
  errorState: 2,
  exhaustedBonus: 0.5,
  dependencyIssue: 1.2,
  retryInstability: 3,
  nonRetryable: 10,
  exhaustedRetry: 20,
  thresholds: { critical: 100, high: 50, medium: 20 }
}

/**
 * How bad a score is.
 *
 * @category models
 * @since 0.1.0
 */
export type Severity = "critical" | "high" | "medium" | "low"

/**
 * The score of a step.
 *
 * @category models
 * @since 0.1.0
 */
export interface StepImpact {
  readonly stepName: string
  readonly score: number
  readonly severity: Severity
  /** Number of steps that depend on it, directly or not. */
  readonly downstream: number
  /** Number of these that could not start. */
  readonly blocked: number
}

/**
 * The summary of a run.
 *
 * @category models
 * @since 0.1.0
 */
export interface Summary {
  readonly totalSteps: number
  readonly totalDependencies: number
  /** Number of levels of the graph, which is the number of steps of its longest chain. */
  readonly dependencyLevels: number
  /** Number of steps with the severity `critical`. */
  readonly criticalBottlenecks: number
  /** Number of steps in `error` that keep others from starting. */
  readonly errorChains: number
  /** Achieved parallelism as a share of the possible one, 0 to 1. */
  readonly parallelismEfficiency: number
  readonly overallImpact: "severe" | "high" | "medium" | "low" | "none"
  readonly overallHealth: "critical" | "warning" | "healthy"
}

/**
 * Gives the scores of the steps that may hold up the run, the highest first.
 *
 * **Details**
 *
 * If steps are in `error`, these are scored. Otherwise the steps are scored that
 * wait for dependencies, or needed more than one attempt.
 *
 * @param weights weights that differ from Tasker's, none by default
 * @category computations
 * @since 0.1.0
 */
export const scores = (run: RunRecord, weights: Partial<Weights> = {}): ReadonlyArray<StepImpact> =>
  TimeSlice.runNow(work(run, weights))

/**
 * {@link scores} in pieces of work.
 *
 * @internal
 */
export function* work(
  run: RunRecord,
  weights: Partial<Weights> = {}
): TimeSlice.Work<ReadonlyArray<StepImpact>> {
  const all = { ...defaults, ...weights }
  const byName = new Map(run.steps.map((step) => [step.name, step]))
  const failed = run.steps.filter(({ state }) => state === "error")
  const candidates = failed.length > 0
    ? failed
    : run.steps.filter((step) => isWaiting(step) || step.attempts.length > 1)
  const dependants = dependantsOf(run.steps)
  const found: Array<StepImpact> = []
  for (const step of candidates) {
    const below = downstreamOf(step.name, dependants)
    const blocked = below.filter((name) => isBlocked(byName.get(name))).length
    const isError = step.state === "error"
    const factor = isError
      ? all.errorState + (step.exhausted ? all.exhaustedBonus : 0)
      : isWaiting(step)
      ? all.dependencyIssue
      : 1
    const penalty = step.attempts.length * all.retryInstability + (step.failedForGood ? all.nonRetryable : 0) +
      (step.exhausted ? all.exhaustedRetry : 0)
    const score = Math.round((below.length * all.downstream + blocked * all.blocked) * factor + penalty)
    found.push({
      stepName: step.name,
      score,
      severity: severityOf(score, all.thresholds),
      downstream: below.length,
      blocked
    })
    yield
  }
  return found.sort((a, b) => b.score - a.score)
}

/**
 * Summarises a run.
 *
 * @param weights weights that differ from Tasker's, none by default
 * @category computations
 * @since 0.1.0
 */
export const summarize = (run: RunRecord, weights: Partial<Weights> = {}): Summary => {
  const impacts = scores(run, weights)
  const count = (severity: Severity) => impacts.filter((impact) => impact.severity === severity).length
  const failed = run.steps.filter(({ state }) => state === "error")
  const errorChains =
    impacts.filter(({ blocked, stepName }) => blocked > 0 && failed.some(({ name }) => name === stepName)).length
  const [critical, high, medium] = [count("critical"), count("high"), count("medium")]
  const { achieved, possible } = CriticalPath.analyze(run).parallelism
  return {
    totalSteps: run.steps.length,
    totalDependencies: run.steps.reduce((sum, { dependsOn }) => sum + dependsOn.length, 0),
    dependencyLevels: levelsOf(run.steps),
    criticalBottlenecks: critical,
    errorChains,
    parallelismEfficiency: possible > 0 ? Math.min(1, achieved / possible) : 0,
    overallImpact: impacts.length === 0
      ? "none"
      : critical >= 3 || failed.length > run.steps.length / 2
      ? "severe"
      : critical >= 1 || high >= 3
      ? "high"
      : high >= 1 || medium + high >= 5
      ? "medium"
      : "low",
    overallHealth: critical > 0 ? "critical" : failed.length > 0 || errorChains > 0 ? "warning" : "healthy"
  }
}

const severityOf = (score: number, thresholds: Weights["thresholds"]): Severity =>
  score >= thresholds.critical
    ? "critical"
    : score >= thresholds.high
    ? "high"
    : score >= thresholds.medium
    ? "medium"
    : "low"

const isWaiting = ({ readyAt, state }: StepRecord): boolean => state === "pending" && readyAt === undefined

/** It had no attempt, and its dependencies are the reason. */
const isBlocked = (step: StepRecord | undefined): boolean =>
  step !== undefined && step.attempts.length === 0 && step.readyAt === undefined &&
  (step.state === "pending" || step.state === "cancelled")

type Dependants = ReadonlyMap<string, ReadonlyArray<string>>

const dependantsOf = (steps: ReadonlyArray<StepRecord>): Dependants => {
  const dependants = new Map<string, Array<string>>(steps.map(({ name }) => [name, []]))
  for (const { dependsOn, name } of steps) for (const needed of dependsOn) dependants.get(needed)?.push(name)
  return dependants
}

const downstreamOf = (name: string, dependants: Dependants): ReadonlyArray<string> => {
  const found = new Set<string>()
  const open = [name]
  for (const next of open) {
    for (const dependant of dependants.get(next) ?? []) {
      if (found.has(dependant)) continue
      found.add(dependant)
      open.push(dependant)
    }
  }
  return [...found]
}

const levelsOf = (steps: ReadonlyArray<StepRecord>): number => {
  const dependants = dependantsOf(steps)
  const missing = new Map(steps.map(({ dependsOn, name }) => [name, dependsOn.length]))
  let level = steps.filter(({ dependsOn }) => dependsOn.length === 0).map(({ name }) => name)
  let levels = 0
  while (level.length > 0) {
    levels++
    level = level.flatMap((name) => dependants.get(name) ?? []).filter((dependant) => {
      const left = (missing.get(dependant) as number) - 1
      missing.set(dependant, left)
      return left === 0
    })
  }
  return levels
}
