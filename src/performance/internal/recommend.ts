/**
 * Recommendations for one version of a task, each with its evidence and its gain.
 */
import type * as TimeSlice from "../../internal/TimeSlice.ts"
import type { StepOnPath } from "../CriticalPath.ts"
import type { RunRecord } from "../RunRecord.ts"
import { distributionOf } from "./distribution.ts"
import { criticalSecondsOf } from "./findings.ts"
import * as QueryPatterns from "./queryPatterns.ts"
import type { AnalysedRun, RunGroup } from "./RunGroup.ts"
import * as WhatIfs from "./whatIfs.ts"

/** What to change, and what the change is worth. */
export interface Recommendation {
  /**
   * `faster_step`: halve the work of a step. `fewer_failures`: let a step succeed at its first attempt. `more_slots`:
   * double the limit of concurrency. `fewer_queries`: halve the time that a step spends in SQL. `one_query`: ask once in
   * place of many times. `fewer_rows`: halve the time of a statement that gives very many rows. `shorter_transactions`:
   * let no other step wait for a connection that a transaction holds.
   */
  readonly kind:
    | "faster_step"
    | "fewer_failures"
    | "more_slots"
    | "fewer_queries"
    | "one_query"
    | "fewer_rows"
    | "shorter_transactions"
  readonly taskName: string
  readonly version: string
  /** `undefined` if the recommendation is for the whole task. */
  readonly stepName: string | undefined
  /** By how much an average run gets shorter. */
  readonly gainSeconds: number
  /** `gainSeconds` as a share of the average makespan. */
  readonly gainShare: number
  /** `gainSeconds` times the number of completed runs. */
  readonly totalGainSeconds: number
  /** The recommendation in words, with its numbers. */
  readonly text: string
  readonly evidence: {
    /** Completed runs. */
    readonly runs: number
    /** Runs of these that were simulated. */
    readonly simulatedRuns: number
    /** What was measured, by its name; seconds, shares and counts. */
    readonly numbers: Readonly<Record<string, number>>
    /** Ids of the runs with the most to gain, at most five. */
    readonly runIds: ReadonlyArray<string>
  }
}

/** Steps that are looked at, by what they take of the critical path, and by their work. */
const mostCandidates = 10

/** Steps of all simulations together, which take about a second. */
const mostSimulatedSteps = 1_000_000

/** Patterns of SQL that are looked at, first those that cost most time. */
const mostPatterns = 10

export function* recommend(
  group: RunGroup,
  minimumGain: number,
  patterns: ReadonlyArray<QueryPatterns.QueryPatternFinding>
): TimeSlice.Work<ReadonlyArray<Recommendation>> {
  const candidates = yield* candidatesOf(group.steps)
  const costly = patterns.toSorted((a, b) => b.totalSeconds - a.totalSeconds).slice(0, mostPatterns)
  const runs = evenlyChosen(group, 2 * (candidates.length + costly.length) + 2)
  const context: Context = { group, runs, ...(yield* makespansOf(group)) }
  const found: Array<Recommendation> = []
  for (const stepName of candidates) found.push(...(yield* ofStep(context, stepName, group.steps.get(stepName) ?? [])))
  found.push(...(yield* ofSlots(context)))
  for (const pattern of costly) found.push(...(yield* ofPattern(context, pattern)))
  return found.filter(({ gainSeconds, gainShare }) => gainSeconds > 0 && gainShare >= minimumGain)
}

function* makespansOf({ completed, makespanSeconds }: RunGroup): TimeSlice.Work<Pick<Context, "mean" | "median">> {
  const { p50 } = distributionOf(completed.map(({ path }) => path.makespanSeconds))
  yield
  return { mean: makespanSeconds / Math.max(1, completed.length), median: p50 }
}

interface Context {
  readonly group: RunGroup
  readonly runs: ReadonlyArray<AnalysedRun>
  /** Of the makespans of the completed runs, in seconds. */
  readonly mean: number
  readonly median: number
}

function* candidatesOf(
  steps: ReadonlyMap<string, ReadonlyArray<StepOnPath>>
): TimeSlice.Work<ReadonlyArray<string>> {
  const sums: Array<{ readonly name: string; readonly critical: number; readonly work: number }> = []
  for (const [name, all] of steps) {
    let critical = 0
    let work = 0
    for (const step of all) {
      critical += criticalSecondsOf(step)
      work += step.workSeconds
    }
    sums.push({ name, critical, work })
    yield
  }
  const highest = (by: "critical" | "work") =>
    sums.filter((sum) => sum[by] > 0).toSorted((a, b) => b[by] - a[by]).slice(0, mostCandidates).map(({ name }) => name)
  return [...new Set([...highest("critical"), ...highest("work")])]
}

