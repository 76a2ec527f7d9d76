/**
 * Finds over many runs where time is lost, and says what a change is worth. Pure.
 *
 * **Details**
 *
 * Runs are grouped by task and version. Percentiles are values of real runs.
 * Gains come from the simulation of `CriticalPath`, with one step changed at a
 * time, as the average over the completed runs. A group with fewer completed
 * runs than `minimumRuns` gets no recommendation; the report says how many are
 * missing.
 *
 * @see CriticalPath for one run
 * @since 0.1.0
 */
import * as TimeSlice from "../internal/TimeSlice.ts"
import type * as ImpactScore from "./ImpactScore.ts"
import { type Distribution, distributionOf } from "./internal/distribution.ts"
import * as findings from "./internal/findings.ts"
import * as QueryPatterns from "./internal/queryPatterns.ts"
import { recommend, type Recommendation } from "./internal/recommend.ts"
import * as RunGroup from "./internal/RunGroup.ts"
import type { RunRecord } from "./RunRecord.ts"

export type { Distribution } from "./internal/distribution.ts"
export type { BlockingStep, ErrorPattern, QueryFinding, StepFinding, TaskFinding } from "./internal/findings.ts"
export type { QueryPatternFinding } from "./internal/queryPatterns.ts"
export type { Recommendation } from "./internal/recommend.ts"

/**
 * Options of the analysis.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** Name of the only task to look at. The default is all tasks. */
  readonly task?: string | undefined
  /** The only version to look at. The default is all versions, each on its own. */
  readonly version?: string | undefined
  /** Runs that were created earlier are left out; epoch milliseconds of the wall clock. */
  readonly since?: number | undefined
  /** Number of completed runs of a task and version that a recommendation needs, 20 by default. */
  readonly minimumRuns?: number | undefined
  /** Smallest gain that is recommended, as a share of the average makespan, 0.01 by default. */
  readonly minimumGain?: number | undefined
  /** The longest list of each kind, 10 by default. */
  readonly most?: number | undefined
  /** Weights of the scores of `ImpactScore` that differ from Tasker's, none by default. */
  readonly weights?: Partial<ImpactScore.Weights> | undefined
}

/**
 * The report.
 *
 * @category models
 * @since 0.1.0
 */
export interface Report {
  /** Number of ended runs that were looked at. */
  readonly runs: number
  /** When the first and the last of them were created, in epoch milliseconds; `undefined` without runs. */
  readonly from: number | undefined
  readonly until: number | undefined
  /** The tasks, the slowest first by p95. */
  readonly tasks: ReadonlyArray<findings.TaskFinding>
  /** The steps, first those that decide most of the makespan. */
  readonly steps: ReadonlyArray<findings.StepFinding>
  /** Failures of attempts by step and type, first those that cost most time. */
  readonly errors: ReadonlyArray<findings.ErrorPattern>
  /** The steps that others waited for although all else was done, the longest wait first. */
  readonly blocking: ReadonlyArray<findings.BlockingStep>
  /** Steps that use SQL, first those that take the longest for it. */
  readonly queries: ReadonlyArray<findings.QueryFinding>
  /** Patterns of SQL that cost more than they need to, first those that cost most time. They come from `SqlMonitor`. */
  readonly patterns: ReadonlyArray<QueryPatterns.QueryPatternFinding>
  /** What to change, the largest gain over all runs first. */
  readonly recommendations: ReadonlyArray<Recommendation>
  /** Tasks and versions without a recommendation, because too few runs have completed. */
  readonly insufficient: ReadonlyArray<Insufficient>
}

/**
 * A task and version with too few runs.
 *
 * @category models
 * @since 0.1.0
 */
export interface Insufficient {
  readonly taskName: string
  readonly version: string
  readonly runs: number
  readonly needed: number
  /** `not enough runs: 3 of 20`. */
  readonly text: string
}

