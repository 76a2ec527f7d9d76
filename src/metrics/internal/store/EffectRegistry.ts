/**
 * Registers the series of a store in Effect's own metric registry, so that every
 * exporter of Effect sees them. Effect pulls the values, so recording pays
 * nothing.
 */
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import type { HistogramState } from "effect/Metric"
import type {
  ExponentialBuckets,
  ExponentialHistogramValue,
  HistogramValue,
  SeriesSnapshot
} from "../../MetricSnapshot.ts"
import type { Checked } from "../model/MetricDeclaration.ts"
import type { Series } from "./Series.ts"

/** Reads the present value of a series. */
type Read = (series: Series) => SeriesSnapshot["value"]

/** A metric that is registered. */
export interface ShownMetric {
  readonly declaration: Checked
  readonly read: Read
  /** Gives all series. The registry drops them when the store closes. */
  readonly series: () => Iterable<Series>
}

/** Registers one series in Effect's registry, and stores the registration in the series. */
export type Register = (series: Series) => void

/** Marks our own hooks. */
const ours = Symbol("tasker-telemetry/metrics/EffectRegistry")

/** The mark is on a prototype, because a property on each hook would cost an object for each series. */
const hookPrototype: object = Object.create(Function.prototype, { [ours]: { value: true } })

export const isOurs = (metadata: Metric.Metric.Metadata<unknown, unknown>): boolean => ours in metadata.hooks.get

/**
 * The number of our metrics in a registry. The registry has the number, because several stores may share the registry.
 */
interface Count {
  value: number
}

const countIn = (registry: Metric.MetricRegistry & { [ours]?: Count }): Count => registry[ours] ??= { value: 0 }

/**
 * Registers metrics in the registry of the context. If another part of the
 * program has registered a name already, it is reported and not replaced.
 */
export const make = Effect.gen(function*() {
  const context = yield* Effect.context<never>()
  const registry = yield* Metric.MetricRegistry
  const report = Effect.runForkWith(context)
  const metrics: Array<ShownMetric> = []
  const count = countIn(registry)
  let closed = false

  /** Removes a series that has expired, or of a store that has closed. */
  const remove = (series: Series): void => {
    if (series.registration === undefined) return
    series.registration.remove()
    series.registration = undefined
    count.value--
  }

  yield* Effect.addFinalizer(() =>
    Effect.sync(() => {
      closed = true
      for (const { series } of metrics) for (const one of series()) remove(one)
    })
  )

  const isTaken = (name: string) => [...registry.values()].some((metadata) => metadata.id === name)

  return {
    /** How many metrics of the registry are ours. */
    count: () => count.value,
    metric: (metric: ShownMetric): Register => {
      const { name } = metric.declaration
      if (isTaken(name)) {
        report(Effect.logDebug(
          `metric ${name} exists in Effect's metric registry already; Effect's exporters see that one`
        ))
        return () => {}
      }
      metrics.push(metric)
      const show = registrar(context, metric)
      return (series) => {
        if (closed) return
        series.registration = show(series)
        count.value++
      }
    },
    remove
  }
})

const registrar = (
  context: Context.Context<never>,
  { declaration, read }: ShownMetric
): (series: Series) => Metric.Registration => {
  const { help, name, type } = declaration
  const number = (series: Series) => read(series) as number
  const optionsOf = ({ attributes }: Series) => ({ description: help, attributes })
  switch (type) {
    case "counter":
    case "upDownCounter": {
      const incremental = type === "counter"
      const stateOf = (series: Series) => ({ count: number(series), incremental })
      return (series) =>
        Metric.registerUnsafe(
          Metric.counter(name, { ...optionsOf(series), incremental }),
          context,
          hooks(stateOf, series)
        )
    }
    case "gauge":
    case "info": {
      const stateOf = (series: Series) => ({ value: number(series) })
      return (series) => Metric.registerUnsafe(Metric.gauge(name, optionsOf(series)), context, hooks(stateOf, series))
    }
    case "histogram": {
      const boundaries = declaration.buckets ?? []
      const stateOf = (series: Series) => explicitState(boundaries, read(series) as HistogramValue)
      return (series) =>
        Metric.registerUnsafe(
          Metric.histogram(name, { ...optionsOf(series), boundaries }),
          context,
          hooks(stateOf, series)
        )
    }
    case "exponentialHistogram": {
      const stateOf = (series: Series) => exponentialState(read(series) as ExponentialHistogramValue)
      return (series) =>
        Metric.registerUnsafe(
          Metric.histogram(name, { ...optionsOf(series), boundaries: exponentialBounds }),
          context,
          hooks(stateOf, series)
        )
    }
  }
}

