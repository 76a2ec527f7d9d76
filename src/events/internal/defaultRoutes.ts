/**
 * The decision for every event of the catalog.
 *
 * @internal
 */
import type * as EventCatalog from "../EventCatalog.ts"
import * as EventRoute from "../EventRoute.ts"

const everywhere = EventRoute.to(["metrics", "trace", "log"])
const metricsAndLog = EventRoute.to(["metrics", "log"])
const traceAndLog = EventRoute.to(["trace", "log"])
const logOnly = EventRoute.to(["log"])

/**
 * An event of the catalog that is neither routed nor given `EventRoute.ignored`
 * does not compile.
 */
export const defaultRoutes: { readonly [Name in EventCatalog.EventName]: EventRoute.EventRoute } = {
  "task.initialize_requested": everywhere,
  "task.start_requested": everywhere,
  "task.completed": everywhere,
  "task.failed": everywhere,
  "task.cancelled": everywhere,
  "task.resolved_manually": everywhere,
  // A step exists before its span does.
  "step.initialize_requested": logOnly,
  "step.execution_requested": everywhere,
  "step.completed": everywhere,
  "step.failed": everywhere,
  "step.retry_requested": everywhere,
  "step.cancelled": everywhere,
  "step.resolved_manually": everywhere,
  "workflow.viable_steps_discovered": everywhere,
  "workflow.no_viable_steps": everywhere,
  "workflow.steps_execution_started": metricsAndLog,
  "workflow.steps_execution_completed": metricsAndLog,
  "workflow.task_reenqueue_delayed": everywhere,
  "workflow.task_finalization_started": logOnly,
  "workflow.task_finalization_completed": logOnly,
  "dependency.resolved": traceAndLog,
  // Published outside of the run's own trace.
  "observability.task.enqueue": EventRoute.to(["metrics", "log"], { priority: "high" }),
  "observability.step.backoff": everywhere,
  "observability.step.skip": everywhere,
  "observability.step.max_retries_reached": EventRoute.to(["metrics", "trace", "log"], { priority: "high" })
}

/** Events of a program; a rule that measures one implies its route to metrics. */
export const customRoute: EventRoute.EventRoute = traceAndLog
