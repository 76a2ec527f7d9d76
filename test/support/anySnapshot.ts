/**
 * Snapshots for property tests: consistent in their counts, hostile in everything that is text.
 */
import { Arbitrary, Schema } from "effect"
import type * as MetricSnapshot from "../../src/metrics/MetricSnapshot.ts"

const whole = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))

const upTo = <S extends Schema.Constraint>(item: S, most: number) => Schema.Array(item).check(Schema.isMaxLength(most))

const Text = Schema.Union([
  Schema.String,
  Schema.Literals([
    "",
    "__proto__",
    "constructor",
    "toString",
    "1",
    "le",
    "a b",
    "a_b",
    "a-b",
    "=1+2",
    "+1",
    "-1",
    "@sum",
    "'=1",
    "\t=1",
    "\r\n",
    "\"",
    ",\"\n\"",
    "\\n",
    "Größe",
    "日本 😀",
    "\ud83d",
    "x\udc00y",
    "\ufeff",
    "\0",
    "\u2028",
    "x".repeat(300)
  ])
])

/** Numbers as text where JSON has none, as a literal cannot be one of them. */
const Double = Schema.Union([
  Schema.Number,
  Schema.Finite,
  whole(-10, 10),
  Schema.Literals(["NaN", "Infinity", "-Infinity", "-0"])
])

const Count = Schema.Union([Schema.Literal(0), whole(0, 200), Schema.Literals([1, 2 ** 40])])
const Millis = Schema.Union([Schema.Literal(0), whole(0, 2 ** 43)])

const Buckets = Schema.Struct({ offset: whole(0, 1000), counts: upTo(Count, 12) })

const Exemplar = Schema.Struct({
  value: Double,
  timeMillis: Millis,
  traceId: Schema.Literals(["0af7651916cd43dd8448eb211c80319c", "4bf92f3577b34da6a3ce929d0e0e4736"]),
  spanId: Schema.Literals(["b7ad6b7169203331", "00f067aa0ba902b7"])
})

const Series = Schema.Struct({
  values: Schema.Array(Text).check(Schema.isMinLength(4), Schema.isMaxLength(4)),
  startMillis: Millis,
  number: Double,
  sum: Double,
  counts: Schema.Array(Count).check(Schema.isMinLength(8), Schema.isMaxLength(8)),
  scale: whole(-10, 20),
  zeroCount: Count,
  zeroThreshold: Schema.Literals([0, 1e-9]),
  positive: Buckets,
  negative: Buckets,
  range: Schema.UndefinedOr(Schema.Tuple([Double, Double])),
  quantiles: upTo(Schema.Tuple([Schema.Literals([0, 0.5, 0.9, 0.99, 1]), Double]), 4),
  exemplars: upTo(Exemplar, 4)
})

const Family = Schema.Struct({
  type: Schema.Literals(["counter", "upDownCounter", "gauge", "info", "histogram", "exponentialHistogram", "summary"]),
  name: Text,
  help: Text,
  unit: Schema.UndefinedOr(Schema.Union([Schema.Literals(["seconds", "bytes"]), Text])),
  keys: upTo(Text, 4),
  observed: Schema.Boolean,
  bounds: upTo(Schema.Finite, 7),
  series: upTo(Series, 5)
})

const Recipe = Schema.Struct({ timeMillis: Millis, metrics: upTo(Family, 5) })

const distinctBy = <A>(items: ReadonlyArray<A>, key: (item: A) => unknown): ReadonlyArray<A> => [
  ...new Map(items.map((item) => [key(item), item])).values()
]

const total = (counts: ReadonlyArray<number>): number => counts.reduce((sum, count) => sum + count, 0)

/** The least and the greatest number of a bucket that has numbers in it. */
const indexesOf = (scale: number): readonly [number, number] => [
  Math.floor(-1074 * 2 ** scale),
  Math.ceil(1024 * 2 ** scale) - 1
]

const bucketsOf = (
  { counts, offset }: typeof Buckets.Type,
  scale: number
): MetricSnapshot.ExponentialBuckets => {
  const [least, most] = indexesOf(scale)
  const start = least + Math.floor((most - least) * offset / 1000)
  return { offset: start, counts: counts.slice(0, most - start + 1) }
}

const exponentialOf = (series: typeof Series.Type): MetricSnapshot.ExponentialHistogramValue => {
  const { scale, zeroCount, zeroThreshold } = series
  const [positive, negative] = [bucketsOf(series.positive, scale), bucketsOf(series.negative, scale)]
  return {
    scale,
    zeroCount,
    zeroThreshold,
    positive,
    negative,
    count: zeroCount + total(positive.counts) + total(negative.counts),
    sum: Number(series.sum),
    min: series.range === undefined ? undefined : Number(series.range[0]),
    max: series.range === undefined ? undefined : Number(series.range[1])
  }
}

const familyOf = (metric: typeof Family.Type): MetricSnapshot.MetricData => {
  const { help, name, type, unit } = metric
  const attributes = distinctBy(metric.keys, (key) => key)
  const bounds = [...new Set(metric.bounds)].toSorted((a, b) => a - b)
  const attributesOf = ({ values }: typeof Series.Type) =>
    Object.fromEntries(attributes.map((key, index) => [key, values[index]!]))
  const bucketOf = ({ value }: MetricSnapshot.Exemplar): unknown =>
    type === "histogram" ? bounds.findIndex((bound) => value <= bound) : type === "counter" ? "only" : value
  const seriesOf = <Value>(value: (series: typeof Series.Type) => Value) =>
    distinctBy(metric.series, (series) => JSON.stringify(attributesOf(series))).map((series) => ({
      attributes: attributesOf(series),
      startMillis: series.startMillis,
      value: value(series),
      exemplars: type === "gauge" || type === "upDownCounter" || type === "info" || type === "summary"
        ? []
        : distinctBy(series.exemplars.map((exemplar) => ({ ...exemplar, value: Number(exemplar.value) })), bucketOf)
    }))
  switch (type) {
    case "histogram":
      return {
        type,
        name,
        help,
        unit,
        attributes,
        buckets: bounds,
        series: seriesOf(({ counts, sum }) => {
          const used = counts.slice(0, bounds.length + 1)
          return { counts: used, count: total(used), sum: Number(sum) }
        })
      }
    case "exponentialHistogram":
      return { type, name, help, unit, attributes, series: seriesOf(exponentialOf) }
    case "summary":
      return {
        type,
        name,
        help,
        unit,
        attributes,
        series: seriesOf(({ counts, quantiles, sum }) => ({
          quantiles: distinctBy(quantiles, ([quantile]) => quantile).toSorted(([a], [b]) => a - b)
            .map(([quantile, value]) => [quantile, Number(value)] as const),
          count: counts[0]!,
          sum: Number(sum)
        }))
      }
    default:
      return {
        type,
        name,
        help,
        unit,
        attributes,
        ...(type === "counter" && metric.observed ? { observed: true } : {}),
        series: seriesOf(({ number }) => Number(number))
      }
  }
}

/** Any snapshot. */
export const anySnapshot: Arbitrary.Arbitrary<MetricSnapshot.MetricSnapshot> = Arbitrary.map(
  Arbitrary.schema(Recipe),
  ({ metrics, timeMillis }) => ({
    timeMillis,
    metrics: distinctBy(metrics, ({ name }) => name).map(familyOf)
  })
)
