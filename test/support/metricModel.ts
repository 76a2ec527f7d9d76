/**
 * A plain recorder of metrics that keeps every measurement and works its snapshots out from all of them anew, and
 * builders of snapshots by hand.
 */
import { Schema } from "effect"
import type {
  Exemplar,
  ExponentialBuckets,
  ExponentialHistogramValue,
  HistogramValue,
  MetricData,
  MetricSnapshot,
  NumberData,
  SeriesSnapshot
} from "../../src/metrics/MetricSnapshot.ts"

export const buckets = [1, 2, 5]
const maximumBuckets = 160
const highestScale = 20

/** A measurement as a property test makes it up. */
export const Measurement = Schema.Struct({
  metric: Schema.Literals(["counter", "upDownCounter", "gauge", "histogram", "exponentialHistogram"]),
  a: Schema.Literals(["x", "y", ""]),
  b: Schema.Literals(["x", "1:x", "\u0000"]),
  /** Quarters, so that sums are exact in any order. */
  quarters: Schema.Int.check(Schema.isBetween({ minimum: -40, maximum: 40 })),
  /** Takes the exponential histogram to other scales. */
  power: Schema.Literals([0, 0, 0, 3, 12, 40])
})

type Measurement = typeof Measurement.Type

interface Series {
  readonly attributes: Readonly<Record<string, string>>
  readonly startMillis: number
  readonly recorded: Array<{ readonly value: number; readonly timeMillis: number }>
}

/** Bucket of the highest scale; every other is worked out from it. */
const finest = (value: number) => Math.ceil(Math.log2(value) * 2 ** highestScale) - 1

const at = (scale: number, index: number) => Math.floor(index / 2 ** (highestScale - scale))

const bucketsOf = (scale: number, indices: ReadonlyArray<number>): ExponentialBuckets => {
  const scaled = indices.map((index) => at(scale, index))
  if (scaled.length === 0) return { offset: 0, counts: [] }
  const offset = Math.min(...scaled)
  const counts = Array.from({ length: Math.max(...scaled) - offset + 1 }, () => 0)
  for (const index of scaled) counts[index - offset] = (counts[index - offset] as number) + 1
  return { offset, counts }
}

const exponential = (values: ReadonlyArray<number>): ExponentialHistogramValue => {
  const positive = values.filter((value) => value > 0).map(finest)
  const negative = values.filter((value) => value < 0).map((value) => finest(-value))
  const fits = (scale: number) =>
    [positive, negative].every((side) => bucketsOf(scale, side).counts.length <= maximumBuckets)
  // Above this scale the model would count in arrays of millions.
  let scale = 6
  while (!fits(scale)) scale--
  return {
    scale,
    zeroCount: values.filter((value) => value === 0).length,
    zeroThreshold: 0,
    positive: bucketsOf(scale, positive),
    negative: bucketsOf(scale, negative),
    count: values.length,
    sum: sumOf(values),
    min: Math.min(...values),
    max: Math.max(...values)
  }
}

const sumOf = (values: ReadonlyArray<number>) => values.reduce((left, right) => left + right, 0)

const histogram = (values: ReadonlyArray<number>): HistogramValue => {
  const bounds = [-Infinity, ...buckets, Infinity]
  return {
    counts: bounds.slice(1).map((bound, index) =>
      values.filter((value) => value > (bounds[index] as number) && value <= bound).length
    ),
    count: values.length,
    sum: sumOf(values)
  }
}

const compare = (left: Series, right: Series) => {
  for (const key of ["a", "b"]) {
    const [x, y] = [left.attributes[key] as string, right.attributes[key] as string]
    if (x !== y) return x < y ? -1 : 1
  }
  return 0
}

const names: Readonly<Record<Measurement["metric"], string>> = {
  counter: "c_total",
  upDownCounter: "u",
  gauge: "g",
  histogram: "h",
  exponentialHistogram: "e"
}

