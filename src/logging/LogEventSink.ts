/**
 * Turns published events into log lines.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { EventBus } from "../events/EventBus.ts"
import * as EventCatalog from "../events/EventCatalog.ts"
import type { EventEnvelope } from "../events/EventEnvelope.ts"
import * as SnakeCase from "../internal/snakeCase.ts"
import * as Redaction from "../Redaction.ts"
import * as TelemetryConfig from "../TelemetryConfig.ts"
import { LogDestination } from "./LogDestination.ts"
import * as LogRecord from "./LogRecord.ts"
import { isWritten } from "./StructuredLogger.ts"

/** Payload fields that a line has as ids. */
const ids = new Set(["taskId", "taskName", "stepId", "stepName", "attempt"])

/**
 * Registers the sink: one line per event, of the event's severity, with the
 * payload in snake case. Whether it is written depends on `logging.level`.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<never, never, EventBus | LogDestination> = Layer.effectDiscard(
  Effect.gen(function*() {
    const bus = yield* EventBus
    const destination = yield* LogDestination
    const redaction = yield* Redaction.Current
    const { level } = (yield* TelemetryConfig.Current).logging
    const snakeCase = SnakeCase.make()
    yield* bus.register({
      name: "log",
      signal: "log",
      handle: (envelope, fiber) => {
        const definition = EventCatalog.catalog[envelope.name]
        if (!isWritten(definition.severity, level)) return
        destination.write(LogRecord.toJson({
          time: envelope.time,
          level: definition.severity,
          message: definition.message,
          ...LogRecord.contextOf(fiber),
          workflow: workflowOf(envelope),
          fields: fieldsOf(envelope, snakeCase)
        }, redaction))
      }
    })
  })
)

/** The step of an event is its payload's: a loop event about a step is published outside of the step. */
const workflowOf = ({ payload }: EventEnvelope) => ({
  taskId: payload.taskId,
  taskName: payload.taskName,
  ...("stepId" in payload ? { stepId: payload.stepId, stepName: payload.stepName, attempt: payload.attempt } : {})
})

const fieldsOf = (envelope: EventEnvelope, snakeCase: (name: string) => string): Record<string, unknown> => {
  const fields: Record<string, unknown> = { event: envelope.name }
  const payload: Readonly<Record<string, unknown>> = envelope.payload
  for (const name of Object.keys(payload)) {
    if (!ids.has(name) && payload[name] !== undefined) fields[snakeCase(name)] = payload[name]
  }
  return fields
}
