/**
 * Shows runs as JSON. Errors have no stacks: the routes are open, and the log has the stacks under the correlation id.
 */
import type { Redaction } from "../../redaction/Redaction.ts"
import * as runTags from "../../workflow/internal/runTags.ts"
import type { StepRecord, TaskRecord, TaskSnapshot } from "../../workflow/TaskStore.ts"

type View = Readonly<Record<string, unknown>>

/** Makes the views. A name may hold a secret, and the id of a step contains its name. */
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
    tags: Object.fromEntries(
      Object.entries(runTags.accept(task.tags, redaction)).map(([name, value]) => [shown(name), value])
    ),
    instance: task.instance === undefined ? undefined : redaction.text(task.instance),
    concurrency: task.concurrency,
    ...failure(task.error, redaction)
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
    ...failure(step.error, redaction)
  })

  return {
    ofTask,
    /** A run with its steps. */
    ofSnapshot: (snapshot: TaskSnapshot): View => ({ ...ofTask(snapshot), steps: snapshot.steps.map(ofStep) }),
    /** Names of tasks. */
    ofNames: (names: Iterable<string>): ReadonlyArray<string> => [...names].map(shown).sort()
  }
}

/** A store of the program may hold errors that are not redacted. */
const failure = (error: TaskRecord["error"], redaction: Redaction): View => {
  if (error === undefined) return {}
  const { stack: _stack, ...shown } = error
  return { errorType: redaction.name(error.type), error: redaction.apply("exception", shown) }
}

const instant = (millis: number | undefined) => millis === undefined ? undefined : new Date(millis).toISOString()
