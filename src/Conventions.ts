/**
 * The names this library emits: span names, attribute keys and metric names.
 *
 * Every producer takes its names from here. Dashboards, alert rules and tests can
 * import them, too, so a rename is one edit.
 *
 * **Details**
 *
 * Span names have few distinct values and never contain an id. Ids are
 * attributes. Metric names follow the rules of Prometheus: prefix `tasker_`, base
 * units (`_seconds`), `_total` for counters.
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
  /** Begins the keys of the tags of a run: `tasker.tag.region`. */
  tag: "tasker.tag",
  reason: "tasker.task.reason",
  initiator: "tasker.task.initiator",
  correlationId: "tasker.correlation_id",
  component: "tasker.component",
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
  discoverySeconds: "tasker.discovery.work_seconds",
  event: "tasker.event",
  stateFrom: "tasker.state.from",
  stateTo: "tasker.state.to",
  errorType: "error.type",
  interrupted: "tasker.interrupted",
  keepReason: "tasker.keep.reason"
} as const

/**
 * The operations that Tasker's plan for observability looks for in traces, by the event that is the same thing.
 *
 * **Details**
 *
 * With `tracing.planOperations`, each of these events is also a span of this name and without a duration, below the
 * span in which the event happens. Without the option, the first three are span events, and the span of the loop,
 * `SpanName.orchestration`, stands for the last one.
 *
 * @category constants
 * @since 0.1.0
 */
export const PlanOperation = {
  "task.initialize_requested": "task.created",
  "task.completed": "task.completed",
  "step.completed": "step.processed",
  "workflow.task_finalization_completed": "workflow.executed"
} as const

/**
 * Names of log records by OTLP that differ from the name of their event in the
 * catalog.
 *
 * @category constants
 * @since 0.1.0
 */
export const LogEventName = {
  /** The record of `task.start_requested`. It has the ids of the run's span, which is sent when it ends. */
  taskStarted: "tasker.task.started"
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
  stepEndToEnd: "tasker_step_endtoend_seconds",
  stepAttempts: "tasker_step_attempts",
  tasksRequested: "tasker_tasks_requested_total",
  tasksEnqueued: "tasker_tasks_enqueued_total",
  tasksActive: "tasker_tasks_active",
  stepsActive: "tasker_steps_active",
  taskOldestAge: "tasker_task_oldest_age_seconds",
  taskInfo: "tasker_task_info",
  taskCompleted: "tasker_task_completed_total",
  taskFailed: "tasker_task_failed_total",
  taskCancelled: "tasker_task_cancelled_total",
  taskResolved: "tasker_task_resolved_manually_total",
  taskDeferral: "tasker_task_deferral_seconds",
  stepCompleted: "tasker_step_completed_total",
  stepFailed: "tasker_step_failed_total",
  stepCancelled: "tasker_step_cancelled_total",
  stepTimeouts: "tasker_step_timeouts_total",
  stepRetries: "tasker_step_retries_total",
  stepRetriesExhausted: "tasker_step_retries_exhausted_total",
  stepBackoff: "tasker_step_backoff_seconds",
  stepsSkipped: "tasker_steps_skipped_total",
  stepResolved: "tasker_step_resolved_manually_total",
  viableSteps: "tasker_viable_steps_total",
  discoveries: "tasker_discoveries_total",
  batchSize: "tasker_batch_size",
  batchDuration: "tasker_batch_duration_seconds",
  slotsUsed: "tasker_execution_slots_used",
  slotsLimit: "tasker_execution_slots_limit"
} as const

/**
 * Metric names of the Node process.
 *
 * **Details**
 *
 * The names are those of OpenTelemetry's semantic conventions, written as
 * Prometheus writes names. If the conventions have no name:
 * `process_start_time_seconds` is Prometheus' name, `v8js_heap_size_limit_bytes`
 * is V8's. The other two are names that Node programs have used for years.
 *
 * @see https://opentelemetry.io/docs/specs/semconv/runtime/nodejs-metrics/
 * @see https://opentelemetry.io/docs/specs/semconv/runtime/v8js-metrics/
 * @category constants
 * @since 0.1.0
 */
export const RuntimeMetricName = {
  delayMin: "nodejs_eventloop_delay_min_seconds",
  delayMax: "nodejs_eventloop_delay_max_seconds",
  delayMean: "nodejs_eventloop_delay_mean_seconds",
  delayStddev: "nodejs_eventloop_delay_stddev_seconds",
  delayP50: "nodejs_eventloop_delay_p50_seconds",
  delayP90: "nodejs_eventloop_delay_p90_seconds",
  delayP99: "nodejs_eventloop_delay_p99_seconds",
  utilization: "nodejs_eventloop_utilization_ratio",
  loopTime: "nodejs_eventloop_time_seconds_total",
  gcDuration: "v8js_gc_duration_seconds",
  heapUsed: "v8js_memory_heap_used_bytes",
  heapSpaceSize: "v8js_memory_heap_space_size_bytes",
  heapSpaceAvailable: "v8js_memory_heap_space_available_size_bytes",
  heapSpacePhysical: "v8js_memory_heap_space_physical_size_bytes",
  heapLimit: "v8js_heap_size_limit_bytes",
  cpuTime: "process_cpu_time_seconds_total",
  memory: "process_memory_usage_bytes",
  uptime: "process_uptime_seconds",
  startTime: "process_start_time_seconds",
  activeResources: "nodejs_active_resources",
  version: "nodejs_version_info"
} as const

/**
 * Metric names of measured operations.
 *
 * @category constants
 * @since 0.1.0
 */
export const OperationMetricName = {
  duration: "tasker_operation_duration_seconds",
  memory: "tasker_memory_delta_bytes",
  slow: "tasker_slow_operations_total",
  spikes: "tasker_memory_spikes_total"
} as const

/**
 * Metric names of SQL statements.
 *
 * **Details**
 *
 * `db_client_…` are the names of OpenTelemetry's semantic conventions, written as Prometheus writes names.
 *
 * @see https://opentelemetry.io/docs/specs/semconv/db/database-metrics/
 * @category constants
 * @since 0.1.0
 */
export const SqlMetricName = {
  operationDuration: "db_client_operation_duration_seconds",
  returnedRows: "db_client_response_returned_rows",
  connectionWait: "db_client_connection_wait_time_seconds",
  duration: "tasker_sql_duration_seconds",
  queries: "tasker_sql_queries_total",
  transactionDuration: "tasker_sql_transaction_duration_seconds",
  transactionControl: "tasker_sql_transaction_control_seconds",
  slowQueries: "tasker_sql_slow_queries_total",
  findings: "tasker_sql_findings_total"
} as const

/**
 * Metric names of the connections and caches of a program. Both are names of Tasker's plan for observability.
 *
 * @category constants
 * @since 0.1.0
 */
export const ResourceMetricName = {
  activeConnections: "tasker_active_connections",
  cacheOperations: "tasker_cache_operations_total"
} as const

/**
 * Attribute keys of spans of SQL statements.
 *
 * @see https://opentelemetry.io/docs/specs/semconv/db/database-spans/
 * @category constants
 * @since 0.1.0
 */
export const SqlAttribute = {
  operationName: "db.operation.name",
  collectionName: "db.collection.name",
  querySummary: "db.query.summary",
  procedureName: "db.stored_procedure.name",
  statusCode: "db.response.status_code",
  returnedRows: "db.response.returned_rows",
  waitSeconds: "tasker.sql.wait_seconds",
  runSeconds: "tasker.sql.run_seconds",
  errorType: "error.type"
} as const
