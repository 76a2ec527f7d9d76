/**
 * What is known about one run for the analysis of its time: its steps with their
 * dependencies, and every attempt with its instants.
 *
 * **Details**
 *
 * A record is built from events, so it is exact for every run: neither the
 * sampling of traces nor the level of the log changes it. Instants of a run are
 * seconds of the monotonic clock since the run was created. Only `createdAt` is
 * an instant of the wall clock.
 *
 * A record is plain data. {@link RunRecord} is its schema, so a record can be
 * stored and sent as JSON.
 *
 * @see RunRecords for the records of this process
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

const state = Schema.Literals(["pending", "in_progress", "complete", "error", "cancelled", "resolved_manually"])

/**
 * The schema of the SQL statements of an attempt.
 *
 * @category schemas
 * @since 0.1.0
 */
export const SqlFigures = Schema.Struct({
  /** Number of statements. */
  statements: Schema.Int,
  /** Time of all statements, in seconds. Statements at the same time count each. */
  seconds: Schema.Finite,
  /** The part of `seconds` that waited for a connection; 0 if it is not known. */
  waitSeconds: Schema.Finite
})

/**
 * The SQL statements of an attempt.
 *
 * @category models
 * @since 0.1.0
 */
export type SqlFigures = typeof SqlFigures.Type

/**
 * The schema of a pattern of SQL that costs more than it needs to, as `performance.query_finding` reports it.
 *
 * @category schemas
 * @since 0.1.0
 */
export const QueryPattern = Schema.Struct({
  kind: Schema.Literals(["repeated_query", "many_rows", "idle_in_transaction", "blocking_transaction"]),
  /** Operations and targets of the statement; `""` for a transaction. */
  summary: Schema.String,
  /** Statements, rows, idle times or waits: what `kind` counts. */
  count: Schema.Int,
  /** Time of the statements together, of the statement, idle, or waited by others, in seconds. */
  totalSeconds: Schema.Finite,
  /** Time in which at least one of the statements ran, in seconds: statements at the same time count once. */
  elapsedSeconds: Schema.Finite
})

/**
 * A pattern of SQL that costs more than it needs to.
 *
 * @category models
 * @since 0.1.0
 */
export type QueryPattern = typeof QueryPattern.Type

/**
 * The schema of an attempt.
 *
 * @category schemas
 * @since 0.1.0
 */
export const AttemptRecord = Schema.Struct({
  /** From 1. */
  number: Schema.Int,
  /** When the attempt could start: dependencies satisfied, back-off over. */
  readyAt: Schema.Finite,
  startedAt: Schema.Finite,
  /** `undefined` while the attempt runs. */
  endedAt: Schema.UndefinedOr(Schema.Finite),
  state: Schema.Literals(["in_progress", "complete", "error", "cancelled"]),
  /** Low-cardinality type of the failure. */
  errorType: Schema.UndefinedOr(Schema.String),
  /** The time limit that ended the attempt. */
  timedOut: Schema.UndefinedOr(Schema.Literals(["step", "batch"])),
  sql: SqlFigures,
  /** At most 20. They come from `SqlMonitor`. */
  patterns: Schema.Array(QueryPattern)
})

/**
 * An attempt of a step.
 *
 * @category models
 * @since 0.1.0
 */
export type AttemptRecord = typeof AttemptRecord.Type

/**
 * The schema of a step of a run.
 *
 * @category schemas
 * @since 0.1.0
 */
export const StepRecord = Schema.Struct({
  id: Schema.String,
  name: Schema.String,
  /** Names of the steps that it waits for. */
  dependsOn: Schema.Array(Schema.String),
  state,
  /** It was skipped, so it is complete without an attempt. */
  skipped: Schema.Boolean,
  /** It failed, and no further attempt will be made. */
  failedForGood: Schema.Boolean,
  /** It failed as often as it may. */
  exhausted: Schema.Boolean,
  /** When all dependencies were satisfied. `undefined` before that. */
  readyAt: Schema.UndefinedOr(Schema.Finite),
  /** When it reached its state for good. `undefined` before that. */
  settledAt: Schema.UndefinedOr(Schema.Finite),
  /** While a failed step waits for its next attempt, the end of its back-off. */
  backoffUntil: Schema.UndefinedOr(Schema.Finite),
  attempts: Schema.Array(AttemptRecord)
})

