/**
 * Attributes of Tasker's own configuration that have no option here, and why.
 */
export interface Original {
  readonly attribute: string
  readonly reason: string
}

const never = (attribute: string, reason: string): Original => ({ attribute, reason })

export const originals: ReadonlyArray<Original> = [
  never("telemetry.metrics_endpoint", "was only displayed; routes are mounted where the program puts them"),
  never("telemetry.metrics_format", "was only displayed; a scrape says which format it takes"),
  never(
    "telemetry.max_stored_samples",
    "series hold sums and counts, not samples; `metrics.cardinalityLimit` bounds them"
  ),
  never("telemetry.prometheus.retry_attempts", "`delivery.retry` tries again for a time, not a number of times"),
  never("telemetry.prometheus.retention_window", "is `window` of the layers of `InstanceSync`"),
  never("telemetry.prometheus.metric_prefix", "names are a contract with dashboards and alerts; they do not vary"),
  never(
    "telemetry.prometheus.include_instance_labels",
    "is `instances: \"separate\"` of a target; Prometheus adds the instance when it scrapes"
  ),
  never("telemetry.prometheus.compression", "remote write allows only Snappy; a scrape says what it takes"),
  never("telemetry.prometheus.skip_if_unavailable", "an unavailable receiver never stops a program here"),
  never("telemetry.config.batch_events", "events are dispatched at once; only delivery batches"),
  never("telemetry.config.buffer_size", "events are not buffered; `delivery.queueSize` bounds delivery"),
  never("telemetry.config.flush_interval", "events are not buffered; `delivery.interval` times delivery"),
  never("telemetry.config.filtered_events", "said the same as `telemetry.filtered_events`, which is `events.filtered`"),
  never("telemetry.config.enable_memoization", "an implementation detail without an effect of its own"),
  never(
    "telemetry.config.async_processing",
    "built-in sinks are synchronous and exact; subscribers have queues of their own"
  ),
  never(
    "telemetry.config.sampling_rate",
    "said the same as `telemetry.event_sampling_rate`, which is `events.samplingRate`"
  ),
  never("retention_window", "is `window` of the layers of `InstanceSync`"),
  never("sync_interval", "is `syncInterval` of the layers of `InstanceSync`"),
  never("cross_container_coordination", "is `store` of `InstanceSync.layer`: `auto`, `local`, `redis` or `sql`"),
  never("atomic_operations", "the store that is used decides what is atomic; it is not a setting"),
  never("distributed_export", "is `store` of `ExportLock.layer`: `auto`, `local`, `redis` or `sql`"),
  never("execution.min_concurrent_steps", "concurrency is a limit, not a range; steps run when they are ready"),
  never("execution.concurrency_cache_duration", "the limit is fixed, so nothing is computed that could be cached"),
  never("execution.connection_pressure_factors", "steps that use a database are bounded by its pool"),
  never("execution.health_assessment_cache_duration", "had no effect"),
  never("execution.connection_health_log_level", "had no effect"),
  never("backoff.reenqueue_delays", "a run waits for its back-offs itself; there is no queue to go back to"),
  never("backoff.default_reenqueue_delay", "a run waits for its back-offs itself; there is no queue to go back to"),
  never("backoff.buffer_seconds", "a run wakes when a back-off ends, not before, so no margin is needed")
]
