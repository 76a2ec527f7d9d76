/**
 * Turns published events into log lines.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { LogEventName } from "../../Conventions.ts"
import { EventBus } from "../../events/EventBus.ts"
import { type EventEnvelope, isOfCatalog } from "../../events/EventEnvelope.ts"
import { orElse } from "../../internal/guard.ts"
import * as SnakeCase from "../../internal/snakeCase.ts"
import * as ErrorRecord from "../../redaction/internal/ErrorRecord.ts"
import * as Fields from "../../redaction/internal/payloadFields.ts"
import * as Redaction from "../../redaction/Redaction.ts"
import { LogLevels } from "../LogLevels.ts"
import * as LogRecord from "./LogRecord.ts"
import { LogWriter } from "./LogWriter.ts"

/** Payload fields that become ids of the line. */
const ids = new Set(["taskId", "taskName", "stepId", "stepName", "attempt"])

/** The component of lines from events of the catalog. */
const ownComponent = "workflow"

/** No event of a program has such a name. */
const recordNames: ReadonlyMap<string, string> = new Map([["task.start_requested", LogEventName.taskStarted]])

/**
 * Registers the sink. Each event becomes one line with the event's severity and
 * the payload in snake case. The component of the line is `workflow`, or the
 * domain of a program's event. The level of the component decides whether the
 * line is written.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<never, never, EventBus | LogWriter | LogLevels> = Layer.effectDiscard(
  Effect.gen(function*() {
    const bus = yield* EventBus
    const writer = yield* LogWriter
    const levels = yield* LogLevels
    const redaction = yield* Redaction.Current
    const snakeCase = SnakeCase.make()
    const nameOf = (member: string) => {
      const name = snakeCase(member)
      return name === "event" ? "fields.event" : name
    }
    yield* bus.register({
      name: "log",
      signal: "log",
      handle: (envelope, fiber, definition) => {
        const component = isOfCatalog(envelope) ? ownComponent : definition.domain
        if (!levels.isWritten(definition.severity, component, envelope.time)) return
        const context = LogRecord.contextOf(fiber)
        const recordOf = (envelope: EventEnvelope): LogRecord.LogRecord => ({
          time: envelope.time,
          level: definition.severity,
          message: definition.message,
          component,
          correlationId: context.correlationId,
          span: context.span,
          workflow: workflowOf(envelope, context.workflow),
          eventName: recordNames.get(envelope.name) ?? envelope.name,
          isLocal: context.isLocal,
          fields: fieldsOf(envelope, nameOf, redaction)
        })
        // A payload is read as the program gave it. Only if that fails, it is copied field by field.
        writer.write(orElse(() => recordOf(envelope), () => recordOf(withReadablePayload(envelope))))
      }
    })
  })
)

const withReadablePayload = (envelope: EventEnvelope) =>
  ({ ...envelope, payload: Fields.copyFields(envelope.payload) }) as unknown as EventEnvelope

/**
 * The step of an event is the one in its payload, because the loop publishes events about a step outside of the step.
 */
const workflowOf = (envelope: EventEnvelope, current: LogRecord.LogRecord["workflow"]) => {
  if (!isOfCatalog(envelope)) return current
  const { payload } = envelope
  if (!("taskId" in payload)) return current
  const { taskId, taskName } = payload
  // An event about SQL or an operation belongs to the step that it happens in, if there is one.
  if (taskId === undefined || taskName === undefined) return current
  if (!("stepId" in payload)) return current ?? { taskId, taskName }
  return current !== undefined && current.stepId === payload.stepId && current.attempt === payload.attempt
    ? current
    : {
      taskId,
      taskName,
      stepId: payload.stepId,
      stepName: payload.stepName,
      attempt: payload.attempt
    }
}

/** Payload fields that get the names and forms that they have in other lines. They follow all other fields. */
const shared = new Set(["durationSeconds", "errorType", "errorMessage", "error"])

const millisPerSecond = 1000

/** Milliseconds, rounded to the microsecond. */
const toMillis = (seconds: unknown) =>
  typeof seconds === "number" ? Math.round(seconds * millisPerSecond * 1000) / 1000 : seconds

const fieldsOf = (
  envelope: EventEnvelope,
  nameOf: (member: string) => string,
  redaction: Redaction.Redaction
): Record<string, unknown> => {
  const head = { event: envelope.name }
  const given: Readonly<Record<string, unknown>> = envelope.payload
  const members = Object.keys(given)
  if (!isOfCatalog(envelope)) return Fields.ofPayload(head, given, members, nameOf, redaction, "")
  const { payload } = envelope
  const further = members.filter((name) => !ids.has(name) && !shared.has(name))
  const fields = Fields.ofPayload(head, given, further, nameOf, redaction, "")
  // A redaction rule may name the field as the payload does.
  const shown = (member: string, value: unknown) =>
    redaction.hasPaths && redaction.masks([member], value) ? redaction.mask : value
  if ("durationSeconds" in payload) {
    fields["duration_ms"] = shown("durationSeconds", toMillis(payload.durationSeconds))
  }
  if ("error" in payload && payload.error !== undefined) {
    Object.assign(fields, ErrorRecord.toLogFields(payload.error))
  }
  if ("errorType" in payload) {
    fields["error.type"] = shown("errorType", payload.errorType)
    if ("errorMessage" in payload) fields["exception.message"] = shown("errorMessage", payload.errorMessage)
  }
  return fields
}
