/**
 * Runs as the routes show them. Error messages are left out: the routes are
 * open, and the log has them under the correlation id.
 *
 * @internal
 */
import type { StepRecord, TaskRecord, TaskSnapshot } from "../workflow/TaskStore.ts"

/** A run without its steps. */
export const ofTask = (task: TaskRecord): Readonly<Record<string, unknown>> => ({
  taskId: task.id,
  name: task.name,
  namespace: task.namespace,
  version: task.version,
  status: task.state,
  correlationId: task.correlationId,
  createdAt: instant(task.createdAt),
  startedAt: instant(task.startedAt),
  endedAt: instant(task.endedAt),
  durationSeconds: task.durationSeconds,
  errorType: task.error?.type
})

/** A run with its steps. */
export const ofSnapshot = (snapshot: TaskSnapshot): Readonly<Record<string, unknown>> => ({
  ...ofTask(snapshot),
  steps: snapshot.steps.map(ofStep)
})

const ofStep = (step: StepRecord) => ({
  stepId: step.id,
  name: step.name,
  dependsOn: step.dependsOn,
  status: step.state,
  attempts: step.attempts,
  maximumAttempts: step.maximumAttempts,
  queueSeconds: step.queueSeconds,
  workSeconds: step.workSeconds,
  backoffSeconds: step.backoffSeconds,
  startedAt: instant(step.startedAt),
  endedAt: instant(step.endedAt),
  nextAttemptAt: instant(step.nextAttemptAt),
  errorType: step.error?.type
})

const instant = (millis: number | undefined) => millis === undefined ? undefined : new Date(millis).toISOString()
