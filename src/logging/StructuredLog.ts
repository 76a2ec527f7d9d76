/**
 * Log lines with fixed fields for tasks, steps, orchestration, performance,
 * exceptions, plugins and registries.
 *
 * **Details**
 *
 * Each helper writes one line to Effect's own log. Level, redaction, context and
 * destination are the same as for any other line. The fields of `context` follow
 * the fixed fields and cannot replace them. No helper fails, even if a caller
 * without types gives wrong arguments: an unreadable value is left out or marked.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as LogLevel from "effect/LogLevel"
import { toDuration } from "../config/internal/durationInput.ts"
import * as Correlation from "../Correlation.ts"
import { backtraceOf, describeCause, describeError } from "../internal/describeError.ts"
import { orElse } from "../internal/guard.ts"
import { setField } from "../internal/setField.ts"
import type { DurationSuchAs } from "../internal/typeMessages.ts"
import { copyFields } from "../redaction/internal/payloadFields.ts"

/**
 * Further fields of a line.
 *
 * @category models
 * @since 0.1.0
 */
export type Context = Readonly<Record<string, unknown>>

/**
 * Writes `Task <event>` at level `Info`.
 *
 * **Example** (A task that was enqueued)
 *
 * ```ts
 * import * as StructuredLog from "tasker-telemetry/logging/StructuredLog"
 *
 * const line = StructuredLog.task({
 *   event: "enqueued",
 *   taskId: "t-1",
 *   taskName: "process_order",
 *   status: "pending",
 *   context: { queue: "default" }
 * })
 * ```
 *
 * @category events
 * @since 0.1.0
 */
export const task = (options: {
  readonly event: string
  readonly taskId: string
  readonly taskName: string
  readonly status?: string | undefined
  readonly context?: Context | undefined
}): Effect.Effect<void> =>
  withWorkflow(
    options,
    line(() => ({
      message: `Task ${textOf(options.event)}`,
      fields: {
        entity_type: "task",
        entity_id: options.taskId,
        entity_name: options.taskName,
        event_type: options.event,
        task_status: options.status
      },
      context: options.context
    }))
  )

/**
 * Writes `Step <event>` at level `Info`. With a `duration` the line also has
 * `duration_ms` and `performance_category`.
 *
 * @category events
 * @since 0.1.0
 */
export const step = (options: {
  readonly event: string
  readonly stepId: string
  readonly stepName: string
  readonly taskId: string
  readonly taskName: string
  readonly attempt?: number | undefined
  readonly status?: string | undefined
  readonly duration?: DurationSuchAs<"15 millis"> | undefined
  readonly context?: Context | undefined
}): Effect.Effect<void> =>
  withWorkflow(
    options,
    line(() => ({
      message: `Step ${textOf(options.event)}`,
      fields: {
        entity_type: "step",
        entity_id: options.stepId,
        entity_name: options.stepName,
        event_type: options.event,
        step_status: options.status,
        ...durationFields(options.duration)
      },
      context: options.context
    }))
  )

/**
 * Writes `Orchestration <event>` at level `Debug`, for a stage of the loop that
 * runs tasks.
 *
 * @category events
 * @since 0.1.0
 */
export const orchestration = (options: {
  readonly operation: string
  readonly event: string
  readonly context?: Context | undefined
}): Effect.Effect<void> =>
  line(() => ({
    level: "Debug",
    message: `Orchestration ${textOf(options.event)}`,
    fields: { entity_type: "orchestration", operation: options.operation, event_type: options.event },
    context: options.context
  }))

/**
 * Writes `Performance measurement`. The level is `Warn` if the operation took
 * longer than `slowAfter` (one second by default), else `Debug`.
 *
 * @category events
 * @since 0.1.0
 */
export const performance = (options: {
  readonly operation: string
  readonly duration: DurationSuchAs<"15 millis">
  readonly slowAfter?: DurationSuchAs<"1 second"> | undefined
  readonly context?: Context | undefined
}): Effect.Effect<void> => line(() => performanceLine({ entity_type: "performance" }, options))

