/**
 * Events of the domain `task`: the transitions of a run.
 */
import * as Schema from "effect/Schema"
import * as EventDefinition from "../EventDefinition.ts"
import { ended, failure, stateAttributes, task, taskAttributes, transition } from "./fields.ts"

const attributes = [...taskAttributes, ...stateAttributes] as const

export const taskEvents = EventDefinition.byName([
  EventDefinition.make("task.initialize_requested", {
    description: "A run was accepted: its input is valid and its record exists.",
    fires: "once per run, before anything of it runs",
    message: "task initialized",
    payload: Schema.Struct({
      ...task,
      ...transition,
      totalSteps: Schema.Int,
      /** Highest number of steps that run at the same time. */
      concurrency: Schema.Int,
      /** The tags that the program gave to the run. */
      tags: Schema.Record(Schema.String, Schema.String),
      /** Why the run was started, and who started it, if the program says it. */
      reason: Schema.optionalKey(Schema.String),
      initiator: Schema.optionalKey(Schema.String)
    }),
    attributes
  }),
  EventDefinition.make("task.start_requested", {
    description: "A run started.",
    fires: "on pending → in_progress",
    message: "task started",
    payload: Schema.Struct({ ...task, ...transition, totalSteps: Schema.Int }),
    attributes
  }),
  EventDefinition.make("task.completed", {
    description: "Every step of a run is complete or resolved manually.",
    fires: "on in_progress → complete",
    message: "task completed",
    payload: Schema.Struct({ ...task, ...transition, ...ended }),
    attributes
  }),
  EventDefinition.make("task.failed", {
    description: "A run ended with at least one step that failed for good.",
    fires: "on in_progress → error",
    severity: "Error",
    message: "task failed",
    payload: Schema.Struct({ ...task, ...transition, ...ended, ...failure, failedSteps: Schema.Array(Schema.String) }),
    attributes: [...attributes, "errorType"]
  }),
  EventDefinition.make("task.cancelled", {
    description: "A run was cancelled or interrupted.",
    fires: "on in_progress → cancelled, or on pending → cancelled while a run waits for its start",
    severity: "Warn",
    message: "task cancelled",
    payload: Schema.Struct({ ...task, ...transition, ...ended, reason: Schema.Literals(["requested", "interrupted"]) }),
    attributes: [...attributes, "reason"]
  }),
  EventDefinition.make("task.resolved_manually", {
    description: "Every step of a run that ended in error is now complete or resolved manually.",
    fires: "on error → resolved_manually",
    message: "task resolved manually",
    payload: Schema.Struct({ ...task, ...transition }),
    attributes
  })
])
