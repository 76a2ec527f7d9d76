/**
 * Workflows written as Effects, and the telemetry that comes out of them.
 *
 * @since 0.1.0
 */
export * as Conventions from "./Conventions.ts"
export * as Correlation from "./Correlation.ts"
export { EventBus } from "./events/EventBus.ts"
export * as EventCatalog from "./events/EventCatalog.ts"
export { LogDestination } from "./logging/LogDestination.ts"
export * as MetricSnapshot from "./metrics/MetricSnapshot.ts"
export { MetricStore } from "./metrics/MetricStore.ts"
export * as PrometheusFormat from "./metrics/PrometheusFormat.ts"
export * as Redaction from "./Redaction.ts"
export * as RetryPolicy from "./RetryPolicy.ts"
export * as Telemetry from "./Telemetry.ts"
export { TelemetryLive } from "./Telemetry.ts"
export * as TelemetryConfig from "./TelemetryConfig.ts"
export * as Step from "./workflow/Step.ts"
export { PermanentError, RetryableError } from "./workflow/StepError.ts"
export * as StepError from "./workflow/StepError.ts"
export * as Task from "./workflow/Task.ts"
export { TaskError } from "./workflow/TaskError.ts"
export { TaskRunner } from "./workflow/TaskRunner.ts"
export { TaskStore } from "./workflow/TaskStore.ts"
