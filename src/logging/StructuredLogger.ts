/**
 * Effect's loggers, written as lines with the ids of correlation, trace, task
 * and step.
 *
 * @since 0.1.0
 */
import type * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as References from "effect/References"
import { contain, orElse } from "../internal/contain.ts"
import { encodeJson } from "../internal/encodeJson.ts"
import { SelfStatistics } from "../internal/SelfStatistics.ts"
import * as ExceptionFields from "./ExceptionFields.ts"
import { LogLevels } from "./LogLevels.ts"
import * as LogRecord from "./LogRecord.ts"
import { LogWriter } from "./LogWriter.ts"

/**
 * Replaces the program's loggers by the structured one. Effect's span logger
 * stays, so that lines are span events as well.
 *
 * **Details**
 *
 * The texts of a message are joined; plain objects among its parts become
 * fields, then annotations, then log spans as `<label>_ms`, then the cause. The
 * annotation `component` names the part of the program that speaks.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<never, never, LogWriter | LogLevels | SelfStatistics> = Layer.unwrap(
  Effect.gen(function*() {
    const writer = yield* LogWriter
    const levels = yield* LogLevels
    const countError = (yield* SelfStatistics).counter(
      "tasker_log_errors_total",
      "Log lines that could not be made.",
      []
    )
    const onError = () => countError([])
    const logger = Logger.make<unknown, void>((options) =>
      contain(() => {
        const annotations = options.fiber.getRef(References.CurrentLogAnnotations)
        const component = componentOf(annotations)
        const time = options.date.getTime()
        if (levels.isWritten(options.logLevel, component, time)) writer.write(recordOf(options, annotations, component, time))
      }, onError)
    )
    return Layer.mergeAll(
      Logger.layer([logger, Logger.tracerLogger]),
      // Levels that change are decided in the logger; fixed ones cost least where Effect decides.
      Layer.succeed(References.MinimumLogLevel, levels.runtime ? "All" : levels.minimum)
    )
  })
)

const componentOf = (annotations: Readonly<Record<string, unknown>>): string | undefined => {
  const component = annotations["component"]
  return typeof component === "string" ? component : undefined
}

const recordOf = (
  options: Logger.Options<unknown>,
  annotations: Readonly<Record<string, unknown>>,
  component: string | undefined,
  time: number
): LogRecord.LogRecord => {
  const parts: ReadonlyArray<unknown> = Array.isArray(options.message) ? options.message : [options.message]
  let message = ""
  let objects: Array<Readonly<Record<string, unknown>>> | undefined
  for (const part of parts) {
    if (isPlainObject(part)) (objects ??= []).push(part)
    else message += (message === "" ? "" : " ") + textOf(part)
  }
  return {
    time,
    level: options.logLevel,
    message,
    component,
    ...LogRecord.contextOf(options.fiber),
    fields: fieldsOf(options, objects, annotations, time)
  }
}

const noFields: Readonly<Record<string, unknown>> = {}

const fieldsOf = (
  options: Logger.Options<unknown>,
  objects: ReadonlyArray<Readonly<Record<string, unknown>>> | undefined,
  annotations: Readonly<Record<string, unknown>>,
  time: number
): Readonly<Record<string, unknown>> => {
  const fields: Record<string, unknown> = {}
  for (const object of objects ?? [noFields]) copyInto(fields, object)
  for (const key in annotations) {
    if (key !== "component") fields[key] = annotations[key]
  }
  for (const [label, start] of options.fiber.getRef(References.CurrentLogSpans)) fields[`${label}_ms`] = time - start
  return options.cause.reasons.length === 0 ? fields : withCause(fields, options.cause)
}

const withCause = (fields: Record<string, unknown>, cause: Cause.Cause<unknown>) =>
  Object.assign(fields, ExceptionFields.make(cause))

/** Members are read here, once: a getter that throws costs its own member only. */
const copyInto = (fields: Record<string, unknown>, object: Readonly<Record<string, unknown>>) => {
  for (const key of orElse(() => Object.keys(object), () => [])) {
    const value = orElse(() => object[key], () => "[unreadable]")
    if (key === "__proto__") Object.defineProperty(fields, key, { value, enumerable: true })
    else fields[key] = value
  }
}

const isPlainObject = (value: unknown): value is Readonly<Record<string, unknown>> => {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false
  return orElse(() => {
    const prototype: unknown = Object.getPrototypeOf(value)
    return prototype === Object.prototype || prototype === null
  }, () => false)
}

const textOf = (part: unknown): string =>
  typeof part === "string"
    ? part
    : orElse(() => part instanceof Error ? part.message : encodeJson(part), () => "[unreadable]")
