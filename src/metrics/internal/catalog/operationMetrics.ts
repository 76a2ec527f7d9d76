/**
 * Metrics of measured operations.
 */
import { OperationMetricName } from "../../../Conventions.ts"
import { durationBuckets, memoryBuckets, type MetricEntry } from "./MetricEntry.ts"

export const operationMetrics = {
  duration: {
    type: "histogram",
    name: OperationMetricName.duration,
    help:
      "Time of measured operations, and of the operations of workflows: workflow_coordination, find_viable_steps, " +
      "step_batch_execution, step_execution, task_finalization.",
    unit: "seconds",
    attributes: ["operation", "outcome"],
    buckets: durationBuckets,
    recorded: "at the end of an operation"
  },
  memory: {
    type: "histogram",
    name: OperationMetricName.memory,
    help: "New memory in heap and array buffers at the end of measured operations. Only figures of the confidence " +
      "exclusive are recorded.",
    unit: "bytes",
    attributes: ["operation"],
    buckets: memoryBuckets,
    recorded: "at the end of an operation that ran alone, unless a garbage collection spoilt the figure"
  },
  slow: {
    type: "counter",
    name: OperationMetricName.slow,
    help: "Measured operations that took longer than their threshold, also those without an event of their own.",
    attributes: ["operation"],
    recorded: "at the end of a slow operation"
  },
  spikes: {
    type: "counter",
    name: OperationMetricName.spikes,
    help: "Measured operations that ran alone and held more new memory at their end than their threshold.",
    attributes: ["operation"],
    recorded: "at the end of such an operation"
  }
} as const satisfies Readonly<Record<string, MetricEntry>>
