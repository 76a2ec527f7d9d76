/**
 * Declares metrics and keeps them. A store belongs to its layer; there is no
 * global state.
 *
 * **Details**
 *
 * If a program declares a metric twice, both declarations give the same
 * instrument. A second declaration with another type, other keys or other buckets
 * throws an error that names both places. Names follow the Prometheus rules: base
 * units, `_total` on counters alone, no type in the name. A key that names an id
 * is refused: ids belong on spans and log lines.
 *
 * A metric has at most `metrics.cardinalityLimit` series. A series expires if
 * nothing is recorded to it for `metrics.retention`. If it comes back, it starts
 * at zero with a new start time.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { SelfStatistics } from "../internal/SelfStatistics.ts"
import { withDefault } from "../internal/withDefault.ts"
import * as MemoryStore from "./internal/MemoryStore.ts"
import * as MetricDeclaration from "./internal/model/MetricDeclaration.ts"
import type { MetricPort, MetricStoreShape } from "./internal/model/MetricStoreShape.ts"
import { NoopInstrument } from "./internal/store/Instruments.ts"
import * as storeDeclarations from "./internal/store/storeDeclarations.ts"
import * as SharedMemory from "./internal/threads/SharedMemory.ts"
import * as SharedNumbers from "./internal/threads/SharedNumbers.ts"

export type {
  Declaration,
  ExponentialHistogramDeclaration,
  HistogramDeclaration,
  MetricPort,
  Observation,
  ObservedDeclaration,
  TimerDeclaration
} from "./internal/model/MetricStoreShape.ts"

/**
 * The metric store.
 *
 * **Example** (Declaring and recording)
 *
 * ```ts
 * import * as Effect from "effect/Effect"
 * import { MetricStore } from "tasker-telemetry/metrics/MetricStore"
 *
 * const program = Effect.gen(function*() {
 *   const store = yield* MetricStore
 *   const mails = store.counter({ name: "shop_mails_total", help: "Mails sent.", attributes: ["kind"] })
 *   const sending = store.timer({ name: "shop_sending_seconds", help: "Time to send.", attributes: ["kind"] })
 *   const invoices = mails.bind({ kind: "invoice" })
 *   yield* Effect.sync(() => invoices.inc()).pipe(sending.track({ kind: "invoice" }))
 * })
 * ```
 *
 * @category services
 * @since 0.1.0
 */
export class MetricStore extends Context.Service<MetricStore, MetricStoreShape>()(
  "tasker-telemetry/metrics/MetricStore"
) {
}

/**
 * Keeps every series in memory and registers it in Effect's own metric registry.
 *
 * @since 0.1.0
 */
export const layer: Layer.Layer<MetricStore> = Layer.effect(
  MetricStore,
  Effect.suspend(() => MemoryStore.make())
).pipe(withDefault(SelfStatistics, SelfStatistics.layer))

/**
 * Keeps every series in memory that the main thread reads, without locks or messages. If the thread dies, its counts
 * remain.
 *
 * **Gotchas**
 *
 * One port is for one thread. Series of a thread do not expire before the scope of the port closes. Exemplars stay in
 * the thread: the snapshot of its own store has them. Observed values are brought up to date every 5 seconds. The main
 * thread exports the metrics by OTLP, and the worker thread exports none.
 *
 * **Example** (Metrics of a worker thread)
 *
 * ```ts
 * import * as Effect from "effect/Effect"
 * import * as Layer from "effect/Layer"
 * import { Worker, workerData } from "node:worker_threads"
 * import { MetricStore, Telemetry } from "tasker-telemetry"
 *
 * // In the main thread: as long as the scope is open, its metrics are read
 * const startWorker = Effect.gen(function*() {
 *   const store = yield* MetricStore.MetricStore
 *   const metricPort = yield* store.share()
 *   return new Worker(new URL("./worker.js", import.meta.url), { workerData: { metricPort } })
 * })
 *
 * // In worker.js
 * const TelemetryLayer = Telemetry.layer({}, { metricStore: MetricStore.layerShared(workerData.metricPort) })
 * const program = Layer.launch(TelemetryLayer)
 * ```
 *
 * @since 0.1.0
 */
export const layerShared = (port: MetricPort): Layer.Layer<MetricStore> =>
  Layer.effect(MetricStore, Effect.suspend(() => MemoryStore.make(SharedNumbers.backend(port)))).pipe(
    withDefault(SelfStatistics, SelfStatistics.layer)
  )

/**
 * Checks declarations and records nothing.
 *
 * @since 0.1.0
 */
export const layerNoop: Layer.Layer<MetricStore> = Layer.sync(MetricStore, () => {
  const instrument = new NoopInstrument()
  const declared = new Map<string, MetricDeclaration.Checked>()
  const declare = (declaration: MetricDeclaration.Checked) => {
    MetricDeclaration.refuseConflict(declared.get(declaration.name) ?? declaration, declaration)
    declared.set(declaration.name, declaration)
    return instrument
  }
  const observe: MetricStoreShape["observe"] = (declaration) =>
    Effect.sync(() =>
      void declare(MetricDeclaration.check(declaration.type, declaration, storeDeclarations.siteOf(observe), true))
    )
  return MetricStore.of({
    ...storeDeclarations.make(declare),
    observe,
    measures: "none",
    share: () => Effect.sync(() => SharedMemory.create(0)),
    snapshot: Effect.clockWith((clock) =>
      Effect.sync(() => ({ timeMillis: clock.currentTimeMillisUnsafe(), metrics: [] }))
    )
  })
})
