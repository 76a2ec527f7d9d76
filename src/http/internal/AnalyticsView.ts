/**
 * Shows analyses of runs as the analytics routes answer them.
 */
import type * as Bottlenecks from "../../performance/Bottlenecks.ts"
import type * as Compare from "../../performance/Compare.ts"
import * as CriticalPath from "../../performance/CriticalPath.ts"
import { hasEnded, type RunRecord } from "../../performance/RunRecord.ts"
import * as Why from "../../performance/Why.ts"
import type * as AnalyticsReport from "../AnalyticsReport.ts"

/** A run that has not ended, and what is known beside its record. */
export interface Unfinished {
  readonly run: RunRecord
  readonly surroundings: Why.Surroundings
}

const mostDifferences = 10

const mostInstances = 10

const instancesOf = (ended: ReadonlyArray<RunRecord>): AnalyticsReport.Performance["instances"] =>
  Array.from(Map.groupBy(ended, ({ instance }) => instance), ([instance, runs]) => ({ instance, runs: runs.length }))
    .toSorted((left, right) => right.runs - left.runs)
    .slice(0, mostInstances)

const ageOf = ({ run, surroundings }: Unfinished): number => run.endedAt ?? surroundings.now ?? run.changedAt

/** How long tasks and steps take, and the oldest unfinished runs. */
export const performance = (
  { from, runs, steps, tasks, until }: Bottlenecks.Report,
  ended: ReadonlyArray<RunRecord>,
  unfinishedRuns: number,
  oldest: ReadonlyArray<Unfinished>,
  missed: number
): AnalyticsReport.Performance => ({
  runs,
  from: instant(from),
  until: instant(until),
  instances: instancesOf(ended),
  missed,
  tasks,
  steps,
  unfinishedRuns,
  unfinished: oldest.map(
    ({ run, surroundings }) => ({
      runId: run.id,
      taskName: run.taskName,
      version: run.version,
      ageSeconds: ageOf({ run, surroundings }),
      sentence: Why.explain(run, surroundings).sentence
    })
  )
})

/** What to change, and what slow and failed runs have in common. */
export const bottlenecks = (
  report: Bottlenecks.Report,
  ended: ReadonlyArray<RunRecord>,
  differences: ReadonlyArray<Compare.Difference>
): AnalyticsReport.Bottlenecks => {
  const { blocking, errors, from, insufficient, patterns, queries, recommendations, runs, until } = report
  return {
    runs,
    from: instant(from),
    until: instant(until),
    instances: instancesOf(ended),
    recommendations,
    insufficient,
    differences: differences.slice(0, mostDifferences),
    errors,
    blocking,
    queries,
    patterns
  }
}

/** What a run waits for, and the critical path of an ended run. A stored record has no instants for a path. */
export const run = (
  { run: record, surroundings }: Unfinished,
  source: "recorded" | "stored"
): AnalyticsReport.Run => {
  const { sentence, waits } = Why.explain(record, surroundings)
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
    ageSeconds: ageOf({ run: record, surroundings }),
    sentence,
    waits: waits.map((wait) =>
      wait._tag === "Backoff"
        ? { ...wait, until: instantOf(wait.until) }
        : wait._tag === "DeadRunner"
        ? { ...wait, since: instantOf(wait.since) }
        : wait
    ),
    criticalPath: source === "recorded" && hasEnded(record) ? pathOf(record) : undefined
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