/**
 * How long something took, in words.
 *
 * @internal
 */
export type PerformanceCategory = "fast" | "moderate" | "slow" | "very_slow"

/**
 * Gives the category of a duration: below 0.1 s `fast`, below 1 s `moderate`,
 * below 5 s `slow`, else `very_slow`.
 *
 * @internal
 */
export const performanceCategory = (duration: DurationSuchAs<"15 millis">): PerformanceCategory => {
  const millis = Duration.toMillis(duration)
  return millis < 100 ? "fast" : millis < 1000 ? "moderate" : millis < 5000 ? "slow" : "very_slow"
}

/**
 * Writes `Exception occurred: <class>`, at level `Error` unless `level` is given.
 * The line of a `Cause` names its failures, defects and interruptions separately.
 *
 * @category events
 * @since 0.1.0
 */
export const exception = (error: unknown, options: {
  readonly level?: LogLevel.Severity | undefined
  readonly context?: Context | undefined
} = {}): Effect.Effect<void> => line(() => exceptionLine({ entity_type: "exception" }, error, options))

/**
 * A plugin, such as an exporter, that a line is about.
 *
 * @category models
 * @since 0.1.0
 */
export interface Plugin {
  readonly id: string
  readonly name: string
  readonly version?: string | undefined
  /** Name of the class or module that implements the plugin. */
  readonly class?: string | undefined
}

/**
 * Writes `Plugin <event>` at level `Info`.
 *
 * @category events
 * @since 0.1.0
 */
export const plugin = (options: {
  readonly plugin: Plugin
  readonly event: string
  readonly context?: Context | undefined
}): Effect.Effect<void> =>
  line(() => ({
    message: `Plugin ${textOf(options.event)}`,
    fields: { ...pluginFields(options.plugin), event_type: options.event },
    context: options.context
  }))

/**
 * Writes a measurement of a plugin, as {@link performance} does.
 *
 * @category events
 * @since 0.1.0
 */
export const pluginPerformance = (
  options: Parameters<typeof performance>[0] & { readonly plugin: Plugin }
): Effect.Effect<void> => line(() => performanceLine(pluginFields(options.plugin), options))

/**
 * Writes an exception of a plugin, as {@link exception} does.
 *
 * @category events
 * @since 0.1.0
 */
export const pluginException = (
  error: unknown,
  options: NonNullable<Parameters<typeof exception>[1]> & { readonly plugin: Plugin }
): Effect.Effect<void> => line(() => exceptionLine(pluginFields(options.plugin), error, options))

/**
 * An entry of a registry.
 *
 * @category models
 * @since 0.1.0
 */
export interface Entry {
  readonly registry: string
  readonly entityType: string
  readonly entityId: string
  /** Name of the class or module that implements the entry. */
  readonly entityClass?: string | undefined
  readonly options?: Context | undefined
  readonly context?: Context | undefined
}

/**
 * Says at level `Info` that an entry was added to a registry.
 *
 * @category events
 * @since 0.1.0
 */
export const registration = (entry: Entry): Effect.Effect<void> =>
  registry("Info", "Registered", entry, () => ({ event_type: "registered" }))

/**
 * Says at level `Info` that an entry was removed from a registry.
 *
 * @category events
 * @since 0.1.0
 */
export const unregistration = (entry: Entry): Effect.Effect<void> =>
  registry("Info", "Unregistered", entry, () => ({ event_type: "unregistered" }))

/**
 * Says at level `Debug` that `operation` was called on a registry.
 *
 * @category events
 * @since 0.1.0
 */
export const registryOperation = (operation: string, entry: Entry): Effect.Effect<void> =>
  registry("Debug", "Registry operation", entry, () => ({ event_type: operation }))

/**
 * Says at level `Error` that `operation` failed on a registry.
 *
 * @category events
 * @since 0.1.0
 */
export const registryError = (operation: string, error: unknown, entry: Entry): Effect.Effect<void> =>
  registry("Error", "Registry error", entry, () => {
    const { message, type } = describeError(error)
    return { event_type: operation, error: message, error_class: type }
  })

