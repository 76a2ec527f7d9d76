/**
 * The fields before those of the program, as the encoders of JSON lines write them.
 */
import type * as Tracer from "effect/Tracer"
import type * as Correlation from "../../Correlation.ts"
import { searchedText } from "../../redaction/internal/encodeJson.ts"
import { redactWorkflow } from "../../redaction/internal/redactNames.ts"
import type { Redaction } from "../../redaction/Redaction.ts"
import { join, longestText, quote, unquoted } from "./lineText.ts"
import type { LogRecord } from "./LogRecord.ts"

/** What the lines of a service are made with. */
export interface LineOptions {
  readonly service: { readonly name: string; readonly version: string | undefined }
  readonly redaction: Redaction
}

export interface JsonHead {
  /** The closing quote of the message and the component, or nothing. */
  readonly component: (component: string | undefined) => string
  /** The closing quote of the text before, the ids and the service. Successive lines of a fiber have the same ones. */
  readonly context: (record: LogRecord) => string
}

/** Remembers what successive lines have in common. */
export const jsonHead = ({ redaction, service }: LineOptions): JsonHead => {
  const serviceText = `,"service.name":${quote(service.name)}` +
    (service.version === undefined ? "" : `,"service.version":${quote(service.version)}`)
  const workflows = new WeakMap<Correlation.WorkflowContext, string>()
  let lastCorrelation: string | undefined
  let lastSpan: Tracer.AnySpan | undefined
  let lastWorkflow: Correlation.WorkflowContext | undefined
  let lastContext = `"${serviceText}`
  let lastComponent: string | undefined
  let lastComponentText = ""

  const workflowText = (workflow: Correlation.WorkflowContext | undefined): string => {
    if (workflow === undefined) return ""
    const known = workflows.get(workflow)
    if (known !== undefined) return known
    const { attempt, stepId, stepName, taskId, taskName } = redactWorkflow(workflow, redaction)
    const text = `,"task_id":${quote(taskId)},"task_name":${quote(taskName)}` +
      (stepId === undefined ? "" : `,"step_id":${quote(stepId)}`) +
      (stepName === undefined ? "" : `,"step_name":${quote(stepName)}`) +
      (attempt === undefined ? "" : `,"attempt":${attempt}`)
    workflows.set(workflow, text)
    return text
  }

  const componentOf = (component: string | undefined): string => {
    if (component === undefined) return ""
    if (component !== lastComponent) {
      lastComponentText = join("\",\"component\":\"", unquoted(searchedText(component, longestText, redaction.text)))
      lastComponent = component
    }
    return lastComponentText
  }

  const contextOf = ({ correlationId, span, workflow }: LogRecord): string => {
    if (correlationId !== lastCorrelation || span !== lastSpan || workflow !== lastWorkflow) {
      lastContext = join(
        correlationId === undefined ? "\"" : `","correlation_id":${quote(correlationId)}`,
        spanText(span),
        workflowText(workflow),
        serviceText
      )
      lastCorrelation = correlationId
      lastSpan = span
      lastWorkflow = workflow
    }
    return lastContext
  }

  return { component: componentOf, context: contextOf }
}

const spanText = (span: Tracer.AnySpan | undefined): string =>
  span === undefined
    ? ""
    : `,"trace_id":${quote(span.traceId)},"span_id":${quote(span.spanId)},"trace_flags":"${span.sampled ? "01" : "00"}"`
