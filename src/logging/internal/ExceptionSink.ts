/**
 * Turns the exceptions of spans into log lines.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import type * as Tracer from "effect/Tracer"
import { Attribute } from "../../Conventions.ts"
import { ExceptionReports } from "../../internal/ExceptionReports.ts"
import { LogLevels } from "../LogLevels.ts"
import * as LogRecord from "./LogRecord.ts"
import { LogWriter } from "./LogWriter.ts"

/** The name of the event, as of the span event that it replaces. */
const eventName = "exception"

/** The component of the lines, for a level of their own. */
const component = "exception"

/** The fiber that ends the span of a step is no longer inside of the step, so the span says which step it is. */
const workflowOf = ({ attributes }: Tracer.Span, current: LogRecord.LogRecord["workflow"]) => {
  const [stepId, stepName, attempt] = [Attribute.stepId, Attribute.stepName, Attribute.attempt].map((key) =>
    attributes.get(key)
  )
  return current === undefined || typeof stepId !== "string" || typeof stepName !== "string" ||
      typeof attempt !== "number"
    ? current
    : { ...current, stepId, stepName, attempt }
}

/**
 * Registers the sink. Each exception becomes one line of the level `Error`, with the ids of the failed span and of the
 * fiber that ended it. An exception whose line would not be written is not taken.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<never, never, LogWriter | LogLevels> = Layer.effectDiscard(
  Effect.gen(function*() {
    const reports = yield* ExceptionReports
    const writer = yield* LogWriter
    const levels = yield* LogLevels
    const clock = yield* Clock.Clock
    yield* reports.register(({ fields, message, span }) => {
      const time = clock.currentTimeMillisUnsafe()
      const fiber = Fiber.getCurrent()
      if (fiber === undefined || !levels.isWritten("Error", component, time)) return false
      const context = LogRecord.contextOf(fiber)
      writer.write({
        ...context,
        workflow: workflowOf(span, context.workflow),
        time,
        level: "Error",
        message,
        component,
        span,
        eventName,
        fields: { event: eventName, ...fields }
      })
      return true
    })
  })
)
