/**
 * Every metric name of Tasker, of its plan, of its documentation and of its successor, and of Temporal's core: what
 * carries it here, or why nothing does.
 */
import { MetricCatalog } from "tasker-telemetry"

export interface OriginalMetric {
  readonly name: string
  /** Names of the catalog; none where it is not carried. */
  readonly by: ReadonlyArray<string>
  /** How, or why not. */
  readonly note: string
}

export interface OriginalSource {
  readonly title: string
  readonly metrics: ReadonlyArray<OriginalMetric>
}

const { catalog, resourceCatalog, sqlCatalog } = MetricCatalog

type Key = keyof typeof catalog

const as = (name: string, keys: Key | ReadonlyArray<Key>, note = ""): OriginalMetric => ({
  name,
  by: (typeof keys === "string" ? [keys] : keys).map((key) => catalog[key].name),
  note
})

const not = (note: string, ...names: ReadonlyArray<string>): ReadonlyArray<OriginalMetric> =>
  names.map((name) => ({ name, by: [], note }))

const status = (value: string) => `\`status="${value}"\``
const count = "its `_count`"
const ofProgram = "belongs to a program: it declares its own metrics, or measures its events with `EventMetrics`"
const queried = "is a query over the counters, with the window that the reader chooses"

const engine: OriginalSource = {
  title: "Measured by the engine",
  metrics: [
    as("task_started_total", "tasksRequested", "a run that is accepted starts at once"),
    as("task_completed_total", "taskCompleted"),
    as("task_failed_total", "taskFailed"),
    as("task_cancelled_total", "taskCancelled"),
    as("task_duration_seconds", "workflowDuration", "with the final state as `status`"),
    as("step_started_total", "stepQueue", count),
    as("step_completed_total", "stepCompleted"),
    as("step_failed_total", "stepFailed"),
    as("step_cancelled_total", "stepCancelled"),
    as("step_duration_seconds", "stepDuration", "with the state the attempt led to as `status`"),
    as("workflow_active_tasks", "tasksActive"),
    as("workflow_iteration_duration_seconds", "batchDuration", "an iteration is a batch"),
    as("system_healthy_tasks", "tasksActive"),
    as("system_failed_tasks", "tasks", status("error")),
    { name: "tasker_metrics_export_errors_total", by: ["tasker_metric_exports_failed_total"], note: "" }
  ]
}

const plan: OriginalSource = {
  title: "Named in the plan",
  metrics: [
    as("tasker_tasks_total", "tasks"),
    as("tasker_steps_total", "steps"),
    as("tasker_workflow_duration_seconds", "workflowDuration"),
    {
      name: "tasker_active_connections",
      by: [resourceCatalog.activeConnections.name],
      note: "of what `SqlMonitor` and `ConnectionMetrics` are put around"
    },
    {
      name: "tasker_cache_operations_total",
      by: [resourceCatalog.cacheOperations.name],
      note: "of what `CacheMetrics` is put around"
    },
    ...["tasker_operation_duration_seconds", "tasker_memory_delta_bytes"].map((name) => ({
      name,
      by: [name],
      note: ""
    })),
    { name: "tasker_sql_duration_seconds", by: [sqlCatalog.duration.name], note: "" },
    { name: "tasker_sql_queries_total", by: [sqlCatalog.queries.name], note: "" }
  ]
}

const documentation: OriginalSource = {
  title: "Named in the documentation",
  metrics: [
    as("tasker_task_duration_seconds", "workflowDuration"),
    as("tasker_step_executions_total", "steps", `success is ${status("complete")}, failure ${status("error")}`),
    as("tasker_task_executions_total", "tasks"),
    as("tasker.task.executions", "tasks"),
    as("tasker.task.duration", "workflowDuration"),
    as(
      "tasker.queue.depth",
      ["slotsUsed", "slotsLimit"],
      "there is no queue: a run in the background takes a slot or is refused"
    )
  ]
}

const generator: OriginalSource = {
  title: "Written by the generator of subscribers",
  metrics: [
    as("tasker.execution.duration", "stepDuration"),
    as("tasker.completed", "stepCompleted"),
    as("tasker.workflow.step_count", "batchSize", "steps of a batch; those of a task do not change"),
    as("tasker.workflow.failed_steps", "stepFailed", "`final=\"true\"`"),
    ...not(queried, "tasker.workflow.success_rate"),
    as("tasker.errors", "stepFailed", "by `error_type`"),
    as("tasker.retries", "stepRetries"),
    as("tasker.final_failures", "stepFailed", "`final=\"true\"`"),
    as("tasker.error_types", "stepFailed", "`final=\"false\"` will be retried")
  ]
}

