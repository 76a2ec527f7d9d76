/**
 * Patterns of SQL that cost more than they need to, over the runs of one version of a task, and what to do about them.
 */
import type * as TimeSlice from "../../internal/TimeSlice.ts"
import type { AttemptRecord, QueryPattern, RunRecord, StepRecord } from "../RunRecord.ts"
import { type Distribution, distributionOf } from "./distribution.ts"
import type { RunGroup } from "./RunGroup.ts"

/** A pattern of SQL in a step, over all ended runs. */
export interface QueryPatternFinding {
  readonly taskName: string
  readonly version: string
  readonly stepName: string
  readonly kind: QueryPattern["kind"]
  /** Operations and targets of the statement; `""` for transactions. */
  readonly summary: string
  /** Number of attempts with the pattern, and of runs with such an attempt. */
  readonly attempts: number
  readonly runs: number
  /** Statements, rows, idle times or waits of an attempt: what `kind` counts. */
  readonly count: Distribution
  /** Time of the statements, idle, or waited by other steps, over all runs. Seconds. */
  readonly totalSeconds: number
  /** Ids of the runs that it cost most time, at most five. */
  readonly runIds: ReadonlyArray<string>
}

interface Occurrence {
  readonly run: RunRecord
  readonly step: StepRecord
  readonly pattern: QueryPattern
}

/** Gives the patterns of a group. */
export function* ofPatterns(group: RunGroup): TimeSlice.Work<ReadonlyArray<QueryPatternFinding>> {
  const byPattern = new Map<string, Array<Occurrence>>()
  for (const run of group.runs) {
    for (const step of run.steps) {
      for (const { patterns } of step.attempts) {
        for (const pattern of patterns) {
          const key = JSON.stringify([step.name, pattern.kind, pattern.summary])
          const known = byPattern.get(key)
          if (known === undefined) byPattern.set(key, [{ run, step, pattern }])
          else known.push({ run, step, pattern })
        }
      }
    }
    yield
  }
  const found: Array<QueryPatternFinding> = []
  for (const occurrences of byPattern.values()) {
    found.push(findingOf(group, occurrences))
    yield
  }
  return found
}

const findingOf = ({ taskName, version }: RunGroup, occurrences: ReadonlyArray<Occurrence>): QueryPatternFinding => {
  const { pattern: { kind, summary }, step } = occurrences[0] as Occurrence
  const secondsOf = new Map<string, number>()
  for (const { pattern, run } of occurrences) {
    secondsOf.set(run.id, (secondsOf.get(run.id) ?? 0) + pattern.totalSeconds)
  }
  return {
    taskName,
    version,
    stepName: step.name,
    kind,
    summary,
    attempts: occurrences.length,
    runs: secondsOf.size,
    count: distributionOf(occurrences.map(({ pattern }) => pattern.count)),
    totalSeconds: occurrences.reduce((sum, { pattern }) => sum + pattern.totalSeconds, 0),
    runIds: [...secondsOf].toSorted(([, a], [, b]) => b - a).slice(0, 5).map(([id]) => id)
  }
}

/**
 * Gives the seconds by which an attempt would be shorter without the pattern: one statement in place of the repeated
 * ones, or half of the time of a statement with many rows.
 */
export const savedBy =
  ({ kind, stepName, summary }: Pick<QueryPatternFinding, "kind" | "stepName" | "summary">) =>
  (step: StepRecord, attempt: AttemptRecord): number =>
    step.name !== stepName ? 0 : attempt.patterns.reduce(
      (sum, pattern) => pattern.kind === kind && pattern.summary === summary ? sum + savedSeconds(pattern) : sum,
      0
    )

const savedSeconds = ({ count, elapsedSeconds, kind }: QueryPattern): number => {
  switch (kind) {
    case "repeated_query":
      return elapsedSeconds * (1 - 1 / Math.max(1, count))
    case "many_rows":
      return elapsedSeconds / 2
    case "idle_in_transaction":
    case "blocking_transaction":
      return 0
  }
}

/**
 * Gives the seconds by which attempts would be shorter if the transactions of a step let no other step wait: their waits
 * for a connection, but together no more than others waited for these transactions.
 */
export function* waitsFor(
  { completed }: RunGroup,
  stepName: string
): TimeSlice.Work<(step: StepRecord, attempt: AttemptRecord) => number> {
  let blocked = 0
  let waited = 0
  for (const { run } of completed) {
    for (const { attempts, name } of run.steps) {
      for (const { patterns, sql } of attempts) {
        if (name !== stepName) waited += sql.waitSeconds
        else {
          for (const { kind, totalSeconds } of patterns) if (kind === "blocking_transaction") blocked += totalSeconds
        }
      }
    }
    yield
  }
  const share = waited === 0 ? 0 : Math.min(1, blocked / waited)
  return (step, attempt) => step.name === stepName ? 0 : attempt.sql.waitSeconds * share
}
