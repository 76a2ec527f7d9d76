/**
 * Turns published events into log lines.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { EventBus } from "../events/EventBus.ts"
import { type EventEnvelope, isOfCatalog } from "../events/EventEnvelope.ts"
import * as SnakeCase from "../internal/snakeCase.ts"
import { LogLevels } from "./LogLevels.ts"
import * as LogRecord from "./LogRecord.ts"
import { LogWriter } from "./LogWriter.ts"

/** Payload fields that a line has as ids. */
const ids = new Set(["taskId", "taskName", "stepId", "stepName", "attempt"])

/** Component of the lines that events of the catalog become. */
const ownComponent = "workflow"

/**
 * Registers the sink: one line per event, of the event's severity, with the
 * payload in snake case. Whether it is written depends on the level of the
 * component: `workflow`, or the domain of a program's own event.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<never, never, EventBus | LogWriter | LogLevels> = Layer.effectDiscard(
  Effect.gen(function*() {
    const bus = yield* EventBus
    const writer = yield* LogWriter
    const levels = yield* LogLevels
    const snakeCase = SnakeCase.make()
    yield* bus.register({
      name: "log",
      signal: "log",
      handle: (envelope, fiber, definition) => {
        const component = isOfCatalog(envelope) ? ownComponent : definition.domain
        if (!levels.isWritten(definition.severity, component, envelope.time)) return
        const context = LogRecord.contextOf(fiber)
        writer.write({
          time: envelope.time,
          level: definition.severity,
          message: definition.message,
          component,
          correlationId: context.correlationId,
          span: context.span,
          workflow: workflowOf(envelope, context.workflow),
          fields: fieldsOf(envelope, snakeCase)
        })
      }
    })
  })
)

/** The step of an event is its payload's: a loop event about a step is published outside of the step. */
const workflowOf = (envelope: EventEnvelope, current: LogRecord.LogRecord["workflow"]) => {
  if (!isOfCatalog(envelope)) return current
  const { payload } = envelope
  if (!("stepId" in payload)) return current ?? { taskId: payload.taskId, taskName: payload.taskName }
  return current !== undefined && current.stepId === payload.stepId && current.attempt === payload.attempt
    ? current
    : {
      taskId: payload.taskId,
      taskName: payload.taskName,
      stepId: payload.stepId,
      stepName: payload.stepName,
      attempt: payload.attempt
    }
}

/** Payload fields that lines have under the names that other lines have them under, after everything else. */
const shared = new Set(["durationSeconds", "errorType", "errorMessage"])

const millisPerSecond = 1000

/** Milliseconds to the microsecond: more digits are noise in a line. */
const toMillis = (seconds: number) => Math.round(seconds * millisPerSecond * 1000) / 1000

const fieldsOf = (envelope: EventEnvelope, snakeCase: (name: string) => string): Record<string, unknown> => {
  const fields: Record<string, unknown> = { event: envelope.name }
  const payload: Readonly<Record<string, unknown>> = envelope.payload
  const isOwn = isOfCatalog(envelope)
  for (const name of Object.keys(payload)) {
    if (!(isOwn && (ids.has(name) || shared.has(name))) && payload[name] !== undefined) {
      const key = snakeCase(name)
      fields[key === "event" ? "fields.event" : key] = payload[name]
    }
  }
  if (!isOwn) return fields
  if ("durationSeconds" in envelope.payload) fields["duration_ms"] = toMillis(envelope.payload.durationSeconds)
  if ("errorType" in envelope.payload) {
    fields["error.type"] = envelope.payload.errorType
    fields["exception.message"] = envelope.payload.errorMessage
  }
  return fields
}
