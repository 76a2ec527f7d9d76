/**
 * Events of the domains `workflow` and `dependency`: what the loop of a run finds
 * and decides.
 */
import * as Schema from "effect/Schema"
import * as EventDefinition from "../EventDefinition.ts"
import { step, stepAttributes, task, taskAttributes } from "./fields.ts"

export const workflowEvents = EventDefinition.byName([
  EventDefinition.make("workflow.viable_steps_discovered", {
    description: "A discovery found steps that may start now.",
    fires: "once per discovery that starts a batch",
    severity: "Debug",
    message: "viable steps discovered",
    payload: Schema.Struct({ ...task, stepCount: Schema.Int, stepNames: Schema.Array(Schema.String) }),
    attributes: taskAttributes
  }),
  EventDefinition.make("workflow.no_viable_steps", {
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
  EventDefinition.make("workflow.steps_execution_started", {
    description: "A batch of steps starts.",
    fires: "once per batch",
    severity: "Debug",
    message: "batch started",
    payload: Schema.Struct({ ...task, stepCount: Schema.Int }),
    attributes: taskAttributes
  }),
  EventDefinition.make("workflow.steps_execution_completed", {
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
  EventDefinition.make("workflow.task_reenqueue_delayed", {
    description: "A run waits until its earliest back-off ends, because all its open steps are in back-off.",
    fires: "once per deferral; again only if its end moves because a step was resolved by hand",
    severity: "Debug",
    message: "task deferred",
    payload: Schema.Struct({
      ...task,
      reason: Schema.Literals(["retry_backoff"]),
      delaySeconds: Schema.Finite,
      /** When the run goes on, in epoch milliseconds of the wall clock. */
      scheduledFor: Schema.Finite
    }),
    attributes: [...taskAttributes, "reason"]
  }),
  EventDefinition.make("workflow.task_finalization_started", {
    description: "Nothing of a run is left to do; its end is being decided.",
    fires: "once per run, after the last batch",
    severity: "Debug",
    message: "task finalization started",
    payload: Schema.Struct({ ...task, executionStatus: Schema.String }),
    attributes: [...taskAttributes, "executionStatus"]
  }),
  EventDefinition.make("workflow.task_finalization_completed", {
    description: "The end of a run is decided; its transition follows.",
    fires: "once per run, after workflow.task_finalization_started",
    severity: "Debug",
    message: "task finalization completed",
    payload: Schema.Struct({ ...task, executionStatus: Schema.String, finalStatus: Schema.String }),
    attributes: [...taskAttributes, "executionStatus", "finalStatus"]
  }),
  EventDefinition.make("dependency.resolved", {
    description: "The last dependency of a waiting step is satisfied; the step may start.",
    fires: "once per step that has dependencies and still waits, before the discovery that finds it",
    severity: "Debug",
    message: "dependencies resolved",
    payload: Schema.Struct({
      ...step,
      dependencyCount: Schema.Int,
      /** The dependency that became complete last. */
      lastDependency: Schema.String
    }),
    attributes: [...stepAttributes, "lastDependency"]
  })
])