/**
 * Says at level `Error` that a registry refused an entry.
 *
 * @category events
 * @since 0.1.0
 */
export const validationFailure = (error: unknown, entry: Entry): Effect.Effect<void> =>
  registry("Error", "Validation failed", entry, () => ({
    event_type: "validation_failed",
    validation_error: describeError(error).message
  }))

interface Line {
  readonly level?: LogLevel.Severity | undefined
  readonly message: string
  readonly fields: Record<string, unknown>
  readonly context?: Context | undefined
  readonly cause?: Cause.Cause<unknown> | undefined
}

const levels: ReadonlySet<LogLevel.Severity | undefined> = new Set(["Trace", "Debug", "Info", "Warn", "Error", "Fatal"])

const unreadable: Line = { message: "[a line that cannot be made of its arguments]", fields: {} }

const line = (make: () => Line): Effect.Effect<void> =>
  Effect.suspend(() => {
    const { cause = Cause.empty, context, fields: all, level, message } = orElse(make, () => unreadable)
    const fields: Record<string, unknown> = {}
    for (const key of Object.keys(all)) if (all[key] !== undefined) fields[key] = all[key]
    const further = typeof context === "object" && context !== null ? copyFields(context) : {}
    for (const key of Object.keys(further)) if (!Object.hasOwn(fields, key)) setField(fields, key, further[key])
    return Effect.logWithLevel(levels.has(level) ? level : "Info")(message, fields, cause)
  })

const textOf = (value: unknown): string => typeof value === "string" ? value : typeof value

/** A line gets its ids from its fiber. So a line about another task or step needs that task or step in its fiber. */
const withWorkflow = (
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

const finiteDuration = (input: unknown): Duration.Duration | undefined => {
  const duration = toDuration(input)
  return duration !== undefined && Number.isFinite(Duration.toMillis(duration)) ? duration : undefined
}

const durationFields = (input: unknown): Record<string, unknown> => {
  const duration = finiteDuration(input)
  if (duration === undefined) return {}
  const duration_ms = Math.round(Duration.toMillis(duration) * 100) / 100
  return { duration_ms, performance_category: performanceCategory(duration) }
}

const performanceLine = (entity: Record<string, unknown>, options: Parameters<typeof performance>[0]): Line => {
  const duration = finiteDuration(options.duration)
  const slowAfter = finiteDuration(options.slowAfter) ?? Duration.seconds(1)
  const isSlow = duration !== undefined && Duration.isGreaterThan(duration, slowAfter)
  return {
    level: isSlow ? "Warn" : "Debug",
    message: "Performance measurement",
    fields: { ...entity, operation: options.operation, ...durationFields(duration), is_slow: isSlow },
    context: options.context
  }
}

const exceptionLine = (
  entity: Record<string, unknown>,
  error: unknown,
  { context, level = "Error" }: NonNullable<Parameters<typeof exception>[1]>
): Line => {
  const isCause = orElse(() => Cause.isCause(error), () => false)
  const cause = isCause ? error as Cause.Cause<unknown> : Cause.fail(error)
  const { message, type } = describeCause(cause)
  return {
    level,
    message: `Exception occurred: ${type}`,
    fields: { ...entity, exception_class: type, exception_message: message, backtrace: backtraceOf(cause) },
    context,
    cause
  }
}

const pluginFields = ({ class: className, id, name, version }: Plugin): Record<string, unknown> => ({
  entity_type: "telemetry_plugin",
  entity_id: id,
  plugin_name: name,
  plugin_version: version,
  plugin_class: className
})

const registry = (
  level: LogLevel.Severity,
  message: string,
  entry: Entry,
  more: () => Record<string, unknown>
): Effect.Effect<void> =>
  line(() => ({
    level,
    message: `${message}: ${textOf(entry.entityType)} ${textOf(entry.entityId)}`,
    fields: {
      entity_type: entry.entityType,
      entity_id: entry.entityId,
      entity_class: entry.entityClass,
      registry_name: entry.registry,
      options: entry.options,
      ...more()
    },
    context: entry.context
  }))