/**
 * Analyses runs, without a pause until the end. `RunAnalysis` lets others have
 * their turn in between.
 *
 * **Details**
 *
 * Cancelled runs count for errors alone, failed runs for errors and blocked steps.
 * If the runs are many and large, gains are averages over evenly chosen runs; the
 * evidence says how many.
 *
 * **Example** (The best recommendation)
 *
 * ```ts
 * import * as Effect from "effect/Effect"
 * import { Bottlenecks, RunRecords } from "tasker-telemetry"
 *
 * const best = Effect.gen(function*() {
 *   const { ended } = yield* RunRecords.RunRecords
 *   return Bottlenecks.analyze(yield* ended, { task: "process_order" }).recommendations[0]?.text
 * })
 * ```
 *
 * @param runs runs that have not ended are left out
 * @category computations
 * @since 0.1.0
 */
export const analyze = (runs: ReadonlyArray<RunRecord>, options: Options = {}): Report =>
  TimeSlice.runNow(work(runs, options))

/**
 * {@link analyze} in pieces of work.
 *
 * @internal
 */
export function* work(runs: ReadonlyArray<RunRecord>, options: Options = {}): TimeSlice.Work<Report> {
  const { minimumGain = 0.01, minimumRuns = 20, most = 10 } = options
  const chosen = runs.filter(isChosen(options)).filter(({ endedAt }) => endedAt !== undefined)
  yield
  const groups = yield* RunGroup.groupRuns(chosen, options.weights)
  const patterns = new Map<RunGroup.RunGroup, ReadonlyArray<QueryPatterns.QueryPatternFinding>>()
  for (const group of groups) patterns.set(group, yield* QueryPatterns.ofPatterns(group))
  const isEnough = ({ completed }: RunGroup.RunGroup) => completed.length >= minimumRuns
  const recommendations: Array<Recommendation> = []
  for (const group of groups.filter(isEnough)) {
    recommendations.push(...(yield* recommend(group, minimumGain, patterns.get(group) ?? [])))
  }
  const all = function*<A>(
    of: (group: RunGroup.RunGroup) => TimeSlice.Work<ReadonlyArray<A>>,
    by: (finding: A) => number
  ): TimeSlice.Work<ReadonlyArray<A>> {
    const found: Array<A> = []
    for (const group of groups) found.push(...(yield* of(group)))
    return highest(found, by, most)
  }
  return {
    runs: chosen.length,
    from: chosen.reduce<number | undefined>((a, { createdAt: b }) => a === undefined ? b : Math.min(a, b), undefined),
    until: chosen.reduce<number | undefined>((a, { createdAt: b }) => a === undefined ? b : Math.max(a, b), undefined),
    tasks: yield* all(findings.ofTask, ({ makespan }) => makespan.p95),
    steps: yield* all(findings.ofSteps, ({ criticalSeconds }) => criticalSeconds),
    errors: yield* all(findings.ofErrors, ({ lostSeconds }) => lostSeconds),
    blocking: yield* all(findings.ofBlocking, ({ blockedSeconds }) => blockedSeconds),
    queries: yield* all(findings.ofQueries, ({ secondsPerRun }) => secondsPerRun),
    patterns: highest([...patterns.values()].flat(), ({ totalSeconds }) => totalSeconds, most),
    recommendations: highest(recommendations, ({ totalGainSeconds }) => totalGainSeconds, most),
    insufficient: groups.filter((group) => !isEnough(group)).map(({ completed, taskName, version }) => ({
      taskName,
      version,
      runs: completed.length,
      needed: minimumRuns,
      text: `not enough runs: ${completed.length} of ${minimumRuns}`
    }))
  }
}

/**
 * Whether an analysis looks at a run.
 *
 * @internal
 */
export const isChosen =
  ({ since, task, version }: Pick<Options, "task" | "version" | "since">) => (run: RunRecord): boolean =>
    (task === undefined || run.taskName === task) && (version === undefined || run.version === version) &&
    (since === undefined || run.createdAt >= since)

const highest = <A>(found: ReadonlyArray<A>, by: (finding: A) => number, most: number): ReadonlyArray<A> =>
  found.toSorted((a, b) => by(b) - by(a)).slice(0, most)

/**
 * Gives the distribution of values, such as the durations of runs.
 *
 * **Details**
 *
 * A percentile is the smallest value that the given share of the values does not
 * exceed. No value is interpolated. For no values, all numbers are 0.
 *
 * @category computations
 * @since 0.1.0
 */
export const distribution = (values: ReadonlyArray<number>): Distribution => distributionOf(values)