/** A recorder. A series can be forgotten and then begins anew. */
export const make = () => {
  const metrics = new Map<Measurement["metric"], Map<string, Series>>()
  const valueOf = ({ metric, power, quarters }: Measurement): number =>
    metric === "counter"
      ? Math.abs(quarters) / 4
      : metric === "exponentialHistogram"
      ? quarters * 2 ** (power - 2)
      : quarters / 4

  return {
    record: (measurement: Measurement, timeMillis = 0) => {
      const { a, b, metric } = measurement
      const series = metrics.get(metric) ?? new Map<string, Series>()
      metrics.set(metric, series)
      const key = JSON.stringify([a, b])
      const found = series.get(key) ?? { attributes: { a, b }, startMillis: timeMillis, recorded: [] }
      series.set(key, found)
      found.recorded.push({ value: valueOf(measurement), timeMillis })
    },
    /** Forgets every series in which nothing was recorded at or after a time. */
    forget: (idleSince: number) => {
      for (const series of metrics.values()) {
        for (const [key, { recorded }] of series) {
          if (recorded.every(({ timeMillis }) => timeMillis < idleSince)) series.delete(key)
        }
      }
    },
    snapshot: (timeMillis: number): MetricSnapshot => ({
      timeMillis,
      metrics: [...metrics]
        .filter(([, series]) => series.size > 0)
        .map(([type, series]): MetricData => {
          const common = { name: names[type], help: "h", unit: undefined, attributes: ["a", "b"] }
          const read = <Value>(f: (values: ReadonlyArray<number>) => Value): ReadonlyArray<SeriesSnapshot<Value>> =>
            [...series.values()].sort(compare).map(({ attributes, recorded, startMillis }) => ({
              attributes,
              startMillis,
              value: f(recorded.map(({ value }) => value)),
              exemplars: []
            }))
          switch (type) {
            case "histogram":
              return { ...common, type, buckets, series: read(histogram) }
            case "exponentialHistogram":
              return { ...common, type, series: read(exponential) }
            case "gauge":
              return { ...common, type, series: read((values) => values.at(-1) as number) }
            default:
              return { ...common, type, series: read(sumOf) }
          }
        })
        .sort((left, right) => left.name < right.name ? -1 : 1)
    })
  }
}

// --- By hand ---

export const snapshot = (timeMillis: number, ...metrics: ReadonlyArray<MetricData>): MetricSnapshot => ({
  timeMillis,
  metrics
})

interface Given<Value> {
  readonly value: Value
  readonly attributes?: Readonly<Record<string, string>>
  readonly startMillis?: number
  readonly exemplars?: ReadonlyArray<Exemplar>
}

export const series = <Value>(...all: ReadonlyArray<Given<Value>>): ReadonlyArray<SeriesSnapshot<Value>> =>
  all.map(({ attributes = {}, exemplars = [], startMillis = 0, value }) => ({
    attributes,
    startMillis,
    value,
    exemplars
  }))

const keysOf = (all: ReadonlyArray<{ readonly attributes?: object }>) => Object.keys(all[0]?.attributes ?? {})

export const numbers = (
  type: NumberData["type"],
  name: string,
  ...all: ReadonlyArray<Given<number>>
): NumberData => ({ type, name, help: "h", unit: undefined, attributes: keysOf(all), series: series(...all) })

export const counter = (name: string, ...all: ReadonlyArray<Given<number>>): NumberData =>
  numbers("counter", name, ...all)

export const histogramFamily = (name: string, ...all: ReadonlyArray<Given<HistogramValue>>): MetricData => ({
  type: "histogram",
  name,
  help: "h",
  unit: undefined,
  attributes: keysOf(all),
  buckets,
  series: series(...all)
})

export const exponentialFamily = (
  name: string,
  ...all: ReadonlyArray<Given<ExponentialHistogramValue>>
): MetricData => ({
  type: "exponentialHistogram",
  name,
  help: "h",
  unit: undefined,
  attributes: keysOf(all),
  series: series(...all)
})

/** Without what a difference does not have: the extremes of exponential histograms. */
const withoutExtremes = (given: MetricSnapshot): MetricSnapshot => ({
  ...given,
  metrics: given.metrics.map((metric) =>
    metric.type === "exponentialHistogram"
      ? {
        ...metric,
        series: metric.series.map((one) => ({ ...one, value: { ...one.value, min: undefined, max: undefined } }))
      }
      : metric
  )
})

/** Values of counters and histograms by name and attributes. */
export const additive = (given: MetricSnapshot): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    withoutExtremes(given).metrics.filter(({ type }) => type === "counter" || type.endsWith("istogram"))
      .flatMap((metric) =>
        metric.series.map((one: SeriesSnapshot) => [`${metric.name} ${JSON.stringify(one.attributes)}`, one.value])
      )
  )
