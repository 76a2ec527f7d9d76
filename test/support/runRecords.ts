/**
 * Records of runs, written down instead of run.
 */
import type { AttemptRecord, RunRecord, StepRecord } from "../../src/performance/RunRecord.ts"

/** An attempt from `startedAt` to `endedAt` that was ready at once and completed. */
export const attempt = (
  startedAt: number,
  endedAt: number | undefined,
  change: Partial<AttemptRecord> = {}
): AttemptRecord => ({
  number: 1,
  readyAt: startedAt,
  startedAt,
  endedAt,
  state: endedAt === undefined ? "in_progress" : "complete",
  errorType: undefined,
  timedOut: undefined,
  sql: { statements: 0, seconds: 0, waitSeconds: 0 },
  patterns: [],
  ...change
})

/** A step in the state of its last attempt, pending without one. */
export const step = (
  name: string,
  attempts: ReadonlyArray<AttemptRecord>,
  change: Partial<StepRecord> = {}
): StepRecord => ({
  id: `t-1/${name}`,
  name,
  dependsOn: [],
  state: attempts.at(-1)?.state ?? "pending",
  skipped: false,
  failedForGood: false,
  exhausted: false,
  readyAt: attempts[0]?.readyAt,
  settledAt: attempts.at(-1)?.endedAt,
  backoffUntil: undefined,
  attempts,
  ...change
})

/** A run that took ten seconds. */
export const run = (change: Partial<RunRecord> = {}): RunRecord => ({
  id: "t-1",
  taskName: "order",
  namespace: "shop",
  version: "1.0.0",
  correlationId: undefined,
  traceId: undefined,
  instance: undefined,
  tags: {},
  state: "complete",
  errorType: undefined,
  createdAt: 0,
  startedAt: 0,
  endedAt: 10,
  changedAt: 10,
  concurrency: 12,
  steps: [],
  ...change
})
