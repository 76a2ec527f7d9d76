/**
 * The metrics of `effect/cluster`, which it records in the registry of the process.
 */
import { Context, Metric } from "effect"
import { ClusterMetrics } from "effect/cluster"

/** Removes them. Call it after the tests of a file with a cluster. */
export const forget = (): void => {
  const { runners, runnersHealthy, shardReleaseDuration, shards, shardsReleasing, singletons } = ClusterMetrics
  for (const metric of [runners, runnersHealthy, shards, shardsReleasing, shardReleaseDuration, singletons]) {
    Metric.removeUnsafe<never, unknown>(metric, Context.empty())
  }
}
