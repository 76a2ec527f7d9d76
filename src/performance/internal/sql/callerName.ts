/**
 * Names what has run a statement, for people.
 */
import type { WorkflowContext } from "../../../Correlation.ts"

/** The name, without the id of the run if the asking step is of the same run. */
export const callerName = (caller: WorkflowContext | undefined, asking: WorkflowContext): string => {
  if (caller === undefined) return "the program outside of tasks"
  const name = caller.stepName === undefined ? `task "${caller.taskName}"` : `step "${caller.stepName}"`
  return caller.taskId === asking.taskId ? name : `${name} of run ${caller.taskId}`
}
