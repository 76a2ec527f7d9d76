/**
 * What a metric is declared with, and what a store does.
 *
 * @since 0.1.0
 */
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { Attributes, Counter, Gauge, Histogram, Timer, UpDownCounter } from "../../MetricInstrument.ts"
import type { MetricSnapshot } from "../../MetricSnapshot.ts"
import type * as MetricDeclaration from "./MetricDeclaration.ts"

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
  readonly attributes: ReadonlyArray<MetricDeclaration.AttributeKey<Key>>
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
 * The declaration of a metric whose values the store asks for.
 *
 * @category models
 * @since 0.1.0
 */
export interface ObservedDeclaration<Key extends string> extends Declaration<Key> {
  readonly type: "counter" | "upDownCounter" | "gauge"
  /**
   * Gives all values at each reading of the metrics. If it stops giving a level, the
   * level is gone. If it stops giving a total, the total stays for
   * `metrics.retention`. A total that falls starts again. A failure is counted. An
   * effect has one second.
   */
  readonly read: (() => Iterable<Observation<Key>>) | Effect.Effect<Iterable<Observation<Key>>, unknown>
}

/**
 * What a worker thread is given, for instance as `workerData`.
 *
 * @category models
 * @since 0.1.0
 */
export interface MetricPort {
  readonly directory: SharedArrayBuffer
  readonly numbers: SharedArrayBuffer
}

/**
 * What the service `MetricStore` does.
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
  /** A metric that is always 1 and says something by its attributes, such as a version. */
  readonly info: <const Key extends string>(
    declaration: Omit<Declaration<Key>, "unit">,
    attributes: Attributes<NoInfer<Key>>
  ) => void
  /**
   * A metric whose values are asked for when the metrics are read, until the
   * scope closes. A name is either observed or recorded to, not both.
   */
  readonly observe: <const Key extends string>(
    declaration: ObservedDeclaration<Key>
  ) => Effect.Effect<void, never, Scope.Scope>
  /**
   * Memory for one worker thread, which records there through
   * `MetricStore.layerShared`; what it records is part of every snapshot of
   * this store. When the scope closes its counts are kept, its gauges and up-down counters are not.
   *
   * `maximumBytes`: bytes of all its series, 64 MiB by default, used as they come.
   */
  readonly share: (
    options?: { readonly maximumBytes?: number | undefined }
  ) => Effect.Effect<MetricPort, never, Scope.Scope>
  /**
   * What the store measures. `process`: this process, which it is read and
   * exported for. `thread`: a worker thread; the main thread reads and exports
   * what is recorded here. `none`: nothing.
   */
  readonly measures: "process" | "thread" | "none"
  /**
   * All metrics that have a series, sorted by name, read at one instant; metrics of
   * Effect's own `Metric` right after it. The event loop runs while many series are
   * read.
   */
  readonly snapshot: Effect.Effect<MetricSnapshot>
}
