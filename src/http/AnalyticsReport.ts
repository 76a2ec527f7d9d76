/**
 * The schemas of what the analytics routes answer, for programs that read the
 * answers.
 *
 * **Details**
 *
 * Durations are seconds, instants are texts such as `2026-03-01T09:00:00.000Z`,
 * and shares are numbers from 0 to 1. Names and texts are redacted.
 *
 * @see AnalyticsRoute
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

const Count = Schema.Int

const ofTask = { taskName: Schema.String, version: Schema.String }

const ofStep = { ...ofTask, stepName: Schema.String }

const runIds = Schema.Array(Schema.String)

/**
 * Percentiles and sums of measured values. A percentile is one of the values.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Distribution = Schema.Struct({
  count: Count,
  sum: Schema.Finite,
  mean: Schema.Finite,
  p50: Schema.Finite,
  p95: Schema.Finite,
  p99: Schema.Finite,
  maximum: Schema.Finite
})

const range = {
  /** Number of ended runs that were analysed. */
  runs: Count,
  /** When the first and the last of these were created. Absent without runs. */
  from: Schema.optional(Schema.String),
  until: Schema.optional(Schema.String),
  /** The processes that ran them, by `service.instance.id`, most runs first; at most ten. */
  instances: Schema.Array(Schema.Struct({
    /** Absent for runs whose process is not known. */
    instance: Schema.optional(Schema.String),
    runs: Count
  }))
}

const TaskFinding = Schema.Struct({
  ...ofTask,
  runs: Schema.Struct({ complete: Count, failed: Count, cancelled: Count }),
  makespan: Distribution,
  shares: Schema.Struct({
    queue: Schema.Finite,
    work: Schema.Finite,
    retry: Schema.Finite,
    backoff: Schema.Finite,
    other: Schema.Finite,
    sql: Schema.Finite
  }),
  parallelism: Schema.Struct({ achieved: Schema.Finite, possible: Schema.Finite }),
  limitBoundShare: Schema.Finite
})

const StepFinding = Schema.Struct({
  ...ofStep,
  runs: Count,
  duration: Distribution,
  work: Distribution,
  criticalShare: Schema.Finite,
  criticalSeconds: Schema.Finite,
  makespanShare: Schema.Finite,
  queueSeconds: Schema.Finite,
  retriedRuns: Count,
  impact: Schema.Struct({
    score: Schema.Finite,
    severity: Schema.Literals(["critical", "high", "medium", "low"])
  })
})

/**
 * A run that has not ended, with what it waits for.
 *
 * @category schemas
 * @since 0.1.0
 */
export const UnfinishedRun = Schema.Struct({
  runId: Schema.String,
  ...ofTask,
  ageSeconds: Schema.Finite,
  /** What the run waits for, for people. */
  sentence: Schema.String
})

/**
 * The answer of `GET /analytics/performance`: how long tasks and steps take, and
 * what runs now.
 *
 * @see Bottlenecks for what the members of `tasks` and `steps` mean
 * @category schemas
 * @since 0.1.0
 */
export const Performance = Schema.Struct({
  ...range,
  /** Runs without a record, because too many ran at the same time. */
  missed: Count,
  /** The slowest tasks by p95, at most ten. */
  tasks: Schema.Array(TaskFinding),
  /** The steps that decide most of the makespan, at most ten. */
  steps: Schema.Array(StepFinding),
  /** Number of runs that have not ended. */
  unfinishedRuns: Count,
  /** The oldest of these, at most twenty. */
  unfinished: Schema.Array(UnfinishedRun)
})

/**
 * How long tasks and steps take.
 *
 * @category models
 * @since 0.1.0
 */
export type Performance = typeof Performance.Type

const affectedRuns = Schema.Struct({ affected: Count, runs: Count })

/**
 * The answer of `GET /analytics/bottlenecks`: what to change, and why.
 *
 * @see Bottlenecks for what the members mean
 * @see Compare for `differences`
 * @category schemas
 * @since 0.1.0
 */
