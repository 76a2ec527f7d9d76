/**
 * Metrics of the connections and caches of a program.
 */
import { ResourceMetricName } from "../../../Conventions.ts"
import type { MetricEntry } from "./MetricEntry.ts"

export const resourceMetrics = {
  activeConnections: {
    type: "upDownCounter",
    name: ResourceMetricName.activeConnections,
    help: "Connections in use now: kind sql are connections of a pool that a statement, a transaction or a program " +
      "holds, http_server are requests that are being answered, http_client are requests that wait for their answer.",
    attributes: ["kind", "name"],
    recorded: "when a connection is taken and given back, by `SqlMonitor` and `ConnectionMetrics`"
  },
  cacheOperations: {
    type: "counter",
    name: ResourceMetricName.cacheOperations,
    help: "Operations on caches: operation is get, set, remove or clear; result is hit or miss of a get, done of " +
      "another operation, or failed. tier is memory or store.",
    attributes: ["cache", "tier", "operation", "result"],
    recorded: "each operation, when it has ended, by `CacheMetrics`"
  }
} as const satisfies Readonly<Record<string, MetricEntry>>