/** All completed runs, or every n-th if the simulations would take too long. */
const evenlyChosen = ({ completed }: RunGroup, simulations: number): ReadonlyArray<AnalysedRun> => {
  const steps = completed.reduce((sum, { run }) => sum + run.steps.length, 0)
  const stride = Math.max(1, Math.ceil(steps * simulations / mostSimulatedSteps))
  return completed.filter((_, index) => index % stride === 0)
}

function* ofStep(
  context: Context,
  stepName: string,
  steps: ReadonlyArray<StepOnPath>
): TimeSlice.Work<ReadonlyArray<Recommendation>> {
  const { group } = context
  const half = yield* gainsOf(context, (run) => gainOf(run, stepName, "half"))
  const work = distributionOf(steps.map(({ workSeconds }) => workSeconds))
  const criticalRuns = steps.filter(({ critical }) => critical).length
  const share = (count: number) => steps.length === 0 ? 0 : count / steps.length
  const queries = sqlShareOf(steps)
  const retried = steps.filter(({ backoffSeconds, retrySeconds }) => retrySeconds + backoffSeconds > 0)
  const named = `step "${stepName}" of ${group.taskName} ${group.version}`
  const found = [
    make(context, "faster_step", stepName, half, {
      criticalShare: share(criticalRuns),
      workP50: work.p50,
      workP95: work.p95
    }, (gain) =>
      `Make ${named} faster: at half its work a run takes ${gain}. It is on the critical path of ` +
      `${percent(share(criticalRuns))} of ${runsOf(steps.length)} and works for ${seconds(work.p50)} (p95 ${
        seconds(work.p95)
      }).`)
  ]
  if (retried.length > 0) {
    const once = yield* gainsOf(context, (run) => gainOf(run, stepName, "once"))
    const backoff = retried.reduce((sum, { backoffSeconds }) => sum + backoffSeconds, 0) / retried.length
    found.push(make(context, "fewer_failures", stepName, once, {
      retriedShare: share(retried.length),
      backoffSeconds: backoff
    }, (gain) =>
      `Let ${named} succeed at its first attempt: a run then takes ${gain}. It was tried again in ` +
      `${percent(share(retried.length))} of ${runsOf(steps.length)}, with ${seconds(backoff)} of back-off each.`))
  }
  if (queries > 0) {
    const gains = half.map(({ gain, run }) => ({ run, gain: gain * Math.min(1, queries) }))
    const statements = distributionOf(steps.map(({ sql }) => sql.statements))
    found.push(make(
      context,
      "fewer_queries",
      stepName,
      gains,
      {
        sqlShareOfWork: queries,
        statementsP50: statements.p50,
        statementsP95: statements.p95
      },
      (gain) =>
        `Halve the time that ${named} spends in SQL: a run then takes ${gain}. SQL is ${
          percent(queries)
        } of its work, ` +
        `with ${statements.p50} statements in a run (p95 ${statements.p95}).`
    ))
  }
  return found
}

function* ofSlots(context: Context): TimeSlice.Work<ReadonlyArray<Recommendation>> {
  const { group, runs } = context
  const bound = runs.reduce((sum, { path }) => sum + path.parallelism.limitBoundSeconds, 0)
  if (bound === 0) return []
  const gains = yield* gainsOf(context, (run) => WhatIfs.gainOfSlots(run, 2 * run.concurrency))
  const makespans = runs.reduce((sum, { path }) => sum + path.makespanSeconds, 0)
  const share = makespans === 0 ? 0 : bound / makespans
  const concurrency = runs.reduce((most, { run }) => Math.max(most, run.concurrency), 0)
  return [
    make(
      context,
      "more_slots",
      undefined,
      gains,
      { limitBoundShare: share, concurrency },
      (gain) =>
        `Let more steps of ${group.taskName} ${group.version} run at the same time: with twice as many slots as ` +
        `${concurrency} a run takes ${gain}. Steps wait for a slot during ${percent(share)} of the time.`
    )
  ]
}

