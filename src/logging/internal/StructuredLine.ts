/**
 * How the helpers of `StructuredLog` make their lines.
 *
 * @internal
 */
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as LogLevel from "effect/LogLevel"
import * as Option from "effect/Option"
import * as Correlation from "../../Correlation.ts"
import { causesOf, describeCause, framesOf, mainReason, tellingError, valueOf } from "../../internal/describeError.ts"
import { orElse } from "../../internal/guard.ts"
import { setField } from "../../internal/setField.ts"
import * as LogRecord from "./LogRecord.ts"
import { performanceCategory } from "./PerformanceCategory.ts"

type Context = Readonly<Record<string, unknown>>

interface Line {
  readonly level?: LogLevel.Severity | undefined
  readonly message: string
  readonly fields: Record<string, unknown>
  readonly context?: Context | undefined
  readonly cause?: Cause.Cause<unknown> | undefined
}

/** Callers without types may give anything. */
const unreadable = (): Line => ({ message: "[a line that cannot be made of its arguments]", fields: {} })

export const line = (make: () => Line): Effect.Effect<void> =>
  Effect.suspend(() => {
    const { cause = Cause.empty, context, fields, level, message } = orElse(make, unreadable)
    const known: Record<string, unknown> = {}
    for (const key of Object.keys(fields)) if (fields[key] !== undefined) known[key] = fields[key]
    const further = typeof context === "object" && context !== null ? LogRecord.copyFields(context) : {}
    for (const key of Object.keys(further)) {
      if (!Object.hasOwn(known, key)) setField(known, key, further[key])
    }
    return Effect.logWithLevel(levels.has(level) ? level : "Info")(message, known, cause)
  })

const levels: ReadonlySet<LogLevel.Severity | undefined> = new Set(["Trace", "Debug", "Info", "Warn", "Error", "Fatal"])

export const textOf = (value: unknown): string => typeof value === "string" ? value : typeof value

/** The ids of a line are those of its context; the helpers speak of a task or step from outside of it, too. */
export const within = (
  options: { readonly taskId: string; readonly taskName: string } & Partial<Correlation.WorkflowContext>,
  effect: Effect.Effect<void>
): Effect.Effect<void> =>
  Effect.updateService(effect, Correlation.CurrentWorkflow, (current) =>
    orElse(() => {
      const { attempt, stepId, stepName, taskId, taskName } = options
      if (typeof taskId !== "string" || typeof taskName !== "string") return current
      if (current?.taskId === taskId && (stepId === undefined || current.stepId === stepId)) return current
      return typeof stepId === "string" && typeof stepName === "string"
        ? { taskId, taskName, stepId, stepName, ...(typeof attempt === "number" ? { attempt } : {}) }
        : { taskId, taskName }
    }, () => current))

/** Milliseconds with two decimals, as the original has them. */
export const timing = (input: unknown): Record<string, unknown> => {
  const duration = durationOf(input)
  return duration === undefined
    ? {}
    : {
      duration_ms: Math.round(Duration.toMillis(duration) * 100) / 100,
      performance_category: performanceCategory(duration)
    }
}

const durationOf = (input: unknown): Duration.Duration | undefined => {
  const duration = orElse(() => Option.getOrUndefined(Duration.fromInput(input as Duration.Input)), () => undefined)
  return duration !== undefined && Number.isFinite(Duration.toMillis(duration)) ? duration : undefined
}

/** From here on something is slow unless the caller says otherwise. */
const slowAfter = Duration.seconds(1)

export const measurement = (entity: Record<string, unknown>, options: {
  readonly operation: string
  readonly duration: Duration.Input
  readonly slowAfter?: Duration.Input | undefined
  readonly context?: Context | undefined
}): Line => {
  const duration = durationOf(options.duration)
  const isSlow = duration !== undefined && Duration.isGreaterThan(duration, durationOf(options.slowAfter) ?? slowAfter)
  return {
    level: isSlow ? "Warn" : "Debug",
    message: "Performance measurement",
    fields: { ...entity, operation: options.operation, ...timing(duration), is_slow: isSlow },
    context: options.context
  }
}

export const occurrence = (entity: Record<string, unknown>, error: unknown, options: {
  readonly level?: LogLevel.Severity | undefined
  readonly context?: Context | undefined
}): Line => {
  const isCause = orElse(() => Cause.isCause(error), () => false)
  const cause = isCause ? error as Cause.Cause<unknown> : Cause.fail(error)
  const { message, type } = describeCause(cause)
  return {
    level: options.level ?? "Error",
    message: `Exception occurred: ${type}`,
    fields: { ...entity, exception_class: type, exception_message: message, backtrace: backtraceOf(cause) },
    context: options.context,
    cause
  }
}

const mostFrames = 10
const mostForeignFrames = 3

/** Frames of the program, and the first three of libraries and the platform. */
const backtraceOf = (cause: Cause.Cause<unknown>): ReadonlyArray<string> => {
  const reason = mainReason(cause)
  if (reason === undefined) return []
  const error = tellingError(valueOf(reason))
  let foreign = 0
  return [error, ...causesOf(error)].map(framesOf).join("\n").split("\n")
    .map((frame) => frame.trim())
    .filter((frame) => frame !== "")
    .filter((frame) => !/node_modules|\(?node:/.test(frame) || ++foreign <= mostForeignFrames)
    .slice(0, mostFrames)
}
