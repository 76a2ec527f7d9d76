/**
 * The task and the step of a line as they may leave the process.
 *
 * @internal
 */
import type { WorkflowContext } from "../../Correlation.ts"
import type { Redaction } from "../Redaction.ts"

/**
 * Applies the policy to the names of task and step. Gives the same context back if nothing changes.
 *
 * Ids are never masked, but a step's id ends with the step's name.
 */
export const redactWorkflow = (workflow: WorkflowContext, redaction: Redaction): WorkflowContext => {
  const taskName = redaction.name(workflow.taskName)
  const stepName = workflow.stepName === undefined ? undefined : redaction.name(workflow.stepName)
  if (taskName === workflow.taskName && stepName === workflow.stepName) return workflow
  return {
    ...workflow,
    taskName,
    stepName,
    stepId: stepName === workflow.stepName || workflow.stepId === undefined
      ? workflow.stepId
      : redaction.text(workflow.stepId)
  }
}
