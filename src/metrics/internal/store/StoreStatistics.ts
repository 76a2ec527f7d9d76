/**
 * Reports about a store: overflows, misuse, failed readings, memory.
 */
import type * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type * as TelemetryConfig from "../../../config/TelemetryConfig.ts"
import { SelfStatistics } from "../../../internal/SelfStatistics.ts"
import type { MetricStorage } from "./MetricStorage.ts"

export const bytes = {
  type: "gauge",
  name: "tasker_metric_store_bytes",
  help: "Memory of all series, estimated.",
  unit: "bytes",
  attributes: []
} as const

export const series = {
  type: "gauge",
  name: "tasker_metric_series",
  help: "Series by metric.",
  attributes: ["metric"]
} as const

export const readBytes = (storages: Iterable<MetricStorage>, threadBytes: number) => {
  let value = threadBytes
  for (const storage of storages) value += storage.bytes
  return [{ attributes: {}, value }]
}

/** Series by metric. A series that the main thread and worker threads both have counts once. */
export const readSeries = (own: Iterable<MetricStorage>, ofThreads: Iterable<MetricStorage>) => {
  const counts = new Map<string, number>()
  for (const storage of own) counts.set(storage.declaration.name, storage.seriesCount)
  for (const storage of ofThreads) {
    const { name } = storage.declaration
    counts.set(name, (counts.get(name) ?? 0) + storage.unlinkedCount)
  }
  return Array.from(counts, ([metric, value]) => ({ attributes: { metric }, value })).filter(({ value }) => value > 0)
}

export const make = Effect.gen(function*() {
  const statistics = yield* SelfStatistics
  const context = yield* Effect.context<never>()
  // A recording fiber has the program's loggers. A plain callback uses the loggers of the layer.
  const log = (effect: Effect.Effect<void>) => void Effect.runForkWith(Fiber.getCurrent()?.context ?? context)(effect)
  const countOverflow = statistics.counter(
    "tasker_metric_overflows_total",
    "Metrics that reached their cardinality limit.",
    ["metric", "attribute"]
  )
  const countMisuse = statistics.counter(
    "tasker_metric_misuses_total",
    "Wrong measurements, which were not recorded.",
    ["metric"]
  )
  const countFailure = statistics.counter(
    "tasker_metric_observe_errors_total",
    "Failed readings of observed metrics.",
    ["metric"]
  )
  const failed = new Set<string>()
  const warn = (sentence: string) => log(Effect.logWarning(sentence))

  return {
    warn,
    overflow: (metric: string, limit: number, widestKey: string) => {
      countOverflow([metric, widestKey])
      log(Effect.logWarning(
        `metric ${metric} has reached its limit of ${limit} series; ` +
          `attribute "${widestKey}" has the most distinct values`
      ))
    },
    misuse: (metric: string, policy: TelemetryConfig.TelemetryConfig["metrics"]["onMisuse"]) => {
      let isFirst = true
      return (message: string) => {
        countMisuse([metric])
        if (policy === "die") throw new RangeError(message)
        if (policy === "warn" && isFirst) log(Effect.logWarning(message))
        isFirst = false
      }
    },
    observeFailed: (metric: string, cause: Cause.Cause<unknown>) => {
      countFailure([metric])
      if (!failed.has(metric)) log(Effect.logWarning(`the values of metric ${metric} could not be read`, cause))
      failed.add(metric)
    },
    counters: statistics.read
  }
})
