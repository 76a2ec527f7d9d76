/**
 * Writes Effect's log as lines with the ids of correlation, trace, task and step.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import type * as LogLevel from "effect/LogLevel"
import * as References from "effect/References"
import type * as Tracer from "effect/Tracer"
import { describeCause, describeError, isError } from "../../internal/describeError.ts"
import { guardCall, isPlainObject, orElse, readOr } from "../../internal/guard.ts"
import { SelfStatistics } from "../../internal/SelfStatistics.ts"
import { setField } from "../../internal/setField.ts"
import { encodeJson, searchedText } from "../../redaction/internal/encodeJson.ts"
import { copyFields } from "../../redaction/internal/payloadFields.ts"
import * as RedactingSpan from "../../redaction/internal/RedactingSpan.ts"
import * as Redaction from "../../redaction/Redaction.ts"
import { LogLevels, reaches } from "../LogLevels.ts"
import * as LogRecord from "./LogRecord.ts"
import { LogWriter } from "./LogWriter.ts"

/**
 * Replaces the program's loggers by the structured one. Each line is also an
 * event of its span.
 *
 * **Details**
 *
 * The texts of a message are joined. Its plain objects become fields. Then follow
 * annotations, log spans as `<label>_ms`, and the cause. If a field and an
 * annotation or log span have the same name, the field wins. The annotation
 * `component` names the part of the program that logs.
 *
 * With `logging.runtimeLevels`, a region may set `MinimumLogLevel` below the
 * configured level. Then its lines are written, even if the run-time level is
 * higher. A region cannot use `All`, which is the layer's own level; it uses
 * `Trace`.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<never, never, LogWriter | LogLevels | SelfStatistics> = Layer.unwrap(
  Effect.gen(function*() {
    const writer = yield* LogWriter
    const levels = yield* LogLevels
    const redaction = yield* Redaction.Current
    const countError = (yield* SelfStatistics).counter(
      "tasker_log_errors_total",
      "Log lines that could not be made.",
      []
    )
    /** In a region whose level is below the configured one, that level decides. Effect has applied it already. */
    const isLowered = (level: LogLevel.LogLevel) => level !== everything && !reaches(level, levels.minimum)
    let context: Fiber.Fiber<unknown, unknown>["context"] | undefined
    let origin = nowhere
    const log = (options: Logger.Options<unknown>) => {
      if (options.fiber.context !== context) {
        origin = originOf(options.fiber, isLowered)
        context = options.fiber.context
      }
      const time = options.date.getTime()
      // Effect has checked fixed levels already.
      if (levels.runtime && !origin.isLowered && !levels.isWritten(options.logLevel, origin.component, time)) return
      const record = recordOf(options, origin, time, redaction)
      writer.write(record)
      if (record.span?._tag === "Span" && record.span.sampled) addEvent(record.span, record, options.fiber, redaction)
    }
    const onError = () => countError([])
    const logger = Logger.make<unknown, void>((options) => guardCall(log, options, onError))
    return Layer.mergeAll(
      Logger.layer([logger]),
      // The logger checks levels that change. Effect checks fixed levels at the lowest cost.
      Layer.succeed(References.MinimumLogLevel, levels.runtime ? everything : levels.minimum)
    )
  })
)

/** The level for Effect if levels change at run time. */
const everything = "All"

const longestEventName = 1024

/** The message is the name of the event, as in Effect's own span logger, but masked and without the fields. */
const addEvent = (
  span: Tracer.Span,
  record: LogRecord.LogRecord,
  fiber: Fiber.Fiber<unknown, unknown>,
  redaction: Redaction.Redaction
) => {
  const attributes: Record<string, unknown> = { "log.level": LogRecord.levelNames[record.level] }
  const { fields, message } = record
  const redacts = RedactingSpan.redactsBy(span, redaction)
  for (const key of Object.keys(fields)) {
    const value = readOr(fields, key, redaction.mask)
    attributes[key] = redacts ? value : redaction.apply(key, value)
  }
  span.event(
    redacts && message.length <= longestEventName ? message : searchedText(message, longestEventName, redaction.text),
    fiber.getRef(Clock.Clock).currentTimeNanosUnsafe(),
    attributes
  )
}

/**
 * What a context says about the lines of its fibers. A context never changes, so it is read once for successive lines.
 */
