/** A metric store as a program has it, and what its readers show. */
import * as ManagedRuntime from "effect/ManagedRuntime"
import {
  LogDestination,
  type MetricSnapshot,
  MetricStore,
  PrometheusFormat,
  Telemetry,
  type TelemetryConfig
} from "tasker-telemetry"

/** Telemetry as programs compose it, without log lines. */
export const telemetry = (options: TelemetryConfig.Options = {}) =>
  Telemetry.layer(options, { logDestination: LogDestination.layerNoop })

/** A store for use outside of fibers. */
export const open = async (options: TelemetryConfig.Options = {}) => {
  const runtime = ManagedRuntime.make(telemetry(options))
  const store = await runtime.runPromise(MetricStore)
  const snapshot = () => runtime.runPromise(store.snapshot)
  return {
    store,
    snapshot,
    /** Everything recorded in the metrics of these names. */
    total: async (...names: ReadonlyArray<string>) => totalOf(await snapshot(), names),
    /** A whole scrape: reading the store and writing the text. */
    scrape: async () => PrometheusFormat.format(await snapshot())
  }
}

/** Sum of the values of counters and of the counts of histograms. */
export const totalOf = (snapshot: MetricSnapshot.MetricSnapshot, names: ReadonlyArray<string>): number =>
  snapshot.families
    .filter(({ name }) => names.includes(name))
    .flatMap(({ series }): ReadonlyArray<MetricSnapshot.SeriesSnapshot> => series)
    .reduce((sum, { value }) => sum + (typeof value === "number" ? value : value.count), 0)
