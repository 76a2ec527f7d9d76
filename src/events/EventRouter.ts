/**
 * Which signals an event becomes. A pure table; every event of the catalog has
 * a decision, or the table does not compile.
 *
 * @since 0.1.0
 */
import type * as EventCatalog from "./EventCatalog.ts"

/**
 * The signals an event is routed to.
 *
 * @category models
 * @since 0.1.0
 */
export interface EventRoute {
  readonly metrics: boolean
  readonly trace: boolean
  readonly log: boolean
}

/**
 * A route for every event of the catalog.
 *
 * @category models
 * @since 0.1.0
 */
export type RouteTable = { readonly [Name in EventCatalog.EventName]: EventRoute }

const everywhere: EventRoute = { metrics: true, trace: true, log: true }
const traceAndLog: EventRoute = { metrics: false, trace: true, log: true }
const logOnly: EventRoute = { metrics: false, trace: false, log: true }

/**
 * The default routes.
 *
 * **Details**
 *
 * Every event has a log line; its severity decides whether the line is written.
 * Transitions are span events as well. Metrics take what they count or time. A
 * step exists before its span does, so its initialization is no span event.
 *
 * @category tables
 * @since 0.1.0
 */
export const defaultRoutes: RouteTable = {
  "task.initialize_requested": traceAndLog,
  "task.start_requested": everywhere,
  "task.completed": everywhere,
  "task.failed": everywhere,
  "task.cancelled": everywhere,
  "task.resolved_manually": traceAndLog,
  "step.initialize_requested": logOnly,
  "step.execution_requested": everywhere,
  "step.completed": everywhere,
  "step.failed": everywhere,
  "step.retry_requested": everywhere,
  "step.cancelled": everywhere,
  "step.resolved_manually": traceAndLog,
  "workflow.viable_steps_discovered": traceAndLog,
  "workflow.no_viable_steps": traceAndLog,
  "workflow.steps_execution_started": logOnly,
  "workflow.steps_execution_completed": logOnly,
  "workflow.task_finalization_started": logOnly,
  "workflow.task_finalization_completed": logOnly,
  "observability.step.backoff": traceAndLog,
  "observability.step.max_retries_reached": traceAndLog
}
