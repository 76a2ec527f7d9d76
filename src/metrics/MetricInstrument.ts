/**
 * The instruments that a program records with: counter, up-down counter, gauge,
 * histogram, exponential histogram, timer.
 *
 * **Details**
 *
 * An instrument is one metric with all its series. A series is found by its
 * attribute values. Recording on an existing series builds no key and allocates
 * nothing. `bind` finds the series once and gives a bound instrument for hot
 * paths.
 *
 * The methods are synchronous, for use inside `Effect.sync` and plain callbacks.
 * The functions of this module are the same operations as effects.
 *
 * Beyond the cardinality limit, every further attribute combination is recorded
 * in the overflow series `{otel_metric_overflow="true"}`. So the sum over all
 * series stays exact.
 *
 * **Gotchas**
 *
 * Instruments are objects with methods: call `instrument.inc()`, and do not take
 * `inc` out of its object.
 *
 * @see https://opentelemetry.io/docs/specs/otel/metrics/sdk/#cardinality-limits
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"

/**
 * Values for the declared attribute keys of an instrument.
 *
 * @category models
 * @since 0.1.0
 */
export type Attributes<Key extends string> = { readonly [K in Key]: string }

/**
 * A series of a counter.
 *
 * @category models
 * @since 0.1.0
 */
export interface BoundCounter {
  /** Adds `amount`, 1 by default. Negative amounts, infinite amounts and NaN are misuse and not added. */
  inc(amount?: number): void
}

/**
 * A value that only grows.
 *
 * @category models
 * @since 0.1.0
 */
export interface Counter<Key extends string> {
  /** Adds `amount`, 1 by default. Negative amounts, infinite amounts and NaN are misuse and not added. */
  inc(attributes: Attributes<Key>, amount?: number): void
  /** Binds to the series for these attributes, for hot paths. The series exists from now on, with the value 0. */
  bind(attributes: Attributes<Key>): BoundCounter
}

/**
 * A series of an up-down counter.
 *
 * @category models
 * @since 0.1.0
 */
export interface BoundUpDownCounter {
  /** Adds `amount`, which may be negative. Infinite amounts and NaN are misuse and not added. */
  add(amount: number): void
}

/**
 * A value that goes up and down by differences.
 *
 * @category models
 * @since 0.1.0
 */
export interface UpDownCounter<Key extends string> {
  /** Adds `amount`, which may be negative. Infinite amounts and NaN are misuse and not added. */
  add(attributes: Attributes<Key>, amount: number): void
  /** Binds to the series for these attributes, for hot paths. The series exists from now on, with the value 0. */
  bind(attributes: Attributes<Key>): BoundUpDownCounter
}

/**
 * A series of a gauge.
 *
 * @category models
 * @since 0.1.0
 */
export interface BoundGauge {
  set(value: number): void
  /** Moves the value by `amount`. */
  add(amount: number): void
}

/**
 * A value that is set.
 *
 * @category models
 * @since 0.1.0
 */
export interface Gauge<Key extends string> {
  set(attributes: Attributes<Key>, value: number): void
  /** Moves the value by `amount`. */
  add(attributes: Attributes<Key>, amount: number): void
  /** Binds to the series for these attributes, for hot paths. The series exists from now on, with the value 0. */
  bind(attributes: Attributes<Key>): BoundGauge
}

/**
 * A series of a histogram.
 *
 * @category models
 * @since 0.1.0
 */
export interface BoundHistogram {
  /** Counts `value`, in the unit of the instrument, into its bucket. NaN is misuse and not counted. */
  observe(value: number): void
}

/**
 * A distribution of values over buckets, explicit or exponential.
 *
 * @category models
 * @since 0.1.0
 */
export interface Histogram<Key extends string> {
  /** Counts `value`, in the unit of the instrument, into its bucket. NaN is misuse and not counted. */
  observe(attributes: Attributes<Key>, value: number): void
  /** Binds to the series for these attributes, for hot paths. The series exists from now on, without observations. */
  bind(attributes: Attributes<Key>): BoundHistogram
}

/**
 * A histogram of durations, in seconds.
 *
 * @category models
 * @since 0.1.0
 */
export interface Timer<Key extends string> extends Histogram<Key> {
  /**
   * Measures by the monotonic clock how long an effect takes. It measures
   * success, failure and interruption. The attributes may depend on the exit.
   */
  track(
    attributes: Attributes<Key> | ((exit: Exit.Exit<unknown, unknown>) => Attributes<Key>)
  ): <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
}

/**
 * Adds to a counter.
 *
 * **Example** (Counting in a program)
 *
 * ```ts
 * import * as Effect from "effect/Effect"
 * import * as MetricInstrument from "tasker-telemetry/metrics/MetricInstrument"
 * import { MetricStore } from "tasker-telemetry/metrics/MetricStore"
 *
 * const program = Effect.gen(function*() {
 *   const store = yield* MetricStore
 *   const mails = store.counter({ name: "shop_mails_total", help: "Mails sent.", attributes: ["kind"] })
 *   yield* MetricInstrument.increment(mails, { kind: "invoice" })
 * })
 * ```
 *
 * @param amount 1 by default
 * @category recording
 * @since 0.1.0
 */
export const increment = <Key extends string>(
  counter: Counter<Key>,
  attributes: Attributes<NoInfer<Key>>,
  amount?: number
): Effect.Effect<void> => Effect.sync(() => counter.inc(attributes, amount))

/**
 * Adds to an up-down counter or a gauge.
 *
 * @category recording
 * @since 0.1.0
 */
export const add = <Key extends string>(
  instrument: UpDownCounter<Key> | Gauge<Key>,
  attributes: Attributes<NoInfer<Key>>,
  amount: number
): Effect.Effect<void> => Effect.sync(() => instrument.add(attributes, amount))

/**
 * Sets a gauge.
 *
 * @category recording
 * @since 0.1.0
 */
export const set = <Key extends string>(
  gauge: Gauge<Key>,
  attributes: Attributes<NoInfer<Key>>,
  value: number
): Effect.Effect<void> => Effect.sync(() => gauge.set(attributes, value))

/**
 * Observes a value in a histogram or timer.
 *
 * @category recording
 * @since 0.1.0
 */
export const observe = <Key extends string>(
  histogram: Histogram<Key>,
  attributes: Attributes<NoInfer<Key>>,
  value: number
): Effect.Effect<void> => Effect.sync(() => histogram.observe(attributes, value))

/** Makes the method `track` of a timer. @internal */
export const trackWith =
  <Key extends string>(histogram: Histogram<Key>): Timer<Key>["track"] => (attributes) => (self) =>
    Effect.clockWith((clock) => {
      const start = clock.monotonicTimeNanosUnsafe()
      return Effect.onExit(self, (exit) =>
        Effect.sync(() => {
          const seconds = Number(clock.monotonicTimeNanosUnsafe() - start) / 1e9
          histogram.observe(typeof attributes === "function" ? attributes(exit) : attributes, seconds)
        }).pipe(Effect.ignoreCause({ log: "Warn", message: "a duration could not be recorded" })))
    })
