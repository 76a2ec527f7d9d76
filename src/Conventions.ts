/**
 * The names this library emits: span names, attribute keys and metric names.
 *
 * Every producer takes its names from here, so that dashboards, alert rules and
 * tests can do the same and a rename is one edit.
 *
 * **Details**
 *
 * Span names are low-cardinality and never contain an id; ids are attributes.
 * Metric names follow the Prometheus naming rules: `tasker_` prefix, base units
 * (`_seconds`), `_total` on counters.
 *
 * @since 0.1.0
 */

/**
 * Span names, outermost first.
 *
 * **When to use**
 *
 * Use to select our spans in a span processor, a test or a query.
 *
 * **Example** (Recognising a step span)
 *
 * ```ts
 * import * as Conventions from "tasker-telemetry/Conventions"
 *
 * const isStep = (span: { readonly name: string }) => span.name === Conventions.SpanName.step
 * ```
 *
 * @category constants
 * @since 0.1.0
 */
export const SpanName = {
  task: "tasker.task.execution",
  orchestration: "tasker.workflow.orchestration",
  dependencyResolution: "tasker.dependency.resolution",
  batch: "tasker.batch.execution",
  step: "tasker.step.execution",
  stateTransition: "tasker.state.transition"
} as const

/**
 * Attribute keys of our spans and span events.
 *
 * **Details**
 *
 * `error.type` is the OpenTelemetry semantic convention; the others live in the
 * `tasker` namespace. Durations are seconds, counts are integers.
 *
 * @see https://opentelemetry.io/docs/specs/semconv/registry/attributes/error/
 * @category constants
 * @since 0.1.0
 */
export const Attribute = {
  taskId: "tasker.task.id",
  taskName: "tasker.task.name",
  taskNamespace: "tasker.task.namespace",
  taskVersion: "tasker.task.version",
  taskStatus: "tasker.task.status",
  correlationId: "tasker.correlation_id",
  stepId: "tasker.step.id",
  stepName: "tasker.step.name",
  stepCount: "tasker.step.count",
  stepNames: "tasker.step.names",
  stepStatus: "tasker.step.status",
  attempt: "tasker.step.attempt",
  queueSeconds: "tasker.step.queue_seconds",
  workSeconds: "tasker.step.work_seconds",
  backoffSeconds: "tasker.step.backoff_seconds",
  batchNumber: "tasker.batch.number",
  discoveryNumber: "tasker.discovery.number",
  event: "tasker.event",
  stateFrom: "tasker.state.from",
  stateTo: "tasker.state.to",
  errorType: "error.type"
} as const

/**
 * Metric names of the workflow metrics.
 *
 * @category constants
 * @since 0.1.0
 */
export const MetricName = {
  tasks: "tasker_tasks_total",
  steps: "tasker_steps_total",
  workflowDuration: "tasker_workflow_duration_seconds",
  stepDuration: "tasker_step_duration_seconds",
  stepQueue: "tasker_step_queue_seconds",
  tasksRequested: "tasker_tasks_requested_total",
  tasksEnqueued: "tasker_tasks_enqueued_total",
  viableSteps: "tasker_viable_steps_total",
  stepRetries: "tasker_step_retries_total",
  stepRetriesExhausted: "tasker_step_retries_exhausted_total",
  stepBackoff: "tasker_step_backoff_seconds",
  stepsSkipped: "tasker_steps_skipped_total",
  tasksActive: "tasker_tasks_active",
  stepsActive: "tasker_steps_active"
} as const
