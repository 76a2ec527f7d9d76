/**
 * Events of the domain `step`: the transitions of a step.
 */
import * as Schema from "effect/Schema"
import * as EventDefinition from "../EventDefinition.ts"
import { attempted, failure, stateAttributes, step, stepAttributes, transition } from "./fields.ts"

const attributes = [...stepAttributes, ...stateAttributes] as const

export const stepEvents = EventDefinition.byName([
  EventDefinition.make("step.initialize_requested", {
    description: "A step of a new run exists.",
    fires: "once per step of a run, right after task.initialize_requested",
    severity: "Debug",
    message: "step initialized",
    payload: Schema.Struct({
      ...step,
      ...transition,
      /** Names of the steps that it waits for. */
      dependsOn: Schema.Array(Schema.String)
    }),
    attributes
  }),
  EventDefinition.make("step.execution_requested", {
    description: "An attempt of a step starts.",
    fires: "on pending → in_progress, once per attempt",
    message: "step started",
    payload: Schema.Struct({ ...step, ...transition, queueSeconds: Schema.Finite }),
    attributes
  }),
  EventDefinition.make("step.completed", {
    description: "An attempt of a step succeeded.",
    fires: "on in_progress → complete",
    message: "step completed",
    payload: Schema.Struct({ ...step, ...transition, ...attempted }),
    attributes
  }),
  EventDefinition.make("step.failed", {
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
      final: Schema.Boolean,
      /** The time limit that ended the attempt: of the step or of the batch; `undefined` if none did. */
      timedOut: Schema.UndefinedOr(Schema.Literals(["step", "batch"]))
    }),
    attributes: [...attributes, "errorType", "final", "timedOut"]
  }),
  EventDefinition.make("step.retry_requested", {
    description: "The back-off of a failed step is over; it may run again.",
    fires: "on error → pending",
    message: "step retry requested",
    payload: Schema.Struct({ ...step, ...transition, backoffSeconds: Schema.Finite }),
    attributes
  }),
  EventDefinition.make("step.cancelled", {
    description: "A step will not run, or its attempt was interrupted.",
    fires: "on pending → cancelled and in_progress → cancelled",
    severity: "Warn",
    message: "step cancelled",
    payload: Schema.Struct({ ...step, ...transition, ...attempted }),
    attributes
  }),
  EventDefinition.make("step.resolved_manually", {
    description: "A waiting or failed step was resolved by hand.",
    fires: "on pending → resolved_manually and error → resolved_manually",
    message: "step resolved manually",
    payload: Schema.Struct({ ...step, ...transition }),
    attributes
  })
])
