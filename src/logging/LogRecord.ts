/**
 * One line of the log: whose it is, what it says, and its JSON. Pure.
 *
 * **Details**
 *
 * The order of the fields is fixed: `timestamp`, `level`, `message`, the ids
 * (`correlation_id`, `trace_id`, `span_id`, `task_id`, `task_name`, `step_id`,
 * `step_name`, `attempt`), then everything else. An id that is not known is left
 * out. Fields of the program cannot take the place of an id.
 *
 * @since 0.1.0
 */
import type * as Fiber from "effect/Fiber"
import type * as LogLevel from "effect/LogLevel"
import * as Correlation from "../Correlation.ts"
import { encodeJson, encodeText } from "../internal/encodeJson.ts"
import type { Redaction } from "../Redaction.ts"

/**
 * A log line before it is written.
 *
 * @category models
 * @since 0.1.0
 */
export interface LogRecord {
  /** Epoch milliseconds. */
  readonly time: number
  readonly level: LogLevel.LogLevel
  readonly message: string
  readonly correlationId: string | undefined
  readonly traceId: string | undefined
  readonly spanId: string | undefined
  readonly workflow: Correlation.WorkflowContext | undefined
  /** Everything else, in the order in which it is written. */
  readonly fields: Readonly<Record<string, unknown>>
}

/**
 * What the current fiber knows about a line: ids of correlation, trace, task
 * and step.
 *
 * @category constructors
 * @since 0.1.0
 */
export const contextOf = (
  fiber: Fiber.Fiber<unknown, unknown>
): Pick<LogRecord, "correlationId" | "traceId" | "spanId" | "workflow"> => {
  const span = fiber.cache.span
  return {
    correlationId: fiber.getRef(Correlation.CorrelationId),
    traceId: span?.traceId,
    spanId: span?.spanId,
    workflow: fiber.getRef(Correlation.CurrentWorkflow)
  }
}

/** Keys that a line sets itself. */
const reserved = new Set([
  "timestamp",
  "level",
  "message",
  "correlation_id",
  "trace_id",
  "span_id",
  "task_id",
  "task_name",
  "step_id",
  "step_name",
  "attempt"
])

/** Characters of a message. */
const longestMessage = 16_384

/** Characters of a line to which a further field is added. */
const longestLine = 262_144

/**
 * The line as JSON, without its line break. Never throws: what cannot be
 * encoded is marked in its place, and a long line ends with how many fields are
 * missing.
 *
 * @category encoding
 * @since 0.1.0
 */
export const toJson = (record: LogRecord, redaction: Redaction): string => {
  const { workflow } = record
  let line = `{"timestamp":"${new Date(record.time).toISOString()}","level":"${record.level.toUpperCase()}"` +
    `,"message":${encodeText(record.message, longestMessage)}` +
    id("correlation_id", record.correlationId) +
    id("trace_id", record.traceId) +
    id("span_id", record.spanId)
  if (workflow !== undefined) {
    line += id("task_id", workflow.taskId) + id("task_name", workflow.taskName) + id("step_id", workflow.stepId) +
      id("step_name", workflow.stepName)
    if (workflow.attempt !== undefined) line += `,"attempt":${workflow.attempt}`
  }
  const keys = Object.keys(record.fields)
  for (const [index, key] of keys.entries()) {
    if (line.length > longestLine) return `${line},"…":"${keys.length - index} more"}`
    const name = reserved.has(key) ? `fields.${key}` : key
    const value = redaction.isSensitive(key)
      ? encodeText(redaction.mask, longestMessage)
      : encodeJson(record.fields[key], redaction)
    line += `,${encodeText(name, longestMessage)}:${value}`
  }
  return `${line}}`
}

const id = (key: string, value: string | undefined) =>
  value === undefined ? "" : `,"${key}":${encodeText(value, longestMessage)}`
