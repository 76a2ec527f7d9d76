/** A metric store as a program has it, and what its readers show. */
import * as Effect from "effect/Effect"
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

/** A store for use outside of fibers. The metrics of the process are off, as they are in the other libraries. */
export const open = async (options: TelemetryConfig.Options = {}) => {
  const runtime = ManagedRuntime.make(telemetry({ ...options, metrics: { runtime: false, ...options.metrics } }))
  const store = await runtime.runPromise(MetricStore.MetricStore)
  const snapshot = () => runtime.runPromise(store.snapshot)
  return {
    store,
    snapshot,
    /** Everything recorded in the metrics of these names. */
    total: async (...names: ReadonlyArray<string>) => totalOf(await snapshot(), names),
    /** A scrape as the route streams it, each piece encoded and let go. Gives the bytes, as the next one does. */
    scrape: () => runtime.runPromise(Effect.flatMap(store.snapshot, inPieces)),
    /** The same as one text. */
    scrapeWhole: async () => Buffer.from(PrometheusFormat.format(await snapshot())).length,
    /** Ends the process's reasons to stay alive. */
    close: () => runtime.dispose()
  }
}

/** Writes a snapshot as the route does, each piece let go. Gives the bytes. */
export const inPieces = Effect.fnUntraced(function*(snapshot: MetricSnapshot.MetricSnapshot) {
  let bytes = 0
  for (const piece of PrometheusFormat.chunks(snapshot)) {
    yield* Effect.yieldNow
    bytes += piece.length
  }
  return bytes
})

/** Sum of the values of counters and of the counts of histograms. */
export const totalOf = (snapshot: MetricSnapshot.MetricSnapshot, names: ReadonlyArray<string>): number =>
  snapshot.metrics
    .filter(({ name }) => names.includes(name))
    .flatMap(({ series }): ReadonlyArray<MetricSnapshot.SeriesSnapshot> => series)
    .reduce((sum, { value }) => sum + (typeof value === "number" ? value : value.count), 0)
