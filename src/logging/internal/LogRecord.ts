/**
 * A log line before it is formatted.
 *
 * @since 0.1.0
 */
import type * as Cause from "effect/Cause"
import type * as Fiber from "effect/Fiber"
import type * as LogLevel from "effect/LogLevel"
import type * as Tracer from "effect/Tracer"
import * as Correlation from "../../Correlation.ts"
import { LocalLog } from "../../internal/LocalLog.ts"
import { uniqueNames } from "../../internal/uniqueNames.ts"
import * as ErrorRecord from "../../redaction/internal/ErrorRecord.ts"
import type { Redaction } from "../../redaction/Redaction.ts"

/**
 * A log line before it is formatted.
 *
 * @category models
 * @since 0.1.0
 */
export interface LogRecord {
  /** Epoch milliseconds. */
  readonly time: number
  readonly level: LogLevel.LogLevel
  readonly message: string
  /** The part of the program that logs. Levels can be set per component. */
  readonly component: string | undefined
  readonly correlationId: string | undefined
  readonly span: Tracer.AnySpan | undefined
  readonly workflow: Correlation.WorkflowContext | undefined
  /** The name of the event that became this line. */
  readonly eventName: string | undefined
  /** Whether the line stays on this machine. */
  readonly isLocal: boolean
  /** All other fields, in the order in which they are written. */
  readonly fields: Readonly<Record<string, unknown>>
}

/**
 * Reads the ids of a line from its fiber: correlation, trace, task and step.
 *
 * @category constructors
 * @since 0.1.0
 */
export const contextOf = (
  fiber: Fiber.Fiber<unknown, unknown>
): Pick<LogRecord, "correlationId" | "isLocal" | "span" | "workflow"> => ({
  correlationId: fiber.getRef(Correlation.CorrelationId),
  span: fiber.cache.span,
  workflow: fiber.getRef(Correlation.CurrentWorkflow),
  isLocal: fiber.getRef(LocalLog)
})

/**
 * Fields that even a long line keeps, because they say why it was written. They
 * have limits of their own.
 *
 * @category constants
 * @since 0.1.0
 */
export const essentialFields: ReadonlySet<string> = new Set([
  "duration_ms",
  "error.type",
  "exception.type",
  "exception.message",
  "exception.stacktrace",
  "exception.kind",
  "exception.reasons",
  "exception.causes"
])

/**
 * Severity numbers of the OpenTelemetry log data model.
 *
 * @see https://opentelemetry.io/docs/specs/otel/logs/data-model/#field-severitynumber
 * @category constants
 * @since 0.1.0
 */
export const severityNumber: { readonly [L in LogLevel.LogLevel]: number } = {
  All: 0,
  Trace: 1,
  Debug: 5,
  Info: 9,
  Warn: 13,
  Error: 17,
  Fatal: 21,
  None: 0
}

/**
 * Keys that every line sets itself. A field of the program with one of these
 * names is written as `fields.<name>`, so it cannot replace an id. A field with
 * the name `fields.<name>` is written as `fields.fields.<name>`, and so on.
 *
 * @category constants
 * @since 0.1.0
 */
const reservedKeys: ReadonlySet<string> = new Set([
  "timestamp",
  "level",
  "severity_number",
  "message",
  "component",
  "correlation_id",
  "trace_id",
  "span_id",
  "trace_flags",
  "task_id",
  "task_name",
  "step_id",
  "step_name",
  "attempt",
  "service.name",
  "service.version"
])

const fieldsPrefix = "fields."

/**
 * Gives the name under which a field is written. No two fields get the same name.
 *
 * @category computations
 * @since 0.1.0
 */
export const fieldName = (key: string): string => {
  const bare = key.startsWith(fieldsPrefix) ? key.replace(/^(?:fields\.)+/, "") : key
  return reservedKeys.has(bare) ? fieldsPrefix + key : key
}

/** A line has no room for more fields. */
const mostWritten = 20_000

/**
 * Makes names for the fields that {@link fieldName} does not name. No other field has such a name.
 */
export const uniqueFieldNames = (fields: Readonly<Record<string, unknown>>): (shown: string) => string =>
  uniqueNames(Object.keys(fields).slice(0, mostWritten).map(fieldName))

/** Level names as a line writes them. */
export const levelNames: { readonly [L in LogLevel.LogLevel]: string } = {
  All: "ALL",
  Trace: "TRACE",
  Debug: "DEBUG",
  Info: "INFO",
  Warn: "WARN",
  Error: "ERROR",
  Fatal: "FATAL",
  None: "NONE"
}

/**
 * Gives the head of a line, in its fixed order, without the unknown fields.
 *
 * @category computations
 * @since 0.1.0
 */
export const headOf = (
  record: LogRecord,
  service: { readonly name: string; readonly version: string | undefined }
): ReadonlyArray<readonly [name: string, value: string | number]> => {
  const { span, workflow } = record
  const head: ReadonlyArray<readonly [string, string | number | undefined]> = [
    ["timestamp", new Date(record.time).toISOString()],
    ["level", levelNames[record.level]],
    ["severity_number", severityNumber[record.level]],
    ["message", record.message],
    ["component", record.component],
    ["correlation_id", record.correlationId],
    ["trace_id", span?.traceId],
    ["span_id", span?.spanId],
    ["trace_flags", span === undefined ? undefined : span.sampled ? "01" : "00"],
    ["task_id", workflow?.taskId],
    ["task_name", workflow?.taskName],
    ["step_id", workflow?.stepId],
    ["step_name", workflow?.stepName],
    ["attempt", workflow?.attempt],
    ["service.name", service.name],
    ["service.version", service.version]
  ]
  return head.filter((entry): entry is readonly [string, string | number] => entry[1] !== undefined)
}

/**
 * Makes the fields of a cause, bounded and redacted.
 *
 * **Details**
 *
 * - `error.type` and `exception.type`: the tag or class of the error. If the error is Effect's `UnknownError` or has
 *   no text, the fields describe the error behind it.
 * - `exception.message`, `exception.stacktrace`, and `exception.kind`: `failure`, `defect` or `interruption`.
 * - `exception.<name>` for each own field of the error, such as `exception.code`. If the name is in this list, the
 *   key is `exception.fields.<name>`.
 * - `exception.causes`: type, message and `fields` of at most 10 errors behind it, the root as the last.
 * - `exception.reasons`: the same for each reason of a cause that has several, at most 10.
 *
 * @param cause the cause of a failure
 * @param redaction the redaction policy
 * @see https://opentelemetry.io/docs/specs/semconv/registry/attributes/exception/
 */
export const causeFields = (cause: Cause.Cause<unknown>, redaction: Redaction): Record<string, unknown> =>
  ErrorRecord.toLogFields(ErrorRecord.make(cause, redaction))
