/**
 * A log record as it leaves the process by OTLP: redacted, within limits, and independent of the values that the program
 * logged.
 *
 * @since 0.1.0
 */
import { Attribute } from "../../Conventions.ts"
import { type AttributeLimits, AttributeRules } from "../../redaction/internal/keptAttributes.ts"
import { redactWorkflow } from "../../redaction/internal/redactNames.ts"
import type { Redaction } from "../../redaction/Redaction.ts"
import { levelNames, type LogRecord, severityNumber } from "./LogRecord.ts"

/**
 * A log record of OTLP.
 *
 * @category models
 * @since 0.1.0
 */
export interface LogData {
  /** Epoch milliseconds. */
  readonly time: number
  readonly severityNumber: number
  readonly severityText: string
  readonly body: string
  /** The name of the event that the record is. */
  readonly eventName: string | undefined
  readonly attributes: Readonly<Record<string, unknown>>
  readonly droppedAttributes: number
  readonly span: { readonly traceId: string; readonly spanId: string; readonly sampled: boolean } | undefined
}

/**
 * Makes the function that brings records into this form.
 *
 * **Details**
 *
 * The ids of task and step have the names that they have on spans. They are not
 * counted against the limit of attributes.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (limits: AttributeLimits, redaction: Redaction) => {
  const rules = new AttributeRules(limits, redaction)
  return (record: LogRecord): LogData => toData(record, rules)
}

/** An event has a field for its name. */
const eventField = "event"

const toData = (record: LogRecord, rules: AttributeRules): LogData => {
  const { component, correlationId, eventName, fields, span, workflow } = record
  const { attributes, droppedAttributes } = rules.record(
    fields,
    rules.limits.attributeCount,
    eventName === undefined ? undefined : eventField
  )
  if (component !== undefined) attributes[Attribute.component] = rules.name(component)
  if (correlationId !== undefined) attributes[Attribute.correlationId] = correlationId
  if (workflow !== undefined) {
    const { attempt, stepId, stepName, taskId, taskName } = redactWorkflow(workflow, rules.redaction)
    attributes[Attribute.taskId] = taskId
    attributes[Attribute.taskName] = taskName
    if (stepId !== undefined) attributes[Attribute.stepId] = stepId
    if (stepName !== undefined) attributes[Attribute.stepName] = stepName
    if (attempt !== undefined) attributes[Attribute.attempt] = attempt
  }
  return {
    time: record.time,
    severityNumber: severityNumber[record.level],
    severityText: levelNames[record.level],
    body: rules.text(record.message),
    eventName,
    attributes,
    droppedAttributes,
    span: span === undefined ? undefined : { traceId: span.traceId, spanId: span.spanId, sampled: span.sampled }
  }
}
