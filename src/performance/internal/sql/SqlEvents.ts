/**
 * Publishes what the monitor has to say.
 */
import type * as Fiber from "effect/Fiber"
import type { WorkflowContext } from "../../../Correlation.ts"
import type { EventBus } from "../../../events/EventBus.ts"
import type * as EventCatalog from "../../../events/EventCatalog.ts"
import type { SqlInstruments } from "./Queries.ts"

type Finding = EventCatalog.Payload<"performance.query_finding">

/** The step of a statement as fields of events. */
export const callerOf = (workflow: WorkflowContext | undefined) =>
  workflow === undefined ? {} : {
    taskId: workflow.taskId,
    taskName: workflow.taskName,
    ...(workflow.stepId === undefined ? {} : { stepId: workflow.stepId }),
    ...(workflow.stepName === undefined ? {} : { stepName: workflow.stepName }),
    ...(workflow.attempt === undefined ? {} : { attempt: workflow.attempt })
  }

/** Whether two statements run for different steps, or for no step both. */
export const areApart = (one: WorkflowContext | undefined, other: WorkflowContext | undefined): boolean =>
  one === undefined || other === undefined || one.taskId !== other.taskId || one.stepId !== other.stepId

/** Publishes a finding and counts it. */
export const publishFinding = (
  bus: EventBus["Service"],
  instruments: SqlInstruments,
  fiber: Fiber.Fiber<unknown, unknown>,
  workflow: WorkflowContext | undefined,
  finding: Pick<Finding, "kind" | "summary" | "count" | "totalSeconds" | "elapsedSeconds">
): void => {
  instruments.findings.inc({ kind: finding.kind })
  bus.publishUnsafe(fiber, "performance.query_finding", { ...finding, ...callerOf(workflow) })
}
