/**
 * Registers the series of a store in Effect's own metric registry, so that every
 * exporter of Effect sees them. Effect pulls the values, so recording pays
 * nothing.
 */
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

type Metadata = Metric.Metric.Metadata<unknown, Metric.Metric.Snapshot["state"]>

/** What the series of a metric share in the registry. */
interface Registered {
  readonly registry: Metric.MetricRegistry
  readonly type: Metadata["type"]
  readonly name: string
  readonly help: string
  readonly stateOf: (series: Series) => Metric.Metric.Snapshot["state"]
}

/**
 * A series as Effect's registry shows it. A registry has one for each series, so it is one object: it is its own hooks,
 * and what Effect does not read is private, because Effect copies all other properties into its snapshots.
 */
class ShownSeries {
  readonly id: string
  readonly type: Metadata["type"]
  readonly description: string
  readonly attributes: Metric.Metric.AttributeSet
  readonly hooks = this
  readonly #series: Series
  readonly #metric: Registered
  readonly #key: string

  constructor(series: Series, metric: Registered, key: string, attributes: Metric.Metric.AttributeSet) {
    this.id = metric.name
    this.type = metric.type
    this.description = metric.help
    this.attributes = attributes
    this.#series = series
    this.#metric = metric
    this.#key = key
    metric.registry.set(key, this as Metadata)
  }

  get(): Metric.Metric.Snapshot["state"] {
    return this.#metric.stateOf(this.#series)
  }

  update(): void {}

  modify(): void {}

  remove(): void {
    const { registry } = this.#metric
    if (registry.get(this.#key) === this) registry.delete(this.#key)
  }
}

export const isOurs = (metadata: Metadata): boolean => metadata instanceof ShownSeries

/** Marks the counts of a registry. */
const counts = Symbol("tasker-telemetry/metrics/EffectRegistry")

/** Counts of a registry. The registry has them, because several stores may share it. */
interface Counts {
  /** Our series that the registry has now. */
  present: number
  /** Our series that it ever had. */
  made: number
}

const countsIn = (registry: Metric.MetricRegistry & { [counts]?: Counts }): Counts =>
  registry[counts] ??= { present: 0, made: 0 }

/**
 * Registers metrics in the registry of the context. If another part of the
 * program has registered a name already, it is reported and not replaced.
 */
export const make = Effect.gen(function*() {
  const context = yield* Effect.context<never>()
  const registry = yield* Metric.MetricRegistry
  const extraAttributes = yield* Metric.CurrentMetricAttributes
  const hasExtra = Object.keys(extraAttributes).length > 0
  const report = Effect.runForkWith(context)
  const metrics: Array<ShownMetric> = []
  const count = countsIn(registry)
  let closed = false

  /** Removes a series that has expired, or of a store that has closed. */
  const remove = (series: Series): void => {
    if (series.registration === undefined) return
    series.registration.remove()
    series.registration = undefined
    count.present--
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
    count: () => count.present,
    metric: (metric: ShownMetric): Register => {
      const { name } = metric.declaration
      if (isTaken(name)) {
        report(Effect.logDebug(
          `metric ${name} exists in Effect's metric registry already; Effect's exporters see that one`
        ))
        return () => {}
      }
      metrics.push(metric)
      const registered = registeredOf(registry, metric)
      return (series) => {
        if (closed) return
        // Effect's keys have all attributes and the description in them, and would be larger than the rest.
        const key = `tasker-telemetry ${count.made++}`
        const attributes = hasExtra ? { ...series.attributes, ...extraAttributes } : series.attributes
        series.registration = new ShownSeries(series, registered, key, attributes)
        count.present++
      }
    },
    remove
  }
})

const registeredOf = (registry: Metric.MetricRegistry, { declaration, read }: ShownMetric): Registered => {
  const { help, name, type } = declaration
  const shared = { registry, name, help }
  const number = (series: Series) => read(series) as number
  switch (type) {
    case "counter":
    case "upDownCounter": {
      const incremental = type === "counter"
      return { ...shared, type: "Counter", stateOf: (series) => ({ count: number(series), incremental }) }
    }
    case "gauge":
    case "info":
      return { ...shared, type: "Gauge", stateOf: (series) => ({ value: number(series) }) }
    case "histogram": {
      const boundaries = declaration.buckets ?? []
      return {
        ...shared,
        type: "Histogram",
        stateOf: (series) => explicitState(boundaries, read(series) as HistogramValue)
      }
    }
    case "exponentialHistogram":
      return {
        ...shared,
        type: "Histogram",
        stateOf: (series) => exponentialState(read(series) as ExponentialHistogramValue)
      }
  }
}

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