export const Bottlenecks = Schema.Struct({
  ...range,
  /** What to change, the largest gain over all runs first. */
  recommendations: Schema.Array(Schema.Struct({
    kind: Schema.Literals([
      "faster_step",
      "fewer_failures",
      "more_slots",
      "fewer_queries",
      "one_query",
      "fewer_rows",
      "shorter_transactions"
    ]),
    ...ofTask,
    /** Absent if the recommendation is for the whole task. */
    stepName: Schema.optional(Schema.String),
    gainSeconds: Schema.Finite,
    gainShare: Schema.Finite,
    totalGainSeconds: Schema.Finite,
    text: Schema.String,
    evidence: Schema.Struct({
      runs: Count,
      simulatedRuns: Count,
      numbers: Schema.Record(Schema.String, Schema.Finite),
      runIds
    })
  })),
  /** Tasks without a recommendation, because too few runs have completed. */
  insufficient: Schema.Array(Schema.Struct({ ...ofTask, runs: Count, needed: Count, text: Schema.String })),
  /** What slow or failed runs have in common, the clearest difference first; at most ten. */
  differences: Schema.Array(Schema.Struct({
    affected: Schema.Literals(["slow", "failed"]),
    attribute: Schema.String,
    value: Schema.String,
    withValue: affectedRuns,
    withoutValue: affectedRuns,
    probability: Schema.Finite,
    runIds
  })),
  /** Failures of attempts by step and type, first those that cost most time. */
  errors: Schema.Array(Schema.Struct({
    ...ofStep,
    errorType: Schema.String,
    failures: Count,
    runs: Count,
    recoveredRuns: Count,
    recoveryShare: Schema.Finite,
    timedOut: Count,
    lostSeconds: Schema.Finite,
    runIds
  })),
  /** The steps that others waited for although all else was done. */
  blocking: Schema.Array(Schema.Struct({
    ...ofStep,
    blockedSeconds: Schema.Finite,
    blocks: Schema.Array(Schema.String),
    neverStarted: Count
  })),
  /** Steps that use SQL, first those that take the longest for it. */
  queries: Schema.Array(Schema.Struct({
    ...ofStep,
    statements: Distribution,
    secondsPerRun: Schema.Finite,
    shareOfWork: Schema.Finite
  })),
  /** Patterns of SQL that cost more than they need to, first those that cost most time. */
  patterns: Schema.Array(Schema.Struct({
    ...ofStep,
    kind: Schema.Literals(["repeated_query", "many_rows", "idle_in_transaction", "blocking_transaction"]),
    summary: Schema.String,
    attempts: Count,
    runs: Count,
    count: Distribution,
    totalSeconds: Schema.Finite,
    runIds
  }))
})

/**
 * What to change, and why.
 *
 * @category models
 * @since 0.1.0
 */
export type Bottlenecks = typeof Bottlenecks.Type

const state = Schema.Literals(["pending", "in_progress", "complete", "error", "cancelled", "resolved_manually"])

const stepName = Schema.String

const seconds = Schema.Finite

/**
 * Something that a run waits for.
 *
 * @see Why for what the cases mean
 * @category schemas
 * @since 0.1.0
 */
export const Wait = Schema.TaggedUnion({
  DeadRunner: {
    instance: Schema.optional(Schema.String),
    hasEnded: Schema.Boolean,
    silentSeconds: seconds,
    /** When the last sign of life was. */
    since: Schema.String
  },
  Elsewhere: {
    instance: Schema.optional(Schema.String),
    quietSeconds: seconds,
    /** Since the last sign of life of the process that runs it. */
    silentSeconds: Schema.optional(seconds)
  },
  Work: { stepName, attempt: Count, seconds },
  Lock: { stepName, lock: Schema.String, seconds, heldBy: Schema.Array(Schema.String) },
  Backoff: {
    stepName,
    errorType: Schema.optional(Schema.String),
    remainingSeconds: seconds,
    /** When the back-off ends. */
    until: Schema.String
  },
  Slot: { stepName, seconds, heldBy: Schema.Array(Schema.String) },
  Start: { stepName, seconds },
  Dependency: { stepName, on: Schema.Array(Schema.String) },
  Failed: { stepName, on: Schema.Array(Schema.String) },
  Created: { seconds },
  Ended: { state },
  End: {},
  Nothing: { seconds }
})

/**
 * The answer of `GET /analytics/runs/:id`: what the run waits for now, and the
 * critical path of a run that has ended.
 *
 * @see CriticalPath for what the members of `criticalPath` mean
 * @category schemas
 * @since 0.1.0
 */
export const Run = Schema.Struct({
  runId: Schema.String,
  ...ofTask,
  state,
  errorType: Schema.optional(Schema.String),
  instance: Schema.optional(Schema.String),
  correlationId: Schema.optional(Schema.String),
  traceId: Schema.optional(Schema.String),
  createdAt: Schema.String,
  /** Seconds since the run was created, or until its end. */
  ageSeconds: seconds,
  /** What the run waits for, for people. */
  sentence: Schema.String,
  /** What holds the run up, the most important first. */
  waits: Schema.Array(Wait),
  /** Absent while the run goes on, and for a run of which the task store alone has a record. */
  criticalPath: Schema.optional(Schema.Struct({
    makespanSeconds: seconds,
    path: Schema.Array(Schema.String),
    spent: Schema.Struct({
      queueSeconds: seconds,
      workSeconds: seconds,
      retrySeconds: seconds,
      backoffSeconds: seconds,
      otherSeconds: seconds,
      sqlSeconds: seconds
    }),
    steps: Schema.Array(Schema.Struct({
      name: Schema.String,
      critical: Schema.Boolean,
      queueSeconds: seconds,
      workSeconds: seconds,
      retrySeconds: seconds,
      backoffSeconds: seconds,
      slackSeconds: seconds
    }))
  }))
})

/**
 * What a run waits for, and its critical path.
 *
 * @category models
 * @since 0.1.0
 */
export type Run = typeof Run.Type
