/**
 * The values of all metrics at one instant, as plain data.
 *
 * **Details**
 *
 * The store reads all values at once: no measurement falls between two metrics.
 * It makes the array of a metric's series at the first use of the array. Metrics
 * are sorted by name. Series are sorted by their attribute values, the overflow
 * series last.
 *
 * @since 0.1.0
 */

/**
 * The type of a metric.
 *
 * **Details**
 *
 * A `counter` only grows. An `upDownCounter` and a `gauge` go up and down. An
 * `info` is always 1, and its attributes are its content. A `histogram` has
 * explicit buckets, an `exponentialHistogram` has buckets of a base-2 scale. A
 * `summary` cannot be declared. It comes from Effect's own `Metric`.
 *
 * @category models
 * @since 0.1.0
 */
export type MetricType =
  | "counter"
  | "upDownCounter"
  | "gauge"
  | "info"
  | "histogram"
  | "exponentialHistogram"
  | "summary"

/**
 * A single measurement and the span it was made in.
 *
 * @category models
 * @since 0.1.0
 */
export interface Exemplar {
  /** The measurement, in the unit of the metric. */
  readonly value: number
  /** When it was made, in milliseconds since the epoch. */
  readonly timeMillis: number
  readonly traceId: string
  readonly spanId: string
}

/**
 * The value of a histogram series.
 *
 * @category models
 * @since 0.1.0
 */
export interface HistogramValue {
  /** Observations in each bucket, not cumulated. The last bucket is above the highest bound. */
  readonly counts: ReadonlyArray<number>
  readonly count: number
  readonly sum: number
}

/**
 * A run of neighbouring buckets of an exponential histogram.
 *
 * @category models
 * @since 0.1.0
 */
export interface ExponentialBuckets {
  /** Index of the first bucket; bucket `i` holds values in `(base^i, base^(i+1)]`. */
  readonly offset: number
  readonly counts: ReadonlyArray<number>
}

/**
 * The value of an exponential histogram series.
 *
 * @see https://opentelemetry.io/docs/specs/otel/metrics/data-model/#exponentialhistogram
 * @category models
 * @since 0.1.0
 */
export interface ExponentialHistogramValue {
  /** The base is `2^(2^-scale)`. */
  readonly scale: number
  /** Values within `[-zeroThreshold, zeroThreshold]`. */
  readonly zeroCount: number
  readonly zeroThreshold: number
  readonly positive: ExponentialBuckets
  /** Buckets of the absolute values of negative observations. */
  readonly negative: ExponentialBuckets
  readonly count: number
  readonly sum: number
  /** Lowest and highest observation; `undefined` before the first and in deltas. */
  readonly min: number | undefined
  readonly max: number | undefined
}

/**
 * The value of a summary series.
 *
 * @category models
 * @since 0.1.0
 */
export interface SummaryValue {
  /** Values by quantile, ascending; NaN where a quantile has no value. */
  readonly quantiles: ReadonlyArray<readonly [quantile: number, value: number]>
  readonly count: number
  readonly sum: number
}

/**
 * One series of a metric.
 *
 * @category models
 * @since 0.1.0
 */
export interface SeriesSnapshot<Value = number | HistogramValue | ExponentialHistogramValue | SummaryValue> {
  /** Values by key, in the order of the metric's keys. The overflow series has `{ otel_metric_overflow: "true" }`. */
  readonly attributes: Readonly<Record<string, string>>
  /** When the series began to count, in milliseconds since the epoch. */
  readonly startMillis: number
  readonly value: Value
  /** At most one exemplar for each bucket of a histogram, and at most one for a counter. */
  readonly exemplars: ReadonlyArray<Exemplar>
}

interface Metric<Type extends MetricType, Value> {
  readonly type: Type
  readonly name: string
  readonly help: string
  /** Base unit as Prometheus writes it (`seconds`, `bytes`); `undefined` if the metric has none. */
  readonly unit: string | undefined
  /** Keys of the attributes; empty for metrics whose keys differ from series to series. */
  readonly attributes: ReadonlyArray<string>
  readonly series: ReadonlyArray<SeriesSnapshot<Value>>
}

/**
 * A metric with one number for each series.
 *
 * @category models
 * @since 0.1.0
 */
export interface NumberData extends Metric<"counter" | "upDownCounter" | "gauge" | "info", number> {
  /** Whether the store asks for the values of a counter at each reading. It is absent if the program records them. */
  readonly observed?: boolean
}

/**
 * A histogram with explicit buckets.
 *
 * @category models
 * @since 0.1.0
 */
export interface HistogramData extends Metric<"histogram", HistogramValue> {
  /** Upper bounds of the buckets, ascending, inclusive, without `+Inf`. */
  readonly buckets: ReadonlyArray<number>
}

/**
 * An exponential histogram.
 *
 * @category models
 * @since 0.1.0
 */
export interface ExponentialHistogramData extends Metric<"exponentialHistogram", ExponentialHistogramValue> {}

/**
 * A summary.
 *
 * @category models
 * @since 0.1.0
 */
export interface SummaryData extends Metric<"summary", SummaryValue> {}

/**
 * A metric with its series.
 *
 * @category models
 * @since 0.1.0
 */
export type MetricData = NumberData | HistogramData | ExponentialHistogramData | SummaryData

/**
 * All metrics that have a series.
 *
 * @category models
 * @since 0.1.0
 */
export interface MetricSnapshot {
  /** When the values were read, in milliseconds since the epoch. */
  readonly timeMillis: number
  readonly metrics: ReadonlyArray<MetricData>
}

/**
 * Finds the value of a series; `undefined` if the snapshot does not have the series.
 *
 * **Example** (Reading a counter)
 *
 * ```ts
 * import * as Effect from "effect/Effect"
 * import { MetricStore } from "tasker-telemetry/metrics/MetricStore"
 * import * as MetricSnapshot from "tasker-telemetry/metrics/MetricSnapshot"
 *
 * const completed = Effect.gen(function*() {
 *   const store = yield* MetricStore
 *   const snapshot = yield* store.snapshot
 *   return MetricSnapshot.valueOf(snapshot, "tasker_tasks_total", { task: "greet", status: "complete" })
 * })
 * ```
 *
 * @param attributes the value of every key of the metric
 * @category computations
 * @since 0.1.0
 */
export const valueOf = (
  snapshot: MetricSnapshot,
  name: string,
  attributes: Readonly<Record<string, string>>
): SeriesSnapshot["value"] | undefined => {
  const wanted = Object.entries(attributes)
  const series: ReadonlyArray<SeriesSnapshot> = snapshot.metrics.find((metric) => metric.name === name)?.series ?? []
  return series.find((candidate) =>
    Object.keys(candidate.attributes).length === wanted.length &&
    wanted.every(([key, value]) => candidate.attributes[key] === value)
  )?.value
}