const blog: OriginalSource = {
  title: "Shown as examples",
  metrics: [
    as("step_execution_duration_seconds", "stepDuration"),
    as("task_execution_duration_seconds", "workflowDuration"),
    as("step_retries_total", "stepRetries"),
    as("task_failures_total", "taskFailed", "by `error_type`"),
    as("step_failures_total", "stepFailed", "`final` is its `final_failure`"),
    ...not(queried, "namespace_avg_execution_seconds", "sla_compliance_total", "task_error_rate_percent"),
    ...not(
      ofProgram,
      "checkout_conversions_total",
      "checkout_failures_total",
      "revenue_processed",
      "revenue_loss",
      "payments_processed_total",
      "payment_volume",
      "payment_processing_duration_seconds"
    )
  ]
}

const inProcess = "steps run in the process of their task; nothing is claimed or handed in"

const successor: OriginalSource = {
  title: "Measured by the successor",
  metrics: [
    as("tasker.tasks.requests.total", "tasksRequested"),
    as("tasker.tasks.completions.total", "taskCompleted"),
    as("tasker.tasks.failures.total", "taskFailed"),
    as("tasker.steps.enqueued.total", "viableSteps"),
    as("tasker.step_results.processed.total", ["steps", "stepTimeouts", "stepsSkipped"], "by its `result_type`"),
    as("tasker.steps.executions.total", "steps"),
    as("tasker.steps.successes.total", "stepCompleted"),
    as("tasker.steps.failures.total", "stepFailed"),
    ...not(
      inProcess,
      "tasker.steps.claimed.total",
      "tasker.steps.results_submitted.total",
      "tasker.step.claim.duration",
      "tasker.step_result.submission.duration",
      "tasker.step_result.processing.duration"
    ),
    ...not(
      "a record in memory; the span of the run has the times of what comes before and after its loop",
      "tasker.task.initialization.duration",
      "tasker.task.finalization.duration"
    ),
    as("tasker.step.execution.duration", "stepDuration"),
    as("tasker.tasks.active", "tasksActive"),
    as("tasker.steps.ready", "stepQueue", "how long ready steps wait, rather than how many do"),
    ...not("there is no circuit breaker", "tasker_circuit_breaker_state"),
    ...not(
      "queues here drop and count instead of blocking; see the counters of what was dropped",
      "mpsc_channel_usage_percent",
      "mpsc_channel_capacity",
      "mpsc_channel_full_events_total"
    ),
    { name: "tasker.sql.queries.total", by: [sqlCatalog.queries.name], note: "" },
    { name: "tasker.sql.query.duration", by: [sqlCatalog.duration.name], note: "" },
    { name: "tasker.db.pool.*", by: [sqlCatalog.connectionWait.name], note: "how long statements wait for the pool" }
  ]
}

/** What Tasker and those around it call their metrics. */
export const originalMetrics: ReadonlyArray<OriginalSource> = [engine, plan, documentation, generator, blog, successor]

const noPoll = "there is no queue that is polled"
const noCache = "a run is in memory from its start to its end"

/** What Temporal's core calls its metrics, without its prefix. */
export const temporalMetrics: OriginalSource = {
  title: "Temporal's core metrics",
  metrics: [
    as("workflow_completed", "tasks", status("complete")),
    as("workflow_failed", "tasks", status("error")),
    as("workflow_canceled", "tasks", status("cancelled")),
    as("workflow_endtoend_latency", "workflowDuration"),
    as("workflow_task_execution_latency", "batchDuration"),
    as("activity_schedule_to_start_latency", "stepQueue"),
    as("activity_execution_latency", "stepDuration"),
    as("activity_succeed_endtoend_latency", "stepEndToEnd", status("complete")),
    as("activity_execution_failed", "stepFailed"),
    as("activity_execution_cancelled", "stepCancelled"),
    as("worker_task_slots_used", "slotsUsed"),
    as("worker_task_slots_available", ["slotsLimit", "slotsUsed"], "the difference"),
    ...not("a run starts when it is accepted", "workflow_task_schedule_to_start_latency"),
    ...not("a run does not start itself anew", "workflow_continue_as_new"),
    ...not("the loop of a run has no code of a program in it that could fail", "workflow_task_execution_failed"),
    ...not(
      noPoll,
      "workflow_task_queue_poll_succeed",
      "workflow_task_queue_poll_empty",
      "activity_poll_no_task",
      "num_pollers",
      "poller_start"
    ),
    ...not(noCache, "sticky_cache_hit", "sticky_cache_miss", "sticky_cache_size", "workflow_task_replay_latency"),
    ...not(
      "there is no server to ask",
      "request",
      "request_failure",
      "request_latency",
      "long_request",
      "long_request_failure",
      "long_request_latency"
    )
  ]
}
