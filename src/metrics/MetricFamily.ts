/**
 * One metric with all its series: counter, up-down counter, gauge, histogram.
 *
 * **Details**
 *
 * A series is found by walking nested maps of attribute values; its numbers are
 * slots of one growing typed array. Recording on an existing series builds no
 * key and allocates nothing. `bind` finds the series once and gives a handle
 * that only adds to the slot.
 *
 * Beyond the cardinality limit every further attribute combination is recorded
 * in the overflow series `{otel_metric_overflow="true"}`: the sum over all
 * series stays exact.
 *
 * @see https://opentelemetry.io/docs/specs/otel/metrics/sdk/#cardinality-limits
 * @since 0.1.0
 */
import type { SeriesIndex } from "./SeriesIndex.ts"

/**
 * Values for the declared attribute keys of a family.
 *
 * @category models
 * @since 0.1.0
 */
export type Attributes<Key extends string> = { readonly [K in Key]: string }

/**
 * A value that only grows.
 *
 * @category models
 * @since 0.1.0
 */
export interface Counter<Key extends string> {
  /** Adds `amount`, 1 by default; a negative amount or NaN throws a `RangeError`. */
  readonly inc: (attributes: Attributes<Key>, amount?: number) => void
  /** The series for these attributes, for hot paths. */
  readonly bind: (attributes: Attributes<Key>) => { readonly inc: (amount?: number) => void }
}

/**
 * A value that goes up and down by differences.
 *
 * @category models
 * @since 0.1.0
 */
export interface UpDownCounter<Key extends string> {
  /** Adds `amount`, which may be negative. */
  readonly add: (attributes: Attributes<Key>, amount: number) => void
  /** The series for these attributes, for hot paths. */
  readonly bind: (attributes: Attributes<Key>) => { readonly add: (amount: number) => void }
}

/**
 * A value that is set.
 *
 * @category models
 * @since 0.1.0
 */
export interface Gauge<Key extends string> {
  readonly set: (attributes: Attributes<Key>, value: number) => void
  /** The series for these attributes, for hot paths. */
  readonly bind: (attributes: Attributes<Key>) => { readonly set: (value: number) => void }
}

/**
 * A distribution of values over buckets.
 *
 * @category models
 * @since 0.1.0
 */
export interface Histogram<Key extends string> {
  /** Counts `value`, in the unit of the family, into its bucket; NaN is ignored. */
  readonly observe: (attributes: Attributes<Key>, value: number) => void
  /** The series for these attributes, for hot paths. */
  readonly bind: (attributes: Attributes<Key>) => { readonly observe: (value: number) => void }
}

/**
 * Numbers of all series of a family; slot `s` of stride `n` is `[s * n, (s + 1) * n)`.
 *
 * @internal
 */
export interface Slots {
  values: Float64Array
}

const checkAmount = (name: string, amount: number) => {
  if (!(amount >= 0)) throw new RangeError(`counter "${name}" can only be increased, got ${amount}`)
}

/** @internal */
export const makeCounter = <Key extends string>(
  name: string,
  index: SeriesIndex,
  slots: Slots
): Counter<Key> => ({
  inc: (attributes, amount = 1) => {
    checkAmount(name, amount)
    const slot = index.slotOf(attributes)
    slots.values[slot] = (slots.values[slot] as number) + amount
  },
  bind: (attributes) => {
    const slot = index.slotOf(attributes)
    return {
      inc: (amount = 1) => {
        checkAmount(name, amount)
        slots.values[slot] = (slots.values[slot] as number) + amount
      }
    }
  }
})

/** An instrument of any kind that checks what it is given and records nothing. @internal */
export const makeNothing = (name: string) => {
  const record = { inc: (amount = 1) => checkAmount(name, amount), add: () => {}, set: () => {}, observe: () => {} }
  return { ...record, inc: (_: unknown, amount?: number) => record.inc(amount), bind: () => record }
}

/** @internal */
export const makeUpDownCounter = <Key extends string>(index: SeriesIndex, slots: Slots): UpDownCounter<Key> => ({
  add: (attributes, amount) => {
    const slot = index.slotOf(attributes)
    slots.values[slot] = (slots.values[slot] as number) + amount
  },
  bind: (attributes) => {
    const slot = index.slotOf(attributes)
    return {
      add: (amount) => {
        slots.values[slot] = (slots.values[slot] as number) + amount
      }
    }
  }
})

/** @internal */
export const makeGauge = <Key extends string>(index: SeriesIndex, slots: Slots): Gauge<Key> => ({
  set: (attributes, value) => {
    const slot = index.slotOf(attributes)
    slots.values[slot] = value
  },
  bind: (attributes) => {
    const slot = index.slotOf(attributes)
    return {
      set: (value) => {
        slots.values[slot] = value
      }
    }
  }
})

/**
 * Numbers of a histogram series: one count per bucket, the count above the last
 * bound, the sum, and the part of the sum that rounding has lost so far.
 *
 * @internal
 */
export const histogramStride = (buckets: ReadonlyArray<number>): number => buckets.length + 3

/** @internal */
export const makeHistogram = <Key extends string>(
  index: SeriesIndex,
  slots: Slots,
  buckets: ReadonlyArray<number>
): Histogram<Key> => {
  const stride = histogramStride(buckets)
  const bounds = Float64Array.from(buckets)
  const sumAt = bounds.length + 1

  /** Position of the first bound that is not below the value; the bound count for values above all. */
  const bucketOf = (value: number): number => {
    let low = 0
    let high = bounds.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((bounds[middle] as number) < value) low = middle + 1
      else high = middle
    }
    return low
  }

  const record = (slot: number, value: number) => {
    if (Number.isNaN(value)) return
    const { values } = slots
    const start = slot * stride
    const bucket = start + bucketOf(value)
    values[bucket] = (values[bucket] as number) + 1
    const sum = values[start + sumAt] as number
    const corrected = value - (values[start + sumAt + 1] as number)
    const next = sum + corrected
    values[start + sumAt] = next
    values[start + sumAt + 1] = Number.isFinite(next) ? next - sum - corrected : 0
  }

  return {
    observe: (attributes, value) => record(index.slotOf(attributes), value),
    bind: (attributes) => {
      const slot = index.slotOf(attributes)
      return { observe: (value) => record(slot, value) }
    }
  }
}
