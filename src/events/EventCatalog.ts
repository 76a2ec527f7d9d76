/**
 * Every event this library publishes, declared once: name, meaning, payload
 * schema, severity, and which payload fields are low in cardinality.
 *
 * Router, metrics, logs, span events and documentation follow from here.
 *
 * **Details**
 *
 * Events of the domains `task` and `step` are state transitions, exactly one
 * event per transition; their payloads carry `fromState` and `toState`. Events
 * of `workflow` and `observability` describe the loop and never repeat a
 * transition. Durations are seconds by the monotonic clock.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/**
 * Part of the system an event speaks about.
 *
 * @category models
 * @since 0.1.0
 */
export type EventDomain = "task" | "step" | "workflow" | "observability"

/**
 * How much attention an event deserves; the level of its log line.
 *
 * @category models
 * @since 0.1.0
 */
export type EventSeverity = "Debug" | "Info" | "Warn" | "Error"

/**
 * The declaration of an event.
 *
 * @category models
 * @since 0.1.0
 */
export interface EventDefinition<Fields extends Schema.Struct.Fields> {
  readonly description: string
  /** The place in the life of a task where it is published. */
  readonly fires: string
  readonly severity: EventSeverity
  /** One line for people, without ids. */
  readonly message: string
  readonly payload: Schema.Struct<Fields>
  /** Payload fields with few distinct values; no others may become metric attributes. */
  readonly attributes: ReadonlyArray<keyof Fields & string>
}

const define = <const Fields extends Schema.Struct.Fields>(
  definition: EventDefinition<Fields>
): EventDefinition<Fields> => definition

const task = {
  taskId: Schema.String,
  taskName: Schema.String,
  namespace: Schema.String,
  version: Schema.String
}
const step = {
  taskId: Schema.String,
  taskName: Schema.String,
  stepId: Schema.String,
  stepName: Schema.String,
  attempt: Schema.Int
}
const transition = { fromState: Schema.UndefinedOr(Schema.String), toState: Schema.String }
const failure = { errorType: Schema.String, errorMessage: Schema.String }
const ended = { durationSeconds: Schema.Finite, totalSteps: Schema.Int, completedSteps: Schema.Int }
const attempted = { queueSeconds: Schema.Finite, durationSeconds: Schema.Finite }

const taskAttributes = ["taskName", "namespace", "version"] as const
const stepAttributes = ["taskName", "stepName"] as const

/**
 * The catalog.
 *
 * **Example** (The fields of an event)
 *
 * ```ts
 * import * as EventCatalog from "tasker-telemetry/events/EventCatalog"
 *
 * const fields = Object.keys(EventCatalog.catalog["step.completed"].payload.fields)
 * ```
 *
 * @category catalog
 * @since 0.1.0
 */
