/**
 * The declarations of metrics, and the service of a store.
 *
 * @since 0.1.0
 */
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { Attributes, Counter, Gauge, Histogram, Timer, UpDownCounter } from "../../MetricInstrument.ts"
import type { MetricSnapshot } from "../../MetricSnapshot.ts"
import type * as MetricDeclaration from "./MetricDeclaration.ts"

/**
 * The declaration of a metric.
 *
 * @category models
 * @since 0.1.0
 */
export interface Declaration<Key extends string> {
  /** Letters, digits and `_`; a counter ends in `_total`, an info metric in `_info`. */
  readonly name: string
  /** One sentence for people. */
  readonly help: string
  /** Base unit: `seconds`, `bytes`, `ratio`, …. The name ends with the unit, before `_total`. */
  readonly unit?: string | undefined
  /** The attribute keys. Each series has a value for each key. */
  readonly attributes: ReadonlyArray<MetricDeclaration.AttributeKey<Key>>
  /** The highest number of series, including the overflow series; `metrics.cardinalityLimit` by default. */
  readonly cardinalityLimit?: number | undefined
}

/**
 * The declaration of a histogram.
 *
 * @category models
 * @since 0.1.0
 */
export interface HistogramDeclaration<Key extends string> extends Declaration<Key> {
  /** Upper bounds of the buckets, inclusive, ascending; `+Inf` is added. */
  readonly buckets: ReadonlyArray<number>
}

/**
 * The declaration of an exponential histogram.
 *
 * @category models
 * @since 0.1.0
 */
export interface ExponentialHistogramDeclaration<Key extends string> extends Declaration<Key> {
  /**
   * Number of buckets on either side of zero, 2 to 2048; 160 by default. With 160, errors are below 5 % if the highest
   * value is 3000 times the lowest one.
   */
  readonly maximumBuckets?: number | undefined
}

/**
 * The declaration of a timer. Its unit is seconds, and its name ends with
 * `_seconds`.
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
 * The declaration of an observed metric. The store asks for its values.
 *
 * @category models
 * @since 0.1.0
 */
export interface ObservedDeclaration<Key extends string> extends Declaration<Key> {
  readonly type: "counter" | "upDownCounter" | "gauge"
  /**
   * Gives all values at each reading of the metrics. If it no longer gives a
   * level, the level is gone. If it no longer gives a total, the total stays for
   * `metrics.retention`. If a total falls, it starts again as a new series. A
   * failure is counted. An effect has one second.
   */
  readonly read: (() => Iterable<Observation<Key>>) | Effect.Effect<Iterable<Observation<Key>>, unknown>
}

/**
 * The memory that a worker thread gets, for example as `workerData`.
 *
 * @category models
 * @since 0.1.0
 */
export interface MetricPort {
  readonly directory: SharedArrayBuffer
  readonly numbers: SharedArrayBuffer
}

/**
 * The service `MetricStore`.
 *
 * @category models
 * @since 0.1.0
 */
export interface MetricStoreShape {
  readonly counter: <const Key extends string>(declaration: Declaration<Key>) => Counter<Key>
  readonly upDownCounter: <const Key extends string>(declaration: Declaration<Key>) => UpDownCounter<Key>
  readonly gauge: <const Key extends string>(declaration: Declaration<Key>) => Gauge<Key>
  readonly histogram: <const Key extends string>(declaration: HistogramDeclaration<Key>) => Histogram<Key>
  readonly exponentialHistogram: <const Key extends string>(
    declaration: ExponentialHistogramDeclaration<Key>
  ) => Histogram<Key>
  readonly timer: <const Key extends string>(declaration: TimerDeclaration<Key>) => Timer<Key>
  /** Declares a metric that is always 1 and has its content in its attributes, such as a version. */
  readonly info: <const Key extends string>(
    declaration: Omit<Declaration<Key>, "unit">,
    attributes: Attributes<NoInfer<Key>>
  ) => void
  /**
   * Declares a metric whose values the store asks for at each reading, until the
   * scope closes. A metric is either observed or recorded to, not both.
   */
  readonly observe: <const Key extends string>(
    declaration: ObservedDeclaration<Key>
  ) => Effect.Effect<void, never, Scope.Scope>
  /**
   * Gives memory for one worker thread, which records through `MetricStore.layerShared`. Every snapshot of this store
   * has the thread's metrics. When the scope closes, its counts stay, and its gauges and up-down counters are removed.
   *
   * `maximumBytes`: the highest number of bytes for all its series, at least 1024, 64 MiB by default. Memory is used as
   * series come.
   */
  readonly share: (
    options?: { readonly maximumBytes?: number | undefined }
  ) => Effect.Effect<MetricPort, never, Scope.Scope>
  /**
   * What the store measures. `process`: this process, so the store is read and
   * exported for it. `thread`: a worker thread, whose metrics the main thread
   * reads and exports. `none`: nothing.
   */
  readonly measures: "process" | "thread" | "none"
  /**
   * Reads all metrics that have a series, sorted by name. Their values are read
   * at one instant. Metrics of Effect's own `Metric` are read right after that
   * instant. If there are many series, the event loop turns in between.
   */
  readonly snapshot: Effect.Effect<MetricSnapshot>
}
