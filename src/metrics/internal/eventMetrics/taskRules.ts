/**
 * The rules that record the events of runs and of their loops.
 */
import { catalog as events } from "../../../events/EventCatalog.ts"
import * as EventMetrics from "../../EventMetrics.ts"
import { catalog } from "../../MetricCatalog.ts"
import type { MetricStore } from "../../MetricStore.ts"
import type { ErrorTypes } from "./ErrorTypes.ts"

const ofTask = { task: "taskName" } as const
const endOfTask = { task: "taskName", status: "toState" } as const
const inNamespace = { task: "taskName", namespace: "namespace" } as const

/** The highest number of namespaces and versions. */
const mostInfos = 1000

export const taskRules = (
  store: MetricStore["Service"],
  errorTypes: ErrorTypes
): ReadonlyArray<EventMetrics.EventMetric> => {
  const { add, count, make, observe } = EventMetrics
  const tasks = store.counter(catalog.tasks)
  const duration = store.histogram(catalog.workflowDuration)
  const active = store.upDownCounter(catalog.tasksActive)
  const failed = store.counter(catalog.taskFailed)

  const ended = (["task.completed", "task.failed", "task.cancelled"] as const).flatMap((name) => [
    make(events[name], ({ fromState, taskName }) => {
      if (fromState === "in_progress") active.add({ task: taskName }, -1)
    }),
    count(events[name], tasks, endOfTask),
    observe(events[name], duration, endOfTask, "durationSeconds")
  ])
  return [
    count(events["observability.task.enqueue"], store.counter(catalog.tasksEnqueued), ofTask),
    count(events["task.initialize_requested"], store.counter(catalog.tasksRequested), ofTask),
    taskInfo(store),
    add(events["task.start_requested"], active, ofTask, 1),
    ...ended,
    count(events["task.completed"], store.counter(catalog.taskCompleted), inNamespace),
    make(
      events["task.failed"],
      ({ errorType, namespace, taskName }) =>
        failed.inc({ task: taskName, namespace, error_type: errorTypes.keep(errorType) })
    ),
    count(events["task.cancelled"], store.counter(catalog.taskCancelled), { ...inNamespace, reason: "reason" }),
    count(events["task.resolved_manually"], store.counter(catalog.taskResolved), inNamespace),
    observe(
      events["workflow.task_reenqueue_delayed"],
      store.histogram(catalog.taskDeferral),
      { ...inNamespace, reason: "reason" },
      "delaySeconds"
    )
  ]
}

/** Infos never expire, so each namespace and version is recorded once. */
const taskInfo = (store: MetricStore["Service"]): EventMetrics.EventMetric => {
  const known = new Set<string>()
  return EventMetrics.make(events["task.initialize_requested"], ({ namespace, taskName, version }) => {
    const key = `${taskName}\n${namespace}\n${version}`
    if (known.has(key) || known.size === mostInfos) return
    known.add(key)
    store.info(catalog.taskInfo, { task: taskName, namespace, version })
  })
}

export const loopRules = (store: MetricStore["Service"]): ReadonlyArray<EventMetrics.EventMetric> => {
  const { count, make, observe } = EventMetrics
  const found = events["workflow.viable_steps_discovered"]
  const discoveries = store.counter(catalog.discoveries)
  return [
    count(found, store.counter(catalog.viableSteps), ofTask, "stepCount"),
    make(found, ({ namespace, taskName }) => discoveries.inc({ task: taskName, namespace, outcome: "viable_steps" })),
    count(events["workflow.no_viable_steps"], discoveries, { ...inNamespace, outcome: "reason" }),
    observe(events["workflow.steps_execution_started"], store.histogram(catalog.batchSize), inNamespace, "stepCount"),
    observe(
      events["workflow.steps_execution_completed"],
      store.histogram(catalog.batchDuration),
      inNamespace,
      "durationSeconds"
    )
  ]
}
