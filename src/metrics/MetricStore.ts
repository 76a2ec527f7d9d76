/**
 * Where metrics are declared and kept. No global state: a store belongs to its
 * layer.
 *
 * **Details**
 *
 * Declaring the same metric twice gives the same family; declaring it with
 * another type, other keys or other buckets is refused, with both places named.
 * Names follow the Prometheus rules: base units, `_total` on counters and only
 * there, no type in the name. Keys that name ids are refused, because ids never
 * end: they belong on spans and log lines.
 *
 * Each family is bounded by `metrics.cardinalityLimit`. A series that nothing is
 * recorded to for `metrics.retention` is left out; if it comes back, it starts at
 * zero with a new start time.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type { SelfStatistics } from "../internal/SelfStatistics.ts"
import type * as MetricDeclaration from "./MetricDeclaration.ts"
import type { Attributes, Counter, Gauge, Histogram, Timer, UpDownCounter } from "./MetricFamily.ts"
import type { MetricSnapshot } from "./MetricSnapshot.ts"
import type { MetricPort } from "./SharedSlab.ts"
import * as StoreMemory from "./StoreMemory.ts"
import * as StoreNoop from "./StoreNoop.ts"
import * as StoreShared from "./StoreShared.ts"

/**
 * What every metric is declared with.
 *
 * @category models
 * @since 0.1.0
 */
export interface Declaration<Key extends string> {
  /** Letters, digits and `_`; a counter ends in `_total`, an info metric in `_info`. */
  readonly name: string
  /** One sentence for people. */
  readonly help: string
  /** Base unit: `seconds`, `bytes`, `ratio`, …; the name has it at its end, before `_total`. */
  readonly unit?: string | undefined
  /** The attribute keys; each series has a value for every one of them. */
  readonly attributes: ReadonlyArray<Key & MetricDeclaration.AttributeKey<Key>>
  /** Series that are kept apart, the overflow series among them; `metrics.cardinalityLimit` by default. */
  readonly cardinalityLimit?: number | undefined
}

/**
 * What a histogram is declared with.
 *
 * @category models
 * @since 0.1.0
 */
export interface HistogramDeclaration<Key extends string> extends Declaration<Key> {
  /** Upper bounds of the buckets, inclusive, ascending; `+Inf` is added. */
  readonly buckets: ReadonlyArray<number>
}

/**
 * What an exponential histogram is declared with.
 *
 * @category models
 * @since 0.1.0
 */
export interface ExponentialHistogramDeclaration<Key extends string> extends Declaration<Key> {
  /** Buckets on either side of zero, 2 to 2048; 160 by default: errors below 5 % over a range of 1 to 3000. */
  readonly maximumBuckets?: number | undefined
}

/**
 * What a timer is declared with. Its unit is seconds, and its name says so.
 *
 * @category models
 * @since 0.1.0
 */
export interface TimerDeclaration<Key extends string> extends Omit<Declaration<Key>, "unit"> {
  /** Upper bounds of the buckets in seconds; from 5 ms to an hour by default. */
  readonly buckets?: ReadonlyArray<number> | undefined
}

/**
 * A value of an observed metric.
 *
 * @category models
 * @since 0.1.0
 */
export interface Observation<Key extends string> {
  readonly attributes: Attributes<Key>
  readonly value: number
}

/**
 * What a metric is declared with whose values somebody else keeps.
 *
 * @category models
 * @since 0.1.0
 */
export interface ObservedDeclaration<Key extends string> extends Declaration<Key> {
  readonly type: "counter" | "upDownCounter" | "gauge"
  /**
   * Gives all values whenever the metrics are read. A series it no longer gives
   * is gone. What it throws or fails with is counted; an effect has a second.
   */
  readonly read: (() => Iterable<Observation<Key>>) | Effect.Effect<Iterable<Observation<Key>>, unknown>
}

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
export class MetricStore extends Context.Service<MetricStore, {
  readonly counter: <const Key extends string>(declaration: Declaration<Key>) => Counter<Key>
  readonly upDownCounter: <const Key extends string>(declaration: Declaration<Key>) => UpDownCounter<Key>
  readonly gauge: <const Key extends string>(declaration: Declaration<Key>) => Gauge<Key>
  readonly histogram: <const Key extends string>(declaration: HistogramDeclaration<Key>) => Histogram<Key>
  readonly exponentialHistogram: <const Key extends string>(
    declaration: ExponentialHistogramDeclaration<Key>
  ) => Histogram<Key>
  readonly timer: <const Key extends string>(declaration: TimerDeclaration<Key>) => Timer<Key>
  /** A metric that is always 1 and says something by its attributes, such as a version. */
  readonly info: <const Key extends string>(
    declaration: Omit<Declaration<Key>, "unit">,
    attributes: Attributes<NoInfer<Key>>
  ) => void
  /** A metric whose values are asked for when the metrics are read, until the scope closes. */
  readonly observe: <const Key extends string>(
    declaration: ObservedDeclaration<Key>
  ) => Effect.Effect<void, never, Scope.Scope>
  /**
   * Memory for one worker thread, which records there through
   * `MetricStore.layerShared`; what it records is part of every snapshot of
   * this store. When the scope closes its counts are kept, its gauges are not.
   *
   * `maximumBytes`: bytes of all its series, 64 MiB by default, used as they come.
   */
  readonly share: (
    options?: { readonly maximumBytes?: number | undefined }
  ) => Effect.Effect<MetricPort, never, Scope.Scope>
  /**
   * All families that have a series, sorted by name, read at one instant; those
   * of Effect's own `Metric` among them. Reading many series lets the event loop
   * go on in between.
   */
  readonly snapshot: Effect.Effect<MetricSnapshot>
}>()("tasker-telemetry/metrics/MetricStore") {
  /**
   * Keeps every series in memory and shows them to Effect's own metric registry.
   *
   * @since 0.1.0
   */
  static readonly layer: Layer.Layer<MetricStore, never, SelfStatistics> = Layer.effect(
    MetricStore,
    Effect.suspend(() => StoreMemory.make())
  )

  /**
   * Keeps every series in memory that the main thread reads: no lock, no message,
   * and a thread that dies leaves what it has counted.
   *
   * **Gotchas**
   *
   * One port is for one thread. Exemplars stay in the thread; the snapshot of the
   * thread's own store has them.
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
   *   const store = yield* MetricStore
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
  static readonly layerShared = (port: MetricPort): Layer.Layer<MetricStore, never, SelfStatistics> =>
    Layer.effect(MetricStore, Effect.suspend(() => StoreMemory.make(StoreShared.backend(port))))

  /**
   * Checks declarations and records nothing.
   *
   * @since 0.1.0
   */
  static readonly layerNoop: Layer.Layer<MetricStore> = Layer.sync(MetricStore, () => StoreNoop.make())
}
