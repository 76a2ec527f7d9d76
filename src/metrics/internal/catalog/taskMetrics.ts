/**
 * Metrics of runs of tasks.
 */
import { MetricName } from "../../../Conventions.ts"
import { durationBuckets, type MetricEntry } from "./MetricEntry.ts"

const ends = "`task.completed`, `task.failed`, `task.cancelled`"

export const taskMetrics = {
  tasks: {
    type: "counter",
    name: MetricName.tasks,
    help: "Runs of tasks that ended, by their final state.",
    attributes: ["task", "status"],
    recorded: ends
  },
  workflowDuration: {
    type: "histogram",
    name: MetricName.workflowDuration,
    help: "Time from the creation of a run, or from its planned start, to its end.",
    unit: "seconds",
    attributes: ["task", "status"],
    buckets: durationBuckets,
    recorded: ends
  },
  tasksRequested: {
    type: "counter",
    name: MetricName.tasksRequested,
    help: "Runs of tasks that were accepted.",
    attributes: ["task"],
    recorded: "`task.initialize_requested`"
  },
  tasksEnqueued: {
    type: "counter",
    name: MetricName.tasksEnqueued,
    help: "Runs of tasks that were handed to the background.",
    attributes: ["task"],
    recorded: "`observability.task.enqueue`"
  },
  tasksActive: {
    type: "upDownCounter",
    name: MetricName.tasksActive,
    help: "Runs of tasks that are in progress.",
    attributes: ["task"],
    recorded: `up on \`task.start_requested\`, down on ${ends} of a run that has started`
  },
  taskOldestAge: {
    type: "gauge",
    name: MetricName.taskOldestAge,
    help: "Time since the start of the run that has been in progress for longest.",
    unit: "seconds",
    attributes: ["task"],
    recorded: "when metrics are read, for each task that has a run in progress"
  },
  taskInfo: {
    type: "info",
    name: MetricName.taskInfo,
    help: "Namespaces and versions that runs of a task had.",
    attributes: ["task", "namespace", "version"],
    recorded: "`task.initialize_requested`, the first of each namespace and version"
  },
  taskCompleted: {
    type: "counter",
    name: MetricName.taskCompleted,
    help: "Runs of tasks that completed.",
    attributes: ["task", "namespace"],
    recorded: "`task.completed`",
    alias: { of: "tasker_tasks_total{status=\"complete\"}", original: "task_completed_total" }
  },
  taskFailed: {
    type: "counter",
    name: MetricName.taskFailed,
    help: "Runs of tasks that failed, by the type of the error.",
    attributes: ["task", "namespace", "error_type"],
    recorded: "`task.failed`",
    alias: { of: "tasker_tasks_total{status=\"error\"}", original: "task_failed_total" }
  },
  taskCancelled: {
    type: "counter",
    name: MetricName.taskCancelled,
    help: "Runs of tasks that were cancelled, by the reason.",
    attributes: ["task", "namespace", "reason"],
    recorded: "`task.cancelled`",
    alias: { of: "tasker_tasks_total{status=\"cancelled\"}", original: "task_cancelled_total" }
  },
  taskResolved: {
    type: "counter",
    name: MetricName.taskResolved,
    help: "Runs of tasks that had failed and then became resolved by hand.",
    attributes: ["task", "namespace"],
    recorded: "`task.resolved_manually`"
  },
  taskDeferral: {
    type: "histogram",
    name: MetricName.taskDeferral,
    help: "Time that runs wait because all their open steps are in back-off.",
    unit: "seconds",
    attributes: ["task", "namespace", "reason"],
    buckets: durationBuckets,
    recorded: "`workflow.task_reenqueue_delayed`"
  }
} as const satisfies Readonly<Record<string, MetricEntry>>
