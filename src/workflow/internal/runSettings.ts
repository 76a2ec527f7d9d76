/**
 * The settings of the runs of a task: what the definition says, completed by the configuration.
 */
import * as Duration from "effect/Duration"
import * as Result from "effect/Result"
import type { TelemetryConfig } from "../../config/TelemetryConfig.ts"
import * as RetryPolicy from "../../RetryPolicy.ts"
import type * as Task from "../Task.ts"
import type { RunSettings } from "./TaskRun.ts"

export const make = (task: Task.Any, config: TelemetryConfig): RunSettings => {
  const { execution, tracing } = config
  const base: RetryPolicy.RetryPolicy = {
    maximumAttempts: execution.maximumAttempts,
    delays: config.backoff.delays,
    multiplier: config.backoff.multiplier,
    maximum: config.backoff.maximum,
    jitter: config.backoff.jitter
  }
  return {
    concurrency: execution.concurrency,
    policies: task.steps.map((step) =>
      step.retry === undefined ? base : Result.getOrElse(RetryPolicy.complete(step.retry, base), () => base)
    ),
    stepTimeouts: task.steps.map((step) => millisOf(step.timeout ?? execution.stepTimeout)),
    batchTimeout: batchTimeout(execution),
    discoverySpans: tracing.dependencyResolutions === "span"
  }
}

const millisOf = (duration: Duration.Input | undefined): number | undefined =>
  duration === undefined ? undefined : Duration.toMillis(Duration.fromInputUnsafe(duration))

/** The limit is base + steps × perStep, at most the maximum. Without a configured base there is no limit. */
const batchTimeout = (execution: TelemetryConfig["execution"]) => {
  const base = millisOf(execution.batchTimeoutBase)
  if (base === undefined) return () => undefined
  const perStep = Duration.toMillis(execution.batchTimeoutPerStep)
  const maximum = Duration.toMillis(execution.batchTimeoutMaximum)
  return (steps: number) => Math.min(base + steps * perStep, maximum)
}