/**
 * A step of a run.
 *
 * @category models
 * @since 0.1.0
 */
export type StepRecord = typeof StepRecord.Type

/**
 * The schema of a run.
 *
 * @category schemas
 * @since 0.1.0
 */
export const RunRecord = Schema.Struct({
  id: Schema.String,
  taskName: Schema.String,
  namespace: Schema.String,
  version: Schema.String,
  correlationId: Schema.UndefinedOr(Schema.String),
  /** Trace of the run, if it has one. */
  traceId: Schema.UndefinedOr(Schema.String),
  /** The attribute `service.instance.id` of the process, if it is known. */
  instance: Schema.UndefinedOr(Schema.String),
  /** Low-cardinality properties that the program gave to the run. */
  tags: Schema.Record(Schema.String, Schema.String),
  state,
  /** Low-cardinality type of the failure that ended the run. */
  errorType: Schema.UndefinedOr(Schema.String),
  /** Epoch milliseconds of the wall clock. */
  createdAt: Schema.Finite,
  /** `undefined` before the run starts. */
  startedAt: Schema.UndefinedOr(Schema.Finite),
  /** The makespan. `undefined` before the run ends. */
  endedAt: Schema.UndefinedOr(Schema.Finite),
  /** When a step last changed its state. */
  changedAt: Schema.Finite,
  /** Highest number of steps that run at the same time. */
  concurrency: Schema.Int,
  /** In the order of the definition. */
  steps: Schema.Array(StepRecord)
})

/**
 * A run.
 *
 * @category models
 * @since 0.1.0
 */
export type RunRecord = typeof RunRecord.Type

/**
 * Whether a run has ended.
 *
 * @category predicates
 * @since 0.1.0
 */
export const hasEnded = ({ state }: Pick<RunRecord, "state">): boolean => state !== "pending" && state !== "in_progress"

/**
 * Where the time of a step went, in seconds.
 *
 * @category models
 * @since 0.1.0
 */
export interface StepTimes {
  /** Waiting for a free slot, over all attempts. */
  readonly queueSeconds: number
  /** Work of the last attempt, or the call of `skipWhen` of a skipped step. */
  readonly workSeconds: number
  /** Work of the attempts before the last one. */
  readonly retrySeconds: number
  /** Back-off between the attempts. */
  readonly backoffSeconds: number
  readonly sql: SqlFigures
}

/**
 * Sums up the attempts of a step. Of an attempt that still runs, the work counts
 * up to `now`.
 *
 * @param now seconds since the run was created; by default, a running attempt counts as no work
 * @category computations
 * @since 0.1.0
 */
export const timesOf = (step: StepRecord, now?: number): StepTimes => {
  let queueSeconds = 0
  let workSeconds = step.skipped && step.readyAt !== undefined ? (step.settledAt ?? step.readyAt) - step.readyAt : 0
  let retrySeconds = 0
  let backoffSeconds = 0
  let statements = 0
  let sqlSeconds = 0
  let waitSeconds = 0
  let before: AttemptRecord | undefined
  for (const attempt of step.attempts) {
    queueSeconds += attempt.startedAt - attempt.readyAt
    if (before !== undefined) {
      retrySeconds += workSeconds
      backoffSeconds += attempt.readyAt - (before.endedAt ?? attempt.readyAt)
    }
    workSeconds = (attempt.endedAt ?? now ?? attempt.startedAt) - attempt.startedAt
    statements += attempt.sql.statements
    sqlSeconds += attempt.sql.seconds
    waitSeconds += attempt.sql.waitSeconds
    before = attempt
  }
  return {
    queueSeconds,
    workSeconds,
    retrySeconds,
    backoffSeconds,
    sql: { statements, seconds: sqlSeconds, waitSeconds }
  }
}
