/**
 * Metrics about the loops of runs: discoveries, batches and slots.
 */
import { MetricName } from "../../../Conventions.ts"
import { batchSizeBuckets, durationBuckets, type MetricEntry } from "./MetricEntry.ts"

export const loopMetrics = {
  viableSteps: {
    type: "counter",
    name: MetricName.viableSteps,
    help: "Steps that discoveries found ready to start.",
    attributes: ["task"],
    recorded: "`workflow.viable_steps_discovered`, by its number of steps"
  },
  discoveries: {
    type: "counter",
    name: MetricName.discoveries,
    help: "Discoveries, by what they led to: viable_steps, waiting_for_backoff or blocked_by_failures. " +
      "One that finds nothing while steps run is not counted.",
    attributes: ["task", "namespace", "outcome"],
    recorded: "`workflow.viable_steps_discovered`, `workflow.no_viable_steps`"
  },
  batchSize: {
    type: "histogram",
    name: MetricName.batchSize,
    help: "Steps that were started together.",
    attributes: ["task", "namespace"],
    buckets: batchSizeBuckets,
    recorded: "`workflow.steps_execution_started`"
  },
  batchDuration: {
    type: "histogram",
    name: MetricName.batchDuration,
    help: "Time from the start of a batch of steps until the last of them settled.",
    unit: "seconds",
    attributes: ["task", "namespace"],
    buckets: durationBuckets,
    recorded: "`workflow.steps_execution_completed`"
  },
  slotsUsed: {
    type: "gauge",
    name: MetricName.slotsUsed,
    help: "Execution slots that are taken: started_tasks by runs in the background, steps by attempts in progress.",
    attributes: ["kind"],
    recorded: "when metrics are read"
  },
  slotsLimit: {
    type: "gauge",
    name: MetricName.slotsLimit,
    help: "Execution slots: started_tasks is execution.startedTasks, steps is execution.concurrency for " +
      "each run in progress.",
    attributes: ["kind"],
    recorded: "when metrics are read"
  }
} as const satisfies Readonly<Record<string, MetricEntry>>
