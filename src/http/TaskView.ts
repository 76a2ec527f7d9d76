/**
 * Runs as the routes show them. Error messages are left out: the routes are
 * open, and the log has them under the correlation id.
 *
 * @internal
 */
import type { Redaction } from "../Redaction.ts"
import type { StepRecord, TaskRecord, TaskSnapshot } from "../workflow/TaskStore.ts"

type View = Readonly<Record<string, unknown>>

/** Makes the views; names may hold secrets, and ids of steps have names in them. */
export const make = (redaction: Redaction) => {
  const { name: shown } = redaction

  /** A run without its steps. */
  const ofTask = (task: TaskRecord): View => ({
    taskId: task.id,
    name: shown(task.name),
    namespace: shown(task.namespace),
    version: shown(task.version),
    status: task.state,
    correlationId: task.correlationId,
    createdAt: instant(task.createdAt),
    startedAt: instant(task.startedAt),
    endedAt: instant(task.endedAt),
    durationSeconds: task.durationSeconds,
    errorType: task.error === undefined ? undefined : shown(task.error.type)
  })

  const ofStep = (step: StepRecord): View => ({
    stepId: shown(step.name) === step.name ? step.id : redaction.text(step.id),
    name: shown(step.name),
    dependsOn: step.dependsOn.map(shown),
    status: step.state,
    attempts: step.attempts,
    maximumAttempts: step.maximumAttempts,
    queueSeconds: step.queueSeconds,
    workSeconds: step.workSeconds,
    backoffSeconds: step.backoffSeconds,
    startedAt: instant(step.startedAt),
    endedAt: instant(step.endedAt),
    nextAttemptAt: instant(step.nextAttemptAt),
    errorType: step.error === undefined ? undefined : shown(step.error.type)
  })

  return {
    ofTask,
    /** A run with its steps. */
    ofSnapshot: (snapshot: TaskSnapshot): View => ({ ...ofTask(snapshot), steps: snapshot.steps.map(ofStep) }),
    /** Names of tasks. */
    ofNames: (names: Iterable<string>): ReadonlyArray<string> => [...names].map(shown).sort()
  }
}

const instant = (millis: number | undefined) => millis === undefined ? undefined : new Date(millis).toISOString()
