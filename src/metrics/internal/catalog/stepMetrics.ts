/**
 * Metrics of steps and their attempts.
 */
import { MetricName } from "../../../Conventions.ts"
import { attemptBuckets, durationBuckets, type MetricEntry } from "./MetricEntry.ts"

const attemptEnds = "`step.completed`, `step.failed`, and `step.cancelled` of a step in progress"
const stepEnds = "`step.completed`, the last `step.failed`, and `step.cancelled` of a step in progress"

export const stepMetrics = {
  steps: {
    type: "counter",
    name: MetricName.steps,
    help: "Attempts of steps that ended, by the state they led to.",
    attributes: ["task", "step", "status"],
    recorded: attemptEnds
  },
  stepDuration: {
    type: "histogram",
    name: MetricName.stepDuration,
    help: "Work time of attempts of steps.",
    unit: "seconds",
    attributes: ["task", "step", "status"],
    buckets: durationBuckets,
    recorded: attemptEnds
  },
  stepQueue: {
    type: "histogram",
    name: MetricName.stepQueue,
    help: "Time between a step becoming ready and its attempt starting.",
    unit: "seconds",
    attributes: ["task", "step"],
    buckets: durationBuckets,
    recorded: "`step.execution_requested`"
  },
  stepEndToEnd: {
    type: "histogram",
    name: MetricName.stepEndToEnd,
    help:
      "Time between a step becoming ready for the first time and its end: queue, work and back-off of all attempts.",
    unit: "seconds",
    attributes: ["task", "step", "status"],
    buckets: durationBuckets,
    recorded: stepEnds
  },
  stepAttempts: {
    type: "histogram",
    name: MetricName.stepAttempts,
    help: "Attempts a step took until its end.",
    attributes: ["task", "step", "status"],
    buckets: attemptBuckets,
    recorded: stepEnds
  },
  stepsActive: {
    type: "upDownCounter",
    name: MetricName.stepsActive,
    help: "Attempts of steps that are in progress.",
    attributes: ["task", "step"],
    recorded: `up on \`step.execution_requested\`, down on ${attemptEnds}`
  },
  stepCompleted: {
    type: "counter",
    name: MetricName.stepCompleted,
    help: "Attempts of steps that succeeded.",
    attributes: ["task", "step"],
    recorded: "`step.completed`",
    alias: { of: "tasker_steps_total{status=\"complete\"}", original: "step_completed_total" }
  },
  stepFailed: {
    type: "counter",
    name: MetricName.stepFailed,
    help: "Attempts of steps that failed, by the type of the error and whether it was the last attempt.",
    attributes: ["task", "step", "error_type", "final"],
    recorded: "`step.failed`",
    alias: { of: "tasker_steps_total{status=\"error\"}", original: "step_failed_total" }
  },
  stepCancelled: {
    type: "counter",
    name: MetricName.stepCancelled,
    help: "Steps that were cancelled, by the state they were in: pending or in_progress.",
    attributes: ["task", "step", "from_state"],
    recorded: "`step.cancelled`, of a waiting step too",
    alias: { of: "tasker_steps_total{status=\"cancelled\"}", original: "step_cancelled_total" }
  },
  stepTimeouts: {
    type: "counter",
    name: MetricName.stepTimeouts,
    help: "Attempts of steps that a time limit ended, by the limit: step or batch.",
    attributes: ["task", "step", "limit_of"],
    recorded: "`step.failed` of an attempt that timed out"
  },
  stepRetries: {
    type: "counter",
    name: MetricName.stepRetries,
    help: "Retries of failed steps.",
    attributes: ["task", "step"],
    recorded: "`step.retry_requested`"
  },
  stepRetriesExhausted: {
    type: "counter",
    name: MetricName.stepRetriesExhausted,
    help: "Steps that failed with no attempt left.",
    attributes: ["task", "step"],
    recorded: "`observability.step.max_retries_reached`"
  },
  stepBackoff: {
    type: "histogram",
    name: MetricName.stepBackoff,
    help: "Back-off of failed steps before their next attempt.",
    unit: "seconds",
    attributes: ["task", "step", "type"],
    buckets: durationBuckets,
    recorded: "`observability.step.backoff`"
  },
  stepsSkipped: {
    type: "counter",
    name: MetricName.stepsSkipped,
    help: "Steps that were complete without an attempt.",
    attributes: ["task", "step"],
    recorded: "`observability.step.skip`"
  },
  stepResolved: {
    type: "counter",
    name: MetricName.stepResolved,
    help: "Steps that were resolved by hand, by the state they were in: pending or error.",
    attributes: ["task", "step", "from_state"],
    recorded: "`step.resolved_manually`"
  }
} as const satisfies Readonly<Record<string, MetricEntry>>
