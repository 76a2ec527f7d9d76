/**
 * The names of service, task and step as they may leave the process.
 */
import type { WorkflowContext } from "../../Correlation.ts"
import { uniqueNames } from "../../internal/uniqueNames.ts"
import type { Redaction } from "../Redaction.ts"

export interface Service {
  readonly name: string
  readonly version: string | undefined
  readonly attributes: Readonly<Record<string, string | number>>
}

/** A build number or a time in digits is no card number. */
const numbersOnly = /^[\d.]*$/

/**
 * Applies the policy to a service; call it once per layer.
 *
 * Attributes are masked like fields, and numbers stay. Name and version are only searched for secrets. Every signal has them, so a rule
 * for keys such as `name` is not meant for them.
 */
export const redactService = ({ attributes, name, version }: Service, redaction: Redaction): Service => {
  const keys = Object.keys(attributes)
  // Two names can become the same when they are masked.
  const nameFor = uniqueNames(keys.filter((key) => redaction.name(key) === key))
  const shownName = (key: string) => redaction.name(key) === key ? key : nameFor(redaction.name(key))
  const search = (text: string) => numbersOnly.test(text) ? text : redaction.text(text)
  return {
    name: search(name),
    version: version === undefined ? undefined : search(version),
    attributes: Object.fromEntries(
      Object.entries(attributes).map(([key, value]) => [
        shownName(key),
        typeof value === "number" ? value : String(redaction.apply(key, value))
      ])
    )
  }
}

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
