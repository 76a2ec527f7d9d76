/**
 * Effect's loggers, written as JSON lines with the ids of correlation, trace,
 * task and step.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as References from "effect/References"
import { contain, orElse } from "../internal/contain.ts"
import { describeCause } from "../internal/describeError.ts"
import { encodeJson } from "../internal/encodeJson.ts"
import { SelfStatistics } from "../internal/SelfStatistics.ts"
import * as Redaction from "../Redaction.ts"
import * as TelemetryConfig from "../TelemetryConfig.ts"
import { LogDestination } from "./LogDestination.ts"
import * as LogRecord from "./LogRecord.ts"

/**
 * Replaces the program's loggers by the structured one, from `logging.level`
 * upwards. Effect's span logger stays, so that lines are span events as well.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<never, never, LogDestination | SelfStatistics> = Layer.unwrap(
  Effect.gen(function*() {
    const { logging } = yield* TelemetryConfig.Current
    const destination = yield* LogDestination
    const redaction = yield* Redaction.Current
    const countError = (yield* SelfStatistics).counter(
      "tasker_log_errors_total",
      "Log lines that could not be made.",
      []
    )
    const logger = Logger.make<unknown, void>((options) => {
      contain(() => destination.write(LogRecord.toJson(recordOf(options, redaction), redaction)), () => countError([]))
    })
    return Layer.mergeAll(
      Logger.layer([logger, Logger.tracerLogger]),
      Layer.succeed(References.MinimumLogLevel, logging.level)
    )
  })
)

/**
 * Whether a line of this level is written under a minimum.
 *
 * @category predicates
 * @since 0.1.0
 */
export const isWritten = (level: LogLevel.LogLevel, minimum: LogLevel.LogLevel): boolean =>
  minimum !== "None" && LogLevel.isGreaterThanOrEqualTo(level, minimum)

/** Characters of a stack trace that a line keeps. */
const longestStack = 8192

const recordOf = (options: Logger.Options<unknown>, redaction: Redaction.Redaction): LogRecord.LogRecord => {
  const parts = Array.isArray(options.message) ? options.message as ReadonlyArray<unknown> : [options.message]
  const texts: Array<string> = []
  const fields = Object.create(null) as Record<string, unknown>
  for (const part of parts) {
    if (typeof part === "string") texts.push(part)
    else if (isPlainObject(part)) copyInto(fields, part)
    else texts.push(describePart(part, redaction))
  }
  Object.assign(fields, options.fiber.getRef(References.CurrentLogAnnotations))
  for (const [label, start] of options.fiber.getRef(References.CurrentLogSpans)) {
    fields[`${label}_ms`] = options.date.getTime() - start
  }
  if (options.cause.reasons.length > 0) Object.assign(fields, causeFields(options.cause))
  return {
    time: options.date.getTime(),
    level: options.logLevel,
    message: texts.join(" "),
    ...LogRecord.contextOf(options.fiber),
    fields
  }
}

/** A getter that throws leaves its place marked. */
const copyInto = (fields: Record<string, unknown>, part: Readonly<Record<string, unknown>>): void => {
  for (const key of orElse(() => Object.keys(part), () => [])) {
    fields[key] = orElse(() => part[key], () => "[unreadable]")
  }
}

const isPlainObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  orElse(() => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return false
    const prototype: unknown = Object.getPrototypeOf(value)
    return prototype === Object.prototype || prototype === null
  }, () => false)

const describePart = (part: unknown, redaction: Redaction.Redaction): string =>
  orElse(() => part instanceof Error ? part.message : encodeJson(part, redaction), () => "[unreadable]")

const causeFields = (cause: Cause.Cause<unknown>): Record<string, unknown> => {
  const error = describeCause(cause)
  return {
    "error.type": error.type,
    "exception.message": error.message,
    "exception.stacktrace": orElse(() => Cause.pretty(cause), () => "").slice(0, longestStack)
  }
}
