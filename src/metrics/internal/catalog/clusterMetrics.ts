/**
 * Metrics about the processes of a cluster.
 */
import type { MetricEntry } from "./MetricEntry.ts"

const recorded = "when the metrics of all processes are read"

export const clusterMetrics = {
  workers: {
    type: "gauge",
    name: "tasker_cluster_workers",
    help: "Worker processes that these metrics include.",
    attributes: [],
    recorded
  },
  missing: {
    type: "gauge",
    name: "tasker_cluster_workers_missing",
    help: "Worker processes that did not answer in time: hung ones with earlier values, unknown ones without values.",
    attributes: ["reason"],
    recorded
  }
} as const satisfies Readonly<Record<string, MetricEntry>>