interface Origin extends Pick<LogRecord.LogRecord, "component" | "correlationId" | "isLocal" | "span" | "workflow"> {
  readonly annotations: Readonly<Record<string, unknown>>
  readonly spans: ReadonlyArray<readonly [label: string, start: number]>
  /** Whether annotations or log spans add fields to a line. */
  readonly addsFields: boolean
  /** Whether a region has lowered the level of its lines. */
  readonly isLowered: boolean
}

const noFields: Readonly<Record<string, unknown>> = {}

const nowhere: Origin = {
  component: undefined,
  correlationId: undefined,
  span: undefined,
  workflow: undefined,
  isLocal: false,
  annotations: noFields,
  spans: [],
  addsFields: false,
  isLowered: false
}

const originOf = (
  fiber: Fiber.Fiber<unknown, unknown>,
  isLowered: (level: LogLevel.LogLevel) => boolean
): Origin => {
  const annotations = fiber.getRef(References.CurrentLogAnnotations)
  const spans = fiber.getRef(References.CurrentLogSpans)
  const { component } = annotations
  const { correlationId, isLocal, span, workflow } = LogRecord.contextOf(fiber)
  return {
    component: typeof component === "string" ? component : undefined,
    correlationId,
    isLocal,
    span,
    workflow,
    annotations,
    spans,
    addsFields: spans.length > 0 || Object.keys(annotations).length > 0,
    isLowered: isLowered(fiber.cache.minimumLogLevel)
  }
}

const recordOf = (
  options: Logger.Options<unknown>,
  origin: Origin,
  time: number,
  redaction: Redaction.Redaction
): LogRecord.LogRecord => {
  const parts: ReadonlyArray<unknown> = Array.isArray(options.message) ? options.message : [options.message]
  let message = ""
  let objects = 0
  let fields = noFields
  let error: Error | undefined
  for (let index = 0; index < parts.length; index++) {
    const part = parts[index]
    if (typeof part === "string") message = index === 0 ? part : `${message} ${part}`
    else if (isPlainObject(part)) fields = ++objects === 1 ? part : merge(fields, part)
    else {
      if (isError(part)) error ??= part
      message += (message === "" ? "" : " ") + textOf(part, redaction)
    }
  }
  // Without a cause, an error among the parts is written as one.
  const cause = error === undefined || options.cause.reasons.length > 0 ? options.cause : Cause.fail(error)
  return {
    time,
    level: options.logLevel,
    message: message === "" && cause.reasons.length > 0 ? describeCause(cause).message : message,
    component: origin.component,
    correlationId: origin.correlationId,
    span: origin.span,
    workflow: origin.workflow,
    eventName: undefined,
    isLocal: origin.isLocal,
    fields: origin.addsFields || cause.reasons.length > 0 ? withMore(cause, fields, origin, time, redaction) : fields
  }
}

const merge = (left: Readonly<Record<string, unknown>>, right: Readonly<Record<string, unknown>>) =>
  assignFields(copyFields(left), copyFields(right))

const assignFields = (fields: Record<string, unknown>, more: Readonly<Record<string, unknown>>) => {
  for (const key of Object.keys(more)) setField(fields, key, more[key])
  return fields
}

/** Adds annotations, log spans and the cause. Most lines have none of them and keep their object. */
const withMore = (
  cause: Cause.Cause<unknown>,
  own: Readonly<Record<string, unknown>>,
  { annotations, spans }: Origin,
  time: number,
  redaction: Redaction.Redaction
): Readonly<Record<string, unknown>> => {
  const fields = copyFields(own)
  for (const key in annotations) {
    if (key !== "component" && !Object.hasOwn(fields, key)) setField(fields, key, annotations[key])
  }
  for (const [label, start] of spans) {
    const key = `${label}_ms`
    if (!Object.hasOwn(fields, key)) setField(fields, key, time - start)
  }
  return cause.reasons.length === 0 ? fields : assignFields(fields, LogRecord.causeFields(cause, redaction))
}

/** Encoded by keys: in a text, only secrets of a known shape would be found. */
const textOf = (part: unknown, redaction: Redaction.Redaction): string =>
  orElse(() => {
    if (isError(part)) return describeError(part).message
    const json = encodeJson(part, redaction)
    // A date or a URL becomes a word of the message, not JSON.
    return typeof part === "object" && json.startsWith("\"") ? JSON.parse(json) as string : json
  }, () => "[unreadable]")
