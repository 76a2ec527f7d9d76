/**
 * Log lines in the vocabulary of tasks, steps, orchestration, performance,
 * exceptions, plugins and registries.
 *
 * **Details**
 *
 * Everything goes through Effect's own log, so level, redaction, context and
 * destination are those of any other line. What the caller gives as `context`
 * comes after the fields of the vocabulary and cannot replace them. No helper
 * fails, whatever it is given: what cannot be read is left out or marked.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as LogLevel from "effect/LogLevel"
import { describeError } from "../internal/describeError.ts"
import { line, measurement, occurrence, textOf, timing, within } from "./internal/StructuredLine.ts"

export { type PerformanceCategory, performanceCategory } from "./internal/PerformanceCategory.ts"

/**
 * Further fields of a line.
 *
 * @category models
 * @since 0.1.0
 */
export type Context = Readonly<Record<string, unknown>>

/**
 * Something happened to a task: `Task <event>` at level `Info`.
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
  within(
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
 * Something happened to a step: `Step <event>` at level `Info`; with a
 * `duration` also `duration_ms` and `performance_category`.
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
  readonly duration?: Duration.Input | undefined
  readonly context?: Context | undefined
}): Effect.Effect<void> =>
  within(
    options,
    line(() => ({
      message: `Step ${textOf(options.event)}`,
      fields: {
        entity_type: "step",
        entity_id: options.stepId,
        entity_name: options.stepName,
        event_type: options.event,
        step_status: options.status,
        ...timing(options.duration)
      },
      context: options.context
    }))
  )

/**
 * A stage of the loop that runs tasks: `Orchestration <event>` at level `Debug`.
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
 * A measurement: `Performance measurement`, at level `Warn` if it took longer
 * than `slowAfter` (one second by default), else at `Debug`.
 *
 * @category events
 * @since 0.1.0
 */
export const performance = (options: {
  readonly operation: string
  readonly duration: Duration.Input
  readonly slowAfter?: Duration.Input | undefined
  readonly context?: Context | undefined
}): Effect.Effect<void> => line(() => measurement({ entity_type: "performance" }, options))

/**
 * An exception: `Exception occurred: <class>`, at level `Error` unless another
 * is given. A `Cause` keeps its failures, defects and interruptions apart.
 *
 * @category events
 * @since 0.1.0
 */
export const exception = (error: unknown, options: {
  readonly level?: LogLevel.Severity | undefined
  readonly context?: Context | undefined
} = {}): Effect.Effect<void> => line(() => occurrence({ entity_type: "exception" }, error, options))

/**
 * A plugin, such as an exporter, as it stands in a line.
 *
 * @category models
 * @since 0.1.0
 */
export interface Plugin {
  readonly id: string
  readonly name: string
  readonly version?: string | undefined
  /** Name of the class or module it is made by. */
  readonly class?: string | undefined
}

/**
 * Something happened to a plugin: `Plugin <event>` at level `Info`.
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
 * A measurement of a plugin, as {@link performance}.
 *
 * @category events
 * @since 0.1.0
 */
export const pluginPerformance = (options: {
  readonly plugin: Plugin
  readonly operation: string
  readonly duration: Duration.Input
  readonly slowAfter?: Duration.Input | undefined
  readonly context?: Context | undefined
}): Effect.Effect<void> => line(() => measurement(pluginFields(options.plugin), options))

/**
 * An exception of a plugin, as {@link exception}.
 *
 * @category events
 * @since 0.1.0
 */
export const pluginException = (error: unknown, options: {
  readonly plugin: Plugin
  readonly level?: LogLevel.Severity | undefined
  readonly context?: Context | undefined
}): Effect.Effect<void> => line(() => occurrence(pluginFields(options.plugin), error, options))

/**
 * What a registry holds, as it stands in a line.
 *
 * @category models
 * @since 0.1.0
 */
export interface Entry {
  readonly registry: string
  readonly entityType: string
  readonly entityId: string
  /** Name of the class or module it is made by. */
  readonly entityClass?: string | undefined
  readonly options?: Context | undefined
  readonly context?: Context | undefined
}

/**
 * An entry was added to a registry, at level `Info`.
 *
 * @category events
 * @since 0.1.0
 */
export const registration = (entry: Entry): Effect.Effect<void> =>
  registry("Info", "Registered", entry, () => ({ event_type: "registered" }))

/**
 * An entry was removed from a registry, at level `Info`.
 *
 * @category events
 * @since 0.1.0
 */
export const unregistration = (entry: Entry): Effect.Effect<void> =>
  registry("Info", "Unregistered", entry, () => ({ event_type: "unregistered" }))

/**
 * A registry was used in some way, at level `Debug`.
 *
 * @category events
 * @since 0.1.0
 */
export const registryOperation = (operation: string, entry: Entry): Effect.Effect<void> =>
  registry("Debug", "Registry operation", entry, () => ({ event_type: operation }))

/**
 * A registry could not do what it was asked, at level `Error`.
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
 * An entry was refused by a registry, at level `Error`.
 *
 * @category events
 * @since 0.1.0
 */
export const validationFailure = (error: unknown, entry: Entry): Effect.Effect<void> =>
  registry("Error", "Validation failed", entry, () => ({
    event_type: "validation_failed",
    validation_error: describeError(error).message
  }))

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
