/**
 * The default route of every event of the catalog.
 */
import type * as EventCatalog from "../EventCatalog.ts"
import * as EventRoute from "./EventRoute.ts"

const everywhere = EventRoute.to(["metrics", "trace", "log"])
const metricsAndLog = EventRoute.to(["metrics", "log"])
const traceAndLog = EventRoute.to(["trace", "log"])
const logOnly = EventRoute.to(["log"])

/** If an event of the catalog has neither a route nor `EventRoute.ignored`, this does not compile. */
export const defaultRoutes: { readonly [Name in EventCatalog.EventName]: EventRoute.EventRoute } = {
  "task.initialize_requested": everywhere,
  "task.start_requested": everywhere,
  "task.completed": everywhere,
  "task.failed": everywhere,
  "task.cancelled": everywhere,
  "task.resolved_manually": everywhere,
  // At this event the step has no span yet.
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
  // The event is published outside of the run's trace.
  "observability.task.enqueue": EventRoute.to(["metrics", "log"], { priority: "high" }),
  // A span event would be sent with the span, at the end of the run.
  "observability.task.heartbeat": logOnly,
  "observability.task.stale": logOnly,
  "observability.step.backoff": everywhere,
  "observability.step.skip": everywhere,
  "observability.step.max_retries_reached": EventRoute.to(["metrics", "trace", "log"], { priority: "high" }),
  "observability.analysis.completed": logOnly,
  "observability.bottleneck.detected": logOnly,
  "tasker.telemetry.cache_synced": logOnly,
  "tasker.telemetry.export_requested": logOnly,
  "tasker.telemetry.export_completed": logOnly,
  "tasker.telemetry.export_failed": logOnly,
  "tasker.telemetry.plugin_registered": logOnly,
  "tasker.telemetry.plugin_unregistered": logOnly,
  // The monitor counts them itself, with the ones that have no event of their own.
  "performance.slow_operation": EventRoute.to(["trace", "log"], { priority: "high" }),
  "memory.spike_detected": EventRoute.to(["trace", "log"], { priority: "high" }),
  // A statement is already a span. A tenth of them is enough to see them in the span of their step.
  "database.query_executed": EventRoute.to(["metrics", "trace"], { samplingRate: 0.1, priority: "low" }),
  "performance.slow_query": EventRoute.to(["metrics", "trace", "log"], { priority: "high" }),
  "performance.query_finding": EventRoute.to(["metrics", "trace", "log"], { priority: "high" })
}

/** The route of events of a program. A rule that measures an event adds its route to metrics. */
export const customRoute: EventRoute.EventRoute = traceAndLog