/** An idle transaction costs its own run nothing. It is a finding, and a recommendation only if others wait for it. */
function* ofPattern(
  context: Context,
  pattern: QueryPatterns.QueryPatternFinding
): TimeSlice.Work<ReadonlyArray<Recommendation>> {
  const { group } = context
  const { count, kind, runs, stepName, summary, totalSeconds } = pattern
  const named = `step "${stepName}" of ${group.taskName} ${group.version}`
  const share = runs / group.runs.length
  const numbers = {
    patternShare: share,
    patternRuns: runs,
    countP50: count.p50,
    countP95: count.p95,
    totalSeconds
  }
  const made = function*(
    kind: Recommendation["kind"],
    lessOf: Parameters<typeof WhatIfs.gainOfLessWork>[1],
    text: (gain: string) => string
  ): TimeSlice.Work<ReadonlyArray<Recommendation>> {
    const gains = yield* gainsOf(context, (run) => WhatIfs.gainOfLessWork(run, lessOf))
    return [make(context, kind, stepName, gains, numbers, text)]
  }
  switch (kind) {
    case "repeated_query":
      return yield* made(
        "one_query",
        QueryPatterns.savedBy(pattern),
        (gain) =>
          `Let ${named} ask once in place of ${count.p50} times ("${summary}"): a run then takes ${gain}. It asks ` +
          `${count.p50} times (p95 ${count.p95}) in ${percent(share)} of ${runsOf(group.runs.length)}.`
      )
    case "many_rows":
      return yield* made(
        "fewer_rows",
        QueryPatterns.savedBy(pattern),
        (gain) =>
          `Let ${named} read fewer rows ("${summary}"): at half the time of the statement a run takes ${gain}. It reads ` +
          `${count.p50} rows (p95 ${count.p95}) in ${percent(share)} of ${runsOf(group.runs.length)}.`
      )
    case "blocking_transaction":
      return yield* made(
        "shorter_transactions",
        yield* QueryPatterns.waitsFor(group, stepName),
        (gain) =>
          `Make the transactions of ${named} shorter: if no other step waits for their connection, a run takes ${gain}. ` +
          `Others wait for them in ${percent(share)} of ${runsOf(group.runs.length)}, ${
            seconds(totalSeconds)
          } together.`
      )
    case "idle_in_transaction":
      return []
  }
}

function* gainOf(run: RunRecord, stepName: string, change: WhatIfs.Change): TimeSlice.Work<number> {
  return (yield* WhatIfs.ofSteps(run, [{ stepName, change }]))[0]?.gainSeconds ?? 0
}

interface Gain {
  readonly run: AnalysedRun
  readonly gain: number
}

function* gainsOf(
  { runs }: Context,
  of: (run: RunRecord) => TimeSlice.Work<number>
): TimeSlice.Work<ReadonlyArray<Gain>> {
  const gains: Array<Gain> = []
  for (const run of runs) {
    gains.push({ run, gain: yield* of(run.run) })
    yield
  }
  return gains
}

/** Time in SQL as a share of the work of all attempts. */
const sqlShareOf = (steps: ReadonlyArray<StepOnPath>): number => {
  const work = steps.reduce((sum, { retrySeconds, workSeconds }) => sum + workSeconds + retrySeconds, 0)
  return work === 0 ? 0 : steps.reduce((sum, { sql }) => sum + sql.seconds, 0) / work
}

const make = (
  { group, mean, median, runs }: Context,
  kind: Recommendation["kind"],
  stepName: string | undefined,
  gains: ReadonlyArray<Gain>,
  numbers: Readonly<Record<string, number>>,
  text: (gain: string) => string
): Recommendation => {
  const gainSeconds = gains.reduce((sum, { gain }) => sum + gain, 0) / Math.max(1, gains.length)
  const gainShare = mean === 0 ? 0 : gainSeconds / mean
  return {
    kind,
    taskName: group.taskName,
    version: group.version,
    stepName,
    gainSeconds,
    gainShare,
    totalGainSeconds: gainSeconds * group.completed.length,
    text: text(`${seconds(gainSeconds)} less (${percent(gainShare)})`),
    evidence: {
      runs: group.completed.length,
      simulatedRuns: runs.length,
      numbers: { ...numbers, makespanP50: median, makespanMean: mean },
      runIds: gains.toSorted((a, b) => b.gain - a.gain).slice(0, 5).map(({ run }) => run.run.id)
    }
  }
}

const runsOf = (count: number): string => `${count} run${count === 1 ? "" : "s"}`

const percent = (share: number): string => `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`

const seconds = (value: number): string =>
  value < 1 ? `${Number((value * 1000).toPrecision(3))} ms` : `${Number(value.toPrecision(3))} s`
