/**
 * The options of the analysis of performance.
 */
import * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"
import * as Option from "./configOption.ts"
import { sqlOptions } from "./sqlOptions.ts"

export const performanceOptions = Schema.Struct({
  enabled: Option.boolean({
    default: true,
    doc: "Off: `PerformanceMonitor.measure` gives effects as they are, and operations of workflows are not timed.",
    tasker: "telemetry.performance_monitoring_enabled"
  }),
  slowOperation: Option.duration("0 millis", {
    default: Duration.seconds(1),
    doc: "A measured operation that takes longer publishes `performance.slow_operation`."
  }),
  memorySpike: Option.integer({ minimum: 1, maximum: 1_000_000_000_000 }, {
    default: 104_857_600,
    doc: "A measured operation that ran alone and holds more bytes of new memory at its end publishes " +
      "`memory.spike_detected`.",
    tasker: "telemetry.memory_threshold_mb"
  }),
  quietPeriod: Option.duration("1 second", {
    default: Duration.minutes(1),
    doc: "After the first event about an operation, further ones are summed up in one event at the end of this time."
  }),
  learned: Schema.Struct({
    enabled: Option.boolean({
      default: false,
      doc: "An operation is also slow if it takes longer than the 99th percentile of its last 512 durations, times " +
        "`performance.learned.factor`."
    }),
    factor: Option.number({ minimum: 1, maximum: 1000 }, {
      default: 2,
      doc: "Factor of the percentile of learned thresholds."
    }),
    minimumSamples: Option.integer({ minimum: 1, maximum: 512 }, {
      default: 100,
      doc: "Number of durations from which on a threshold is learned."
    })
  }),
  profile: Schema.Struct({
    directory: Option.optionalText({
      default: undefined,
      doc: "Folder for profiles of the processor, of slow operations that ask for them with `profile`. Unset: none."
    }),
    keep: Option.integer({ minimum: 1, maximum: 1000 }, {
      default: 10,
      doc: "Number of profiles that a process keeps. A new one replaces the oldest."
    })
  }),
  bottlenecks: Option.boolean({
    default: true,
    doc: "Keeps records of runs, from which critical paths and bottlenecks are computed.",
    tasker: "telemetry.bottleneck_analysis_enabled"
  }),
  storedRuns: Option.integer({ minimum: 1, maximum: 1_000_000 }, {
    default: 1000,
    doc:
      "Number of ended runs whose records are kept for the analysis. Runs with very many attempts may be forgotten " +
      "earlier: the records hold 200000 attempts at most."
  }),
  sql: sqlOptions
})
