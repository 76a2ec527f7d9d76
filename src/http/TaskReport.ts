/**
 * The schemas of what the routes of tasks answer, for programs that read the
 * answers.
 *
 * **Details**
 *
 * Durations are seconds, instants are texts such as `2026-03-01T09:00:00.000Z`.
 * Names and texts are redacted.
 *
 * @see TaskRoute
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

const state = Schema.Literals(["pending", "in_progress", "complete", "error", "cancelled", "resolved_manually"])

const instant = Schema.optional(Schema.String)

const seconds = Schema.Finite

/** Why a run or a step failed: its type, and the error with its own fields and causes. */
const failure = {
  errorType: Schema.optional(Schema.String),
  error: Schema.optional(Schema.Record(Schema.String, Schema.Json))
}

const ofTask = {
  taskId: Schema.String,
  name: Schema.String,
  namespace: Schema.String,
  version: Schema.String,
  status: state,
  correlationId: Schema.String,
  createdAt: Schema.String,
  /** Absent before the start. */
  startedAt: instant,
  /** Absent before the end. */
  endedAt: instant,
  durationSeconds: Schema.optional(seconds),
  tags: Schema.Record(Schema.String, Schema.String),
  /** Why the run was started, and who started it, if it is known. */
  reason: Schema.optional(Schema.String),
  initiator: Schema.optional(Schema.String),
  /** When a run starts that waits for its start. */
  scheduledFor: instant,
  /** The attribute `service.instance.id` of the process that runs or ran it, if it is known. */
  instance: Schema.optional(Schema.String),
  /** Highest number of steps that run at the same time. */
  concurrency: Schema.optional(Schema.Int),
  ...failure
}

/**
 * A run without its steps.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Task = Schema.Struct(ofTask).annotate({ identifier: "Task" })

/**
 * A step of a run.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Step = Schema.Struct({
  stepId: Schema.String,
  name: Schema.String,
  dependsOn: Schema.Array(Schema.String),
  status: state,
  attempts: Schema.Int,
  maximumAttempts: Schema.Int,
  queueSeconds: seconds,
  workSeconds: seconds,
  backoffSeconds: seconds,
  startedAt: instant,
  endedAt: instant,
  /** When a step in back-off will be tried again. */
  nextAttemptAt: instant,
  ...failure
}).annotate({ identifier: "Step" })

/**
 * The answer of `GET /tasks/:id`.
 *
 * @category schemas
 * @since 0.1.0
 */
export const TaskWithSteps = Schema.Struct({ ...ofTask, steps: Schema.Array(Step) }).annotate({
  identifier: "TaskWithSteps"
})

/**
 * A run with its steps.
 *
 * @category models
 * @since 0.1.0
 */
export type TaskWithSteps = typeof TaskWithSteps.Type

/**
 * The answer of `GET /tasks`.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Tasks = Schema.Struct({
  tasks: Schema.Array(Task),
  limit: Schema.Int,
  offset: Schema.Int,
  /** Asks for the next page, as the parameter `cursor`. Absent if this page is the last. */
  cursor: Schema.optional(Schema.String)
}).annotate({ identifier: "Tasks" })

/**
 * A page of runs.
 *
 * @category models
 * @since 0.1.0
 */
export type Tasks = typeof Tasks.Type

/**
 * The answer of `POST /tasks`.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Started = Schema.Struct({
  taskId: Schema.String,
  status: state,
  correlationId: Schema.String
}).annotate({ identifier: "StartedTask" })

/**
 * A run that was started.
 *
 * @category models
 * @since 0.1.0
 */
export type Started = typeof Started.Type

/**
 * The answer of `GET /tasks/:id/steps`.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Steps = Schema.Struct({
  taskId: Schema.String,
  /** The state of the run. */
  status: state,
  /** In the order of the definition. */
  steps: Schema.Array(Step)
}).annotate({ identifier: "Steps" })

/**
 * The steps of a run.
 *
 * @category models
 * @since 0.1.0
 */
export type Steps = typeof Steps.Type

const ofDefinition = { name: Schema.String, namespace: Schema.String, version: Schema.String }

/**
 * The answer of `GET /task-definitions`.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Definitions = Schema.Struct({
  definitions: Schema.Array(
    Schema.Struct({
      ...ofDefinition,
      /** The number of steps. */
      steps: Schema.Int
    }).annotate({ identifier: "TaskDefinitionSummary" })
  )
}).annotate({ identifier: "TaskDefinitions" })

/**
 * The tasks that are served.
 *
 * @category models
 * @since 0.1.0
 */
export type Definitions = typeof Definitions.Type

/**
 * The answer of `GET /task-definitions/:name`: the graph of a task, and how its runs go. Durations are seconds.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Definition = Schema.Struct({
  ...ofDefinition,
  /** Highest number of steps of a run that work at the same time. */
  concurrency: Schema.Int,
  /** The steps, in the order of the definition. */
  nodes: Schema.Array(Schema.Struct({
    name: Schema.String,
    /** Length of the longest path from a step without dependencies. */
    level: Schema.Int,
    dependsOn: Schema.Array(Schema.String),
    skippable: Schema.Boolean,
    /** Limit of one attempt; absent for none. */
    timeoutSeconds: Schema.optional(seconds),
    retry: Schema.Struct({
      maximumAttempts: Schema.Int,
      delaysSeconds: Schema.Array(seconds),
      multiplier: Schema.Finite,
      maximumSeconds: seconds,
      jitter: Schema.Finite
    })
  })),
  /** The step `to` waits for the step `from`. */
  edges: Schema.Array(Schema.Struct({ from: Schema.String, to: Schema.String }))
}).annotate({ identifier: "TaskDefinition" })

/**
 * A task with its graph.
 *
 * @category models
 * @since 0.1.0
 */
export type Definition = typeof Definition.Type
