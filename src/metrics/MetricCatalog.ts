/**
 * The metrics of workflows, declared once: name, help, unit, attribute keys,
 * buckets.
 *
 * @since 0.1.0
 */
import { MetricName } from "../Conventions.ts"

/**
 * Upper bounds, in seconds, of the buckets of the duration histograms: from
 * milliseconds to an hour.
 *
 * @category constants
 * @since 0.1.0
 */
export const durationBuckets: ReadonlyArray<number> = [
  0.005,
  0.01,
  0.025,
  0.05,
  0.1,
  0.25,
  0.5,
  1,
  2.5,
  5,
  10,
  30,
  60,
  300,
  3600
]

/**
 * The declarations of the workflow metrics, by what they measure.
 *
 * @category catalog
 * @since 0.1.0
 */
export const catalog = {
  tasks: {
    name: MetricName.tasks,
    help: "Runs of tasks that ended, by their final state.",
    attributes: ["task", "status"]
  },
  steps: {
    name: MetricName.steps,
    help: "Attempts of steps that ended, by the state they led to.",
    attributes: ["task", "step", "status"]
  },
  workflowDuration: {
    name: MetricName.workflowDuration,
    help: "Time from the creation of a run to its end.",
    attributes: ["task", "status"],
    buckets: durationBuckets
  },
  stepDuration: {
    name: MetricName.stepDuration,
    help: "Time an attempt of a step worked.",
    attributes: ["task", "step", "status"],
    buckets: durationBuckets
  },
  stepQueue: {
    name: MetricName.stepQueue,
    help: "Time between a step becoming ready and its attempt starting.",
    attributes: ["task", "step"],
    buckets: durationBuckets
  },
  tasksRequested: {
    name: MetricName.tasksRequested,
    help: "Runs of tasks that were accepted.",
    attributes: ["task"]
  },
  tasksEnqueued: {
    name: MetricName.tasksEnqueued,
    help: "Runs of tasks that were handed to the background.",
    attributes: ["task"]
  },
  viableSteps: {
    name: MetricName.viableSteps,
    help: "Steps that discoveries found ready to start.",
    attributes: ["task"]
  },
  stepRetries: {
    name: MetricName.stepRetries,
    help: "Retries of failed steps.",
    attributes: ["task", "step"]
  },
  stepRetriesExhausted: {
    name: MetricName.stepRetriesExhausted,
    help: "Steps that failed with no attempt left.",
    attributes: ["task", "step"]
  },
  stepBackoff: {
    name: MetricName.stepBackoff,
    help: "Time a failed step is to wait before its next attempt.",
    attributes: ["task", "step", "type"],
    buckets: durationBuckets
  },
  stepsSkipped: {
    name: MetricName.stepsSkipped,
    help: "Steps that were complete without an attempt.",
    attributes: ["task", "step"]
  },
  tasksActive: {
    name: MetricName.tasksActive,
    help: "Runs of tasks that are in progress.",
    attributes: ["task"]
  },
  stepsActive: {
    name: MetricName.stepsActive,
    help: "Attempts of steps that are in progress.",
    attributes: ["task", "step"]
  }
} as const
