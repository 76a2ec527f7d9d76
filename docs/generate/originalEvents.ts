/**
 * Every event name of Tasker, with the reason where it is not carried; and the
 * events of the catalog that Tasker did not have.
 */
export interface OriginalEvent {
  readonly name: string
  /** Why the catalog has no such event; `undefined` where it has one. */
  readonly notCarried: string | undefined
}

const carried = (...names: ReadonlyArray<string>): ReadonlyArray<OriginalEvent> =>
  names.map((name) => ({ name, notCarried: undefined }))

const not = (notCarried: string, ...names: ReadonlyArray<string>): ReadonlyArray<OriginalEvent> =>
  names.map((name) => ({ name, notCarried }))

const repeats = (name: string) => `would repeat \`${name}\``

export const originalEvents: ReadonlyArray<OriginalEvent> = [
  // task
  ...carried(
    "task.initialize_requested",
    "task.start_requested",
    "task.completed",
    "task.failed",
    "task.cancelled",
    "task.resolved_manually"
  ),
  ...not("a run that has ended is not run again; steps are retried within it", "task.retry_requested"),
  ...not(
    "said before a transition what the event of the transition says; a refused one is an error to who asked for it",
    "task.before_transition",
    "step.before_transition"
  ),
  // step
  ...carried(
    "step.initialize_requested",
    "step.execution_requested",
    "step.completed",
    "step.failed",
    "step.retry_requested",
    "step.cancelled",
    "step.resolved_manually"
  ),
  ...not(repeats("step.execution_requested"), "step.before_handle", "step.handle", "observability.step.handle"),
  // workflow
  ...carried(
    "workflow.viable_steps_discovered",
    "workflow.no_viable_steps",
    "workflow.task_finalization_started",
    "workflow.task_finalization_completed",
    "workflow.task_reenqueue_delayed",
    "workflow.steps_execution_started",
    "workflow.steps_execution_completed"
  ),
  ...not(
    repeats("task.start_requested"),
    "workflow.task_started",
    "workflow.orchestration_requested",
    "observability.task.handle"
  ),
  ...not(repeats("task.completed"), "workflow.task_completed"),
  ...not(repeats("task.failed"), "workflow.task_failed"),
  ...not(repeats("step.completed"), "workflow.step_completed"),
  ...not(repeats("step.failed"), "workflow.step_failed", "workflow.step_execution_failed"),
  ...not(
    repeats("workflow.viable_steps_discovered"),
    "workflow.viable_steps_batch_ready",
    "observability.step.find_viable"
  ),
  ...not(
    `${repeats("workflow.task_reenqueue_delayed")}: a deferral is one act, and there is no queue to ask`,
    "workflow.task_reenqueue_started",
    "workflow.task_reenqueue_requested"
  ),
  ...not("a run waits in its own process, which cannot fail", "workflow.task_reenqueue_failed"),
  ...not("a run is in exactly one of six states", "workflow.task_state_unclear"),
  // observability
  ...carried(
    "observability.task.enqueue",
    "observability.step.backoff",
    "observability.step.skip",
    "observability.step.max_retries_reached"
  ),
  ...not(repeats("workflow.task_finalization_started"), "observability.task.finalize"),
  // export
  ...carried(
    "tasker.telemetry.cache_synced",
    "tasker.telemetry.export_requested",
    "tasker.telemetry.export_completed",
    "tasker.telemetry.export_failed",
    "tasker.telemetry.plugin_registered",
    "tasker.telemetry.plugin_unregistered"
  ),
  // registry
  ...not(
    "a step holds the effect it runs; there is no registry of handlers",
    "handler.registered",
    "handler.unregistered",
    "handler.validation_failed"
  ),
  ...not(
    "layers are the registry: what does not fit does not compile",
    "plugin.registered",
    "plugin.unregistered",
    "plugin.validation_failed",
    "subscriber.registered",
    "subscriber.unregistered",
    "subscriber.validation_failed",
    "registry.sync_requested",
    "registry.health_check",
    "registry.stats_collected",
    "registry.cross_discovery",
    "registry.coordination_complete"
  ),
  // routed, but published nowhere
  ...carried("dependency.resolved"),
  ...not(repeats("workflow.steps_execution_started"), "batch.step_execution"),
  ...carried("database.query_executed", "memory.spike_detected", "performance.slow_operation")
]

/** Events of Tasker's plan alone. */
export const plannedEvents: ReadonlyArray<OriginalEvent> = carried("performance.slow_query")

/**
 * Events of the catalog that Tasker did not have, each with the reason why it
 * exists, as one clause.
 */
export const newEvents: Readonly<Record<string, string>> = {
  "observability.task.heartbeat":
    "A run of hours shows nothing in traces before its spans end. Its heartbeat is a log line.",
  "observability.task.stale": "A run that hangs fails no attempt, so no other event tells of it.",
  "observability.analysis.completed": "An analysis takes time of the process. Its event says how much, and who asked.",
  "observability.bottleneck.detected":
    "Tasker's documentation names `task.bottleneck_detected`, and no code publishes it. A finding that nobody asks for is lost.",
  "performance.query_finding": "A step that asks the database thirty times is slow without a slow statement."
}

/** Says where the names of the catalog and the lists of this file differ, and what to do about each. */
export const problems = (
  catalog: ReadonlyArray<string>,
  added: Readonly<Record<string, string>>
): ReadonlyArray<string> => {
  const here = "docs/generate/originalEvents.ts"
  const all = [...originalEvents, ...plannedEvents]
  const carriedNames = all.flatMap(({ name, notCarried }) => notCarried === undefined ? [name] : [])
  const ofOriginal = all.map(({ name }) => name)
  return [
    ...catalog.filter((name) => !ofOriginal.includes(name) && !Object.hasOwn(added, name)).map((name) =>
      `event "${name}" is in no list: Tasker did not have it, so add it to newEvents in ${here}, with the reason why it exists`
    ),
    ...catalog.filter((name) => ofOriginal.includes(name) && !carriedNames.includes(name)).map((name) =>
      `event "${name}" is in the catalog, but ${here} says that it is not carried: move it to carried(…)`
    ),
    ...carriedNames.filter((name) => !catalog.includes(name)).map((name) =>
      `event "${name}" is carried by ${here}, but not in the catalog: declare it in src/events/internal/catalog, or say with not(…) why it is left out`
    ),
    ...Object.entries(added).flatMap(([name, reason]) => [
      ...(ofOriginal.includes(name)
        ? [`event "${name}" is in newEvents of ${here}, but Tasker had it: take it out`]
        : []),
      ...(catalog.includes(name)
        ? []
        : [
          `event "${name}" is in newEvents of ${here}, but not in the catalog: declare it in src/events/internal/catalog, or take it out`
        ]),
      ...(reason === "" ? [`event "${name}" has no reason in newEvents of ${here}: say why it exists`] : [])
    ])
  ]
}