export const catalog = {
  "task.initialize_requested": define({
    description: "A run was accepted: its input is valid and its record exists.",
    fires: "once per run, before anything of it runs",
    severity: "Info",
    message: "task initialized",
    payload: Schema.Struct({ ...task, ...transition, totalSteps: Schema.Int }),
    attributes: taskAttributes
  }),
  "task.start_requested": define({
    description: "A run started.",
    fires: "on pending → in_progress",
    severity: "Info",
    message: "task started",
    payload: Schema.Struct({ ...task, ...transition, totalSteps: Schema.Int }),
    attributes: taskAttributes
  }),
  "task.completed": define({
    description: "Every step of a run is complete or resolved manually.",
    fires: "on in_progress → complete",
    severity: "Info",
    message: "task completed",
    payload: Schema.Struct({ ...task, ...transition, ...ended }),
    attributes: taskAttributes
  }),
  "task.failed": define({
    description: "A run ended with at least one step that failed for good.",
    fires: "on in_progress → error",
    severity: "Error",
    message: "task failed",
    payload: Schema.Struct({ ...task, ...transition, ...ended, ...failure, failedSteps: Schema.Array(Schema.String) }),
    attributes: [...taskAttributes, "errorType"]
  }),
  "task.cancelled": define({
    description: "A run was cancelled or interrupted.",
    fires: "on in_progress → cancelled",
    severity: "Warn",
    message: "task cancelled",
    payload: Schema.Struct({ ...task, ...transition, ...ended, reason: Schema.Literals(["requested", "interrupted"]) }),
    attributes: [...taskAttributes, "reason"]
  }),
  "task.resolved_manually": define({
    description: "Every step of a run that had ended in error is complete or resolved manually by now.",
    fires: "on error → resolved_manually",
    severity: "Info",
    message: "task resolved manually",
    payload: Schema.Struct({ ...task, ...transition }),
    attributes: taskAttributes
  }),
  "step.initialize_requested": define({
    description: "A step of a new run exists.",
    fires: "once per step of a run, right after task.initialize_requested",
    severity: "Debug",
    message: "step initialized",
    payload: Schema.Struct({ ...step, ...transition }),
    attributes: stepAttributes
  }),
  "step.execution_requested": define({
    description: "An attempt of a step starts.",
    fires: "on pending → in_progress, once per attempt",
    severity: "Info",
    message: "step started",
    payload: Schema.Struct({ ...step, ...transition, queueSeconds: Schema.Finite }),
    attributes: stepAttributes
  }),
  "step.completed": define({
    description: "An attempt of a step succeeded.",
    fires: "on in_progress → complete",
    severity: "Info",
    message: "step completed",
    payload: Schema.Struct({ ...step, ...transition, ...attempted }),
    attributes: stepAttributes
  }),
  "step.failed": define({
    description: "An attempt of a step failed, died or ran into its time-out.",
    fires: "on in_progress → error, once per failed attempt",
    severity: "Warn",
    message: "step failed",
    payload: Schema.Struct({
      ...step,
      ...transition,
      ...attempted,
      ...failure,
      /** No further attempt will be made. */
      final: Schema.Boolean
    }),
    attributes: [...stepAttributes, "errorType", "final"]
  }),
  "step.retry_requested": define({
    description: "The back-off of a failed step is over; it may run again.",
    fires: "on error → pending",
    severity: "Info",
    message: "step retry requested",
    payload: Schema.Struct({ ...step, ...transition, backoffSeconds: Schema.Finite }),
    attributes: stepAttributes
  }),
  "step.cancelled": define({
    description: "A step will not run, or its attempt was interrupted.",
    fires: "on pending → cancelled and in_progress → cancelled",
    severity: "Warn",
    message: "step cancelled",
    payload: Schema.Struct({ ...step, ...transition, ...attempted }),
    attributes: stepAttributes
  }),
  "step.resolved_manually": define({
    description: "A person settled a step that was waiting or had failed.",
    fires: "on pending → resolved_manually and error → resolved_manually",
    severity: "Info",
    message: "step resolved manually",
    payload: Schema.Struct({ ...step, ...transition }),
    attributes: stepAttributes
  }),
  "workflow.viable_steps_discovered": define({
    description: "A discovery found steps that may start now.",
    fires: "once per discovery that starts a batch",
    severity: "Debug",
    message: "viable steps discovered",
    payload: Schema.Struct({ ...task, stepCount: Schema.Int, stepNames: Schema.Array(Schema.String) }),
    attributes: taskAttributes
  }),
  "workflow.no_viable_steps": define({
    description: "Nothing may start and nothing runs, although steps are left.",
    fires: "when the loop begins to wait for a back-off, or ends with blocked steps",
    severity: "Debug",
    message: "no viable steps",
    payload: Schema.Struct({
      ...task,
      pendingSteps: Schema.Int,
      reason: Schema.Literals(["waiting_for_backoff", "blocked_by_failures"])
    }),
    attributes: [...taskAttributes, "reason"]
  }),
  "workflow.steps_execution_started": define({
    description: "A batch of steps starts.",
    fires: "once per batch",
    severity: "Debug",
    message: "batch started",
    payload: Schema.Struct({ ...task, stepCount: Schema.Int }),
    attributes: taskAttributes
  }),
  "workflow.steps_execution_completed": define({
    description: "Every step of a batch has settled.",
    fires: "once per batch",
    severity: "Debug",
    message: "batch completed",
    payload: Schema.Struct({
      ...task,
      stepCount: Schema.Int,
      completedCount: Schema.Int,
      durationSeconds: Schema.Finite
    }),
    attributes: taskAttributes
  }),
  "workflow.task_finalization_started": define({
    description: "Nothing of a run is left to do; its end is being decided.",
    fires: "once per run, after the last batch",
    severity: "Debug",
    message: "task finalization started",
    payload: Schema.Struct({ ...task, executionStatus: Schema.String }),
    attributes: [...taskAttributes, "executionStatus"]
  }),
  "workflow.task_finalization_completed": define({
    description: "The end of a run is decided; its transition follows.",
    fires: "once per run, after workflow.task_finalization_started",
    severity: "Debug",
    message: "task finalization completed",
    payload: Schema.Struct({ ...task, executionStatus: Schema.String, finalStatus: Schema.String }),
    attributes: [...taskAttributes, "executionStatus", "finalStatus"]
  }),
  "observability.step.backoff": define({
    description: "A failed step waits before its next attempt.",
    fires: "once per failed attempt that will be retried",
    severity: "Info",
    message: "step backs off",
    payload: Schema.Struct({
      ...step,
      backoffSeconds: Schema.Finite,
      backoffType: Schema.Literals(["server_requested", "exponential"])
    }),
    attributes: [...stepAttributes, "backoffType"]
  }),
  "observability.step.max_retries_reached": define({
    description: "A step failed and has no attempt left.",
    fires: "once per step, after the failure of its last attempt",
    severity: "Warn",
    message: "step has no attempts left",
    payload: Schema.Struct({ ...step, maximumAttempts: Schema.Int }),
    attributes: stepAttributes
  })
} as const

/**
 * The name of an event of the catalog.
 *
 * @category type-level
 * @since 0.1.0
 */
export type EventName = keyof typeof catalog

/**
 * The payload of an event.
 *
 * @category type-level
 * @since 0.1.0
 */
export type Payload<Name extends EventName> = (typeof catalog)[Name]["payload"]["Type"]

/**
 * The names of all events, in the order of the catalog.
 *
 * @category catalog
 * @since 0.1.0
 */
export const names = Object.keys(catalog) as ReadonlyArray<EventName>

/**
 * The domain of an event: the part of its name before the first dot.
 *
 * @category computations
 * @since 0.1.0
 */
export const domainOf = (name: EventName): EventDomain => name.slice(0, name.indexOf(".")) as EventDomain
