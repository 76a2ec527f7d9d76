/**
 * Analyses runs and shows the results as the analytics routes answer them.
 */
import * as Bottlenecks from "../../performance/Bottlenecks.ts"
import * as Compare from "../../performance/Compare.ts"
import * as CriticalPath from "../../performance/CriticalPath.ts"
import { hasEnded, type RunRecord } from "../../performance/RunRecord.ts"
import * as Why from "../../performance/Why.ts"
import type * as AnalyticsReport from "../AnalyticsReport.ts"

/** A run that has not ended, and the seconds since it was created. */
export interface Unfinished {
  readonly run: RunRecord
  readonly age: number
}

const mostUnfinished = 20

const mostDifferences = 10

/** How long tasks and steps take, and the oldest unfinished runs. */
export const performance = (
  ended: ReadonlyArray<RunRecord>,
  unfinished: ReadonlyArray<Unfinished>,
  missed: number
): AnalyticsReport.Performance => {
  // Recommendations are the expensive part. No task has that many runs.
  const { from, runs, steps, tasks, until } = Bottlenecks.analyze(ended, { minimumRuns: Infinity })
  return {
    runs,
    from: instant(from),
    until: instant(until),
    missed,
    tasks,
    steps,
    unfinishedRuns: unfinished.length,
    unfinished: unfinished.toSorted((left, right) => right.age - left.age).slice(0, mostUnfinished).map(
      ({ age, run }) => ({
        runId: run.id,
        taskName: run.taskName,
        version: run.version,
        ageSeconds: age,
        sentence: Why.explain(run, { now: age }).sentence
      })
    )
  }
}

/** What to change, and what slow and failed runs have in common. */
export const bottlenecks = (ended: ReadonlyArray<RunRecord>): AnalyticsReport.Bottlenecks => {
  const { blocking, errors, from, insufficient, queries, recommendations, runs, until } = Bottlenecks.analyze(ended)
  return {
    runs,
    from: instant(from),
    until: instant(until),
    recommendations,
    insufficient,
    differences: Compare.compare(ended).slice(0, mostDifferences),
    errors,
    blocking,
    queries
  }
}

/** What a run waits for, and the critical path of an ended run. */
export const run = (record: RunRecord, age: number): AnalyticsReport.Run => {
  const { sentence, waits } = Why.explain(record, { now: age })
  return {
    runId: record.id,
    taskName: record.taskName,
    version: record.version,
    state: record.state,
    errorType: record.errorType,
    instance: record.instance,
    correlationId: record.correlationId,
    traceId: record.traceId,
    createdAt: instantOf(record.createdAt),
    ageSeconds: age,
    sentence,
    waits: waits.map((wait) => wait._tag === "Backoff" ? { ...wait, until: instantOf(wait.until) } : wait),
    criticalPath: hasEnded(record) ? pathOf(record) : undefined
  }
}

const pathOf = (record: RunRecord): AnalyticsReport.Run["criticalPath"] => {
  const { makespanSeconds, path, spent, steps } = CriticalPath.analyze(record)
  return {
    makespanSeconds,
    path,
    spent,
    steps: steps.map(({ backoffSeconds, critical, name, queueSeconds, retrySeconds, slackSeconds, workSeconds }) => ({
      name,
      critical,
      queueSeconds,
      workSeconds,
      retrySeconds,
      backoffSeconds,
      slackSeconds
    }))
  }
}

const instantOf = (millis: number): string => new Date(millis).toISOString()

const instant = (millis: number | undefined): string | undefined => millis === undefined ? undefined : instantOf(millis)