/** A metric of the program with the same identity would record into these hooks, so they ignore updates. */
const hooks = <State>(stateOf: (series: Series) => State, series: Series): Metric.Metric.Hooks<unknown, State> => ({
  get: Object.setPrototypeOf(() => stateOf(series), hookPrototype) as () => State,
  update: noop,
  modify: noop
})

const noop = () => {}

// --- Histograms ---
//
// Effect has cumulative counts per upper bound, without `+Inf`, and minimum and maximum. Its exporters compare readings
// by the position of a bucket, so a histogram has the same bounds in every reading.

const explicitState = (bounds: ReadonlyArray<number>, value: HistogramValue): HistogramState => ({
  buckets: cumulative(bounds, value.counts),
  count: value.count,
  ...extremes(bounds, value),
  sum: value.sum
})

/** Powers of four from about 10^-9, a nanosecond in seconds, to 10^12, a terabyte in bytes. */
const lowestPower = -15
const highestPower = 20
const exponentialBounds: ReadonlyArray<number> = Array.from(
  { length: highestPower - lowestPower + 1 },
  (_, index) => 4 ** (lowestPower + index)
)

/**
 * Counts in the buckets of {@link exponentialBounds}. Values that are not
 * positive count in the first bucket. Values above the last bound count only in
 * `count`.
 */
const exponentialState = (value: ExponentialHistogramValue): HistogramState => {
  const { count, max = 0, min = 0, negative, positive, scale, sum, zeroCount } = value
  const counts = new Array<number>(exponentialBounds.length).fill(0)
  counts[0] = zeroCount + negative.counts.reduce((total, one) => total + one, 0)
  positive.counts.forEach((one, index) => {
    const place = Math.max(upperPower(positive, index, scale) - lowestPower, 0)
    if (place < counts.length) counts[place] = (counts[place] as number) + one
  })
  return { buckets: cumulative(exponentialBounds, counts), count, min, max, sum }
}

/**
 * The lowest power of four that a bucket does not exceed. For scales from -1 on,
 * a bucket lies wholly between two powers of four. So a count stays in its place
 * when the scale goes down. Only values that are 10^96 apart lead to a lower
 * scale.
 */
const upperPower = ({ offset }: ExponentialBuckets, index: number, scale: number): number =>
  Math.ceil((offset + index + 1) / 2 ** (scale + 1))

const cumulative = (bounds: ReadonlyArray<number>, counts: ReadonlyArray<number>): Array<[number, number]> => {
  let total = 0
  return bounds.map((bound, index): [number, number] => [bound, total += counts[index] ?? 0])
}

/**
 * The series has no minimum and maximum, but Effect's exporters need them. They
 * are taken from the outermost filled buckets. If such a bucket has no bound on
 * one side, the sum gives a limit.
 */
const extremes = (
  bounds: ReadonlyArray<number>,
  { count, counts, sum }: HistogramValue
): Pick<HistogramState, "min" | "max"> => {
  if (count === 0) return { min: 0, max: 0 }
  // Not every exporter can write an infinity.
  const finiteSum = Number.isFinite(sum) ? sum : 0
  const below = bounds[counts.findIndex((one) => one > 0) - 1]
  return {
    min: below === undefined ? Math.min(0, bounds[0] as number, finiteSum / count) : nextAfter(below),
    max: bounds[counts.findLastIndex((one) => one > 0)] ?? aboveAll(bounds, counts, finiteSum)
  }
}

/**
 * The least possible maximum: the average of the values above all bounds, if all other values are as large as possible.
 */
const aboveAll = (bounds: ReadonlyArray<number>, counts: ReadonlyArray<number>, sum: number): number => {
  const rest = bounds.reduce((left, bound, index) => left - bound * (counts[index] as number), sum)
  return Math.max(rest / (counts[bounds.length] as number), nextAfter(bounds.at(-1) as number))
}

/** The next number, because a bound belongs to the bucket below it. */
const nextAfter = (bound: number): number => bound + Math.max(Math.abs(bound) * Number.EPSILON, Number.MIN_VALUE)
