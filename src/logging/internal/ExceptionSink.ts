/**
 * Turns the exceptions of spans into log lines.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import { ExceptionReports } from "../../internal/ExceptionReports.ts"
import { LogLevels } from "../LogLevels.ts"
import * as LogRecord from "./LogRecord.ts"
import { LogWriter } from "./LogWriter.ts"

/** The name of the event, as of the span event that it replaces. */
const eventName = "exception"

/** The component of the lines, for a level of their own. */
const component = "exception"

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
      writer.write({
        ...LogRecord.contextOf(fiber),
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
