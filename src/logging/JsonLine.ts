/**
 * Log records as JSON, one object a line.
 *
 * **Details**
 *
 * The order of the fields is fixed: timestamp, level, severity number, message,
 * component, the ids, the service, then everything else. Nothing that a field
 * holds can break a line: what cannot be encoded is marked in its place, and
 * texts, depth, breadth and the whole line are bounded with a mark that says
 * what was cut.
 *
 * @since 0.1.0
 */
import type * as Tracer from "effect/Tracer"
import type * as Correlation from "../Correlation.ts"
import { encodeJson, encodeText } from "../internal/encodeJson.ts"
import type { Redaction } from "../Redaction.ts"
import { fieldName, type LogRecord, severityNumber } from "./LogRecord.ts"

/** Characters of one text. */
const longestText = 16_384

/** Characters of a line after which further fields are left out. */
const longestLine = 65_536

/** Keys, and texts of ids, remembered; beyond it they are made anew each time. */
const mostRemembered = 1024

interface Key {
  readonly prefix: string
  readonly masked: boolean
}

/** Quotes, backslashes, control characters and surrogates need escaping; most texts have none. */
const needsEscaping = /["\\\u0000-\u001f\ud800-\udfff]/

const quote = (text: string): string =>
  text.length > longestText || needsEscaping.test(text) ? encodeText(text, longestText) : `"${text}"`

/**
 * Makes the encoder of a service's lines. What follows from a key, a task or a
 * service alone is worked out once.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (options: {
  readonly service: { readonly name: string; readonly version: string | undefined }
  readonly redaction: Redaction
}): (record: LogRecord) => string => {
  const { redaction, service } = options
  const mask = JSON.stringify(redaction.mask)
  const serviceText = `,"service.name":${quote(service.name)}` +
    (service.version === undefined ? "" : `,"service.version":${quote(service.version)}`)
  const keys = new Map<string, Key>()
  const workflows = new WeakMap<Correlation.WorkflowContext, string>()
  let lastTime = Number.NaN
  let lastTimestamp = ""
  let lastSpan: Tracer.AnySpan | undefined
  let lastSpanText = ""

  const keyOf = (name: string): Key => {
    const known = keys.get(name)
    if (known !== undefined) return known
    const key: Key = { prefix: `,${quote(fieldName(name))}:`, masked: redaction.isSensitive(name) }
    if (keys.size < mostRemembered && name.length < 256) keys.set(name, key)
    return key
  }

  const timestampOf = (time: number): string => {
    if (time !== lastTime) {
      lastTimestamp = `{"timestamp":"${new Date(time).toISOString()}","level":"`
      lastTime = time
    }
    return lastTimestamp
  }

  const spanText = (span: Tracer.AnySpan | undefined): string => {
    if (span === undefined) return ""
    if (span !== lastSpan) {
      lastSpanText = `,"trace_id":${quote(span.traceId)},"span_id":${quote(span.spanId)},"trace_flags":"${
        span.sampled ? "01" : "00"
      }"`
      lastSpan = span
    }
    return lastSpanText
  }

  const workflowText = (workflow: Correlation.WorkflowContext | undefined): string => {
    if (workflow === undefined) return ""
    const known = workflows.get(workflow)
    if (known !== undefined) return known
    const text = `,"task_id":${quote(workflow.taskId)},"task_name":${quote(workflow.taskName)}` +
      (workflow.stepId === undefined ? "" : `,"step_id":${quote(workflow.stepId)}`) +
      (workflow.stepName === undefined ? "" : `,"step_name":${quote(workflow.stepName)}`) +
      (workflow.attempt === undefined ? "" : `,"attempt":${workflow.attempt}`)
    workflows.set(workflow, text)
    return text
  }

  /** `scan` is what may hold secrets of a telling shape; only the first pass counts what it masks by key. */
  const encode = (
    record: LogRecord,
    clean: (text: string) => string,
    masksKey: (name: string) => boolean
  ): { readonly line: string; readonly scan: string } => {
    const { correlationId, fields } = record
    let line = `${timestampOf(record.time)}${levels[record.level]}${quote(clean(record.message))}` +
      (record.component === undefined ? "" : `,"component":${quote(clean(record.component))}`) +
      (correlationId === undefined ? "" : `,"correlation_id":${quote(correlationId)}`) +
      spanText(record.span) + workflowText(record.workflow) + serviceText
    let scan = record.message
    let left = 0
    for (const name in fields) {
      if (line.length > longestLine) {
        left++
        continue
      }
      const key = keyOf(name)
      if (key.masked) {
        masksKey(name)
        line += key.prefix + mask
        continue
      }
      const value = fields[name]
      if (typeof value === "string") {
        scan += `\n${value}`
        line += key.prefix + (redaction.hasPaths && masksKey(name) ? mask : quote(clean(value)))
      } else if (typeof value === "number" && Number.isFinite(value) && value < 1e12) line += key.prefix + String(value)
      else if (typeof value === "boolean") line += key.prefix + (value ? "true" : "false")
      else line += key.prefix + encodeJson(value, redaction, [name])
    }
    if (left > 0) line += `,"truncated":"${left} more fields"`
    return { line: `${line}}`, scan }
  }

  const count = (name: string) => redaction.masks([name])
  return (record) => {
    const { line, scan } = encode(record, same, count)
    return redaction.mayHold(scan) ? encode(record, redaction.text, (name) => redaction.masks([name], false)).line : line
  }
}

const same = (text: string) => text

const level = (name: string, severity: number) => `${name}","severity_number":${severity},"message":`

const levels = {
  All: level("ALL", severityNumber.All),
  Trace: level("TRACE", severityNumber.Trace),
  Debug: level("DEBUG", severityNumber.Debug),
  Info: level("INFO", severityNumber.Info),
  Warn: level("WARN", severityNumber.Warn),
  Error: level("ERROR", severityNumber.Error),
  Fatal: level("FATAL", severityNumber.Fatal),
  None: level("NONE", severityNumber.None)
} as const
