/**
 * The task and the step of a line as they may leave the process.
 *
 * @internal
 */
import type { WorkflowContext } from "../../Correlation.ts"
import type { Redaction } from "../Redaction.ts"

/**
 * What the policy makes of the names of task and step; mostly the context itself.
 *
 * An id is never masked, but that of a step ends with the step's name.
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
