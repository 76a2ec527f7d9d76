/**
 * Shows runs as JSON. Errors have no stacks: the routes are open, and the log has the stacks under the correlation id.
 */
import type { Redaction } from "../../redaction/Redaction.ts"
import * as runTags from "../../workflow/internal/runTags.ts"
import type { TaskDefinition } from "../../workflow/TaskDefinition.ts"
import type { StepRecord, TaskRecord, TaskSnapshot } from "../../workflow/TaskStore.ts"

type View = Readonly<Record<string, unknown>>

/** Makes the views. A name may hold a secret, and the id of a step contains its name. */
export const make = (redaction: Redaction) => {
  const { name: shown } = redaction

  const textOf = (text: string | undefined) => text === undefined ? undefined : redaction.text(text)

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
    reason: textOf(task.reason),
    initiator: textOf(task.initiator),
    scheduledFor: instant(task.scheduledFor),
    tags: Object.fromEntries(
      Object.entries(runTags.accept(task.tags, redaction)).map(([name, value]) => [shown(name), value])
    ),
    instance: textOf(task.instance),
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

  const ofDefinitionName = ({ name, namespace, nodes, version }: TaskDefinition): View => ({
    name: shown(name),
    namespace: shown(namespace),
    version: shown(version),
    steps: nodes.length
  })

  const ofDefinition = ({ edges, nodes, ...task }: TaskDefinition): View => ({
    name: shown(task.name),
    namespace: shown(task.namespace),
    version: shown(task.version),
    concurrency: task.concurrency,
    nodes: nodes.map((node) => ({ ...node, name: shown(node.name), dependsOn: node.dependsOn.map(shown) })),
    edges: edges.map(({ from, to }) => ({ from: shown(from), to: shown(to) }))
  })

  return {
    ofTask,
    ofStep,
    /** A definition without its graph. */
    ofDefinitionName,
    ofDefinition,
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
