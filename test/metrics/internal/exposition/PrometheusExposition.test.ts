/**
 * What holds for both text formats, whatever is in a snapshot.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import * as PrometheusFamilies from "../../../../src/metrics/internal/exposition/PrometheusFamilies.ts"
import { SeriesAttributes } from "../../../../src/metrics/internal/model/SeriesAttributes.ts"
import type { MetricData, MetricSnapshot, SeriesSnapshot } from "../../../../src/metrics/MetricSnapshot.ts"
import * as OpenMetricsFormat from "../../../../src/metrics/OpenMetricsFormat.ts"
import * as PrometheusFormat from "../../../../src/metrics/PrometheusFormat.ts"
import * as snapshots from "../../../support/metricSnapshots.ts"
import * as openMetricsParser from "../../../support/openMetricsParser.ts"
import * as prometheusParser from "../../../support/prometheusParser.ts"
import { runs } from "../../../support/runs.ts"

/** Texts that mean something in a format, stand close to each other, or are no UTF-8. */
const texts = ["", " ", "\"", "\\", "\n", "\r", "\r\n", "\\n", "\u0000", "\u2028", "é", "😀", "\ud800", "\udc00"]
  .concat(
    [
      "\ud800x",
      "\ufffd",
      "\ufeff",
      "a\",le=\"1",
      "# EOF",
      "#",
      "{",
      "}",
      ",",
      "=",
      "NaN",
      "+Inf",
      "__proto__",
      "constructor"
    ]
  )
const suffixed = ["total", "_total", "info", "bucket", "count"]
  .flatMap((name) => [name, `x_${name}`, `x.${name}`, `x_y_${name}`])
const names = ["x", "x.y", "x_y", "x-y", "x__y", "X", "_", "__", "1", "9x", ":", "a:b", "le", "quantile"].concat(
  ["exported_le", "__name__", "x_created", "x_sum", "x_total_total", "x_total_info", "x_info_total"],
  ["x_created_total", "x_seconds", "x_seconds_total"],
  suffixed
)

const Text = Schema.Union([Schema.Literals(texts), Schema.String])
const Name = Schema.Union([Schema.Literals(names), Schema.Literals(texts), Schema.String])
const Value = Schema.Union([
  Schema.Number,
  Schema.Int,
  Schema.Literals([0, -0, 1e21, 1e-7, 2 ** 53])
])
const Count = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 2 ** 40 }))

const Series = Schema.Struct({
  attributes: Schema.Array(Schema.Tuple([Name, Text])),
  value: Value,
  more: Schema.Array(Value),
  counts: Schema.Array(Count),
  offset: Schema.Int.check(Schema.isBetween({ minimum: -1100, maximum: 1100 })),
  scale: Schema.Int.check(Schema.isBetween({ minimum: -10, maximum: 20 })),
  exemplars: Schema.Array(Schema.Struct({ value: Value, timeMillis: Value, traceId: Text, spanId: Text })),
  kept: Schema.Boolean
})

const Family = Schema.Struct({
  type: Schema.Literals(["counter", "upDownCounter", "gauge", "info", "histogram", "exponentialHistogram", "summary"]),
  name: Name,
  help: Text,
  unit: Schema.Union([Schema.Undefined, Schema.Literals(["seconds", "s", "1", "{x}", "total", "By/s"]), Schema.String]),
  buckets: Schema.Array(Value),
  series: Schema.Array(Series)
})

const seriesOf = (family: typeof Family.Type, series: typeof Series.Type): SeriesSnapshot => {
  const attributes = Object.fromEntries(series.attributes)
  const common = {
    attributes: series.kept ? SeriesAttributes.make(Object.keys(attributes), Object.values(attributes)) : attributes,
    startMillis: series.value,
    exemplars: series.exemplars
  }
  const { counts, more, offset, scale, value } = series
  const count = counts.reduce((left, right) => left + right, 0)
  switch (family.type) {
    case "histogram":
      return { ...common, value: { counts, count, sum: value } }
    case "exponentialHistogram": {
      const positive = { offset, counts: counts.slice(1) }
      const negative = { offset: -offset, counts: counts.slice(0, 1) }
      return { ...common, value: snapshots.exponential({ scale, positive, negative, count, sum: value }) }
    }
    case "summary":
      return { ...common, value: { quantiles: more.map((each) => [Math.abs(each) % 1, each]), count, sum: value } }
    case "info":
      return { ...common, value: 1 }
    default:
      return { ...common, value }
  }
}

const snapshotOf = (families: ReadonlyArray<typeof Family.Type>): MetricSnapshot => ({
  timeMillis: 0,
  metrics: families.map(({ buckets, ...family }) =>
    ({
      ...family,
      ...(family.type === "histogram" ? { buckets } : {}),
      attributes: [],
      series: family.series.map((series) => seriesOf({ ...family, buckets }, series))
    }) as MetricData
  )
})

const reserved: Readonly<Record<string, string>> = { histogram: "le", summary: "quantile" }

type Samples = ReadonlyMap<string, number>

/** The values by what Prometheus stores them under: bounds and quantiles are numbers. */
const valuesOf = (
  families: ReadonlyArray<{
    readonly type: string
    readonly samples: ReadonlyArray<{
      readonly name: string
      readonly labels: Readonly<Record<string, string>>
      readonly value: number
    }>
  }>
): Samples =>
  new Map(families.flatMap(({ samples, type }) =>
    samples.map(({ labels, name, value }) => [
      JSON.stringify([
        name,
        Object.entries(labels).map(([key, text]) => [key, key === reserved[type] ? Number(text) : text])
      ]),
      value
    ])
  ))

const countOf = { cases: 0 }

describe("both text formats", () => {
  it.effect.prop(
    "are read by strict parsers, whatever the names, labels and values are, and say the same",
    [Schema.Array(Family)],
    ([families]) =>
      Effect.sync(() => {
        const snapshot = snapshotOf(families)
        countOf.cases += families.reduce((sum, { series }) => sum + 1 + series.length, 0)
        const plain = prometheusParser.parse(PrometheusFormat.format(snapshot))
        const open = openMetricsParser.parse(OpenMetricsFormat.format(snapshot))
        openMetricsParser.parse(OpenMetricsFormat.format(snapshot, { created: true }))
        const resolved = PrometheusFamilies.resolve(snapshot.metrics).families
        assert.deepStrictEqual(
          plain.map(({ name, type }) => [name, type]),
          resolved.map(({ name, type }) => [name, type])
        )
        assert.deepStrictEqual(
          open.map(({ name, type }) => [name, type]),
          resolved.map(({ openMetrics }) => [openMetrics.name, openMetrics.type])
        )
        const values = valuesOf(plain)
        for (const [sample, value] of valuesOf(open)) assert.deepEqual(values.get(sample), value, sample)
      }),
    { arbitrary: { runs: runs(250), seed: 20_240_229 } }
  )

  it("have been given thousands of families and series, and ten times as many in the slow suite", () => {
    assert.isAtLeast(countOf.cases, runs(2500))
  })

  const Round = Schema.Struct({
    points: Schema.Array(Schema.Struct({
      a: Text,
      b: Text,
      value: Value,
      counts: Schema.Tuple([Count, Count, Count])
    })),
    help: Text
  })

  it.effect.prop("lose no value", [Round], ([{ help, points }]) =>
    Effect.sync(() => {
      const at = (a: string, b: string) => SeriesAttributes.make(["a", "b"], [a, b])
      const distinct = new Map(points.map((point) => [JSON.stringify([point.a, point.b]), point]))
      const part = { help, attributes: ["a", "b"] }
      const entries = [...distinct.values()]
      const snapshot = snapshots.snapshot(
        snapshots.numbers(
          "counter",
          "c_total",
          entries.map(({ a, b, counts }) => snapshots.series(at(a, b), counts[0])),
          part
        ),
        snapshots.numbers("gauge", "g", entries.map(({ a, b, value }) => snapshots.series(at(a, b), value)), part),
        snapshots.histogram(
          "h",
          [1, 10],
          entries.map(({ a, b, counts }) => snapshots.series(at(a, b), snapshots.counted(counts, counts[1]))),
          part
        )
      )
      // What UTF-8 cannot tell apart is one series: counters and histograms are sums, of gauges there is the first.
      const expected = new Map<string, number>()
      for (const { a, b, counts, value } of entries) {
        const labels = [["a", a.toWellFormed()], ["b", b.toWellFormed()]]
        const add = (name: string, amount: number, more: ReadonlyArray<readonly [string, number]> = []) => {
          const key = JSON.stringify([name, [...labels, ...more]])
          expected.set(key, (expected.get(key) ?? 0) + amount)
        }
        add("c_total", counts[0])
        const gauge = JSON.stringify(["g", labels])
        if (!expected.has(gauge)) expected.set(gauge, value + 0)
        add("h_bucket", counts[0], [["le", 1]])
        add("h_bucket", counts[0] + counts[1], [["le", 10]])
        add("h_bucket", counts[0] + counts[1] + counts[2], [["le", Infinity]])
        add("h_sum", counts[1])
        add("h_count", counts[0] + counts[1] + counts[2])
      }
      const families = prometheusParser.parse(PrometheusFormat.format(snapshot))
      assert.deepStrictEqual(valuesOf(families), expected)
      assert.deepStrictEqual(valuesOf(openMetricsParser.parse(OpenMetricsFormat.format(snapshot))), expected)
      for (const family of families) assert.strictEqual(family.help, help.toWellFormed().replace(/\r\n?/g, "\n"))
    }), { arbitrary: { runs: runs(250), seed: 20_240_229 } })
})

describe("the parsers", () => {
  it.each([
    "a 1\n",
    "# TYPE a gauge\na 1",
    "# TYPE a gauge\n\na 1\n",
    "# TYPE a gauge\r\na 1\n",
    "# TYPE a gauge\na 1 \n",
    "# TYPE a gauge\na 0x1\n",
    "# TYPE a gauge\na inf\n",
    "# TYPE a gauge\na{} 1\n",
    "# TYPE a gauge\na{b=\"\\x\"} 1\n",
    "# TYPE a gauge\na{b=\"c\",} 1\n",
    "# TYPE a gauge\na{b=\"c\",b=\"d\"} 1\n",
    "# TYPE a gauge\na{b=\"c\"} 1\na{b=\"c\",d=\"\"} 2\n",
    "# TYPE a gauge\na{b=\"1\",c=\"2\"} 1\na{c=\"2\",b=\"1\"} 2\n",
    "# TYPE a gauge\na{b:c=\"1\"} 1\n",
    "# TYPE a gauge\na{b=\"\ud800\"} 1\n",
    "# TYPE a gauge\nb 1\n",
    "# TYPE a gauge\n# TYPE a gauge\n",
    "# TYPE a gauge\n# HELP a x\n",
    "# HELP a x\n# TYPE b gauge\n",
    "# HELP a \n# TYPE a gauge\n",
    "# TYPE a info\n",
    "# TYPE a histogram\n# TYPE a_count gauge\n",
    "# TYPE a_count gauge\n# TYPE a histogram\n",
    "# TYPE a histogram\na_bucket{le=\"1\"} 1\na_sum 1\na_count 1\n",
    "# TYPE a histogram\na_bucket{le=\"1\"} 2\na_bucket{le=\"+Inf\"} 1\na_sum 1\na_count 1\n",
    "# TYPE a histogram\na_bucket{le=\"+Inf\"} 1\na_sum 1\na_count 2\n",
    "# TYPE a histogram\na_bucket{le=\"Infinity\"} 1\na_sum 1\na_count 1\n",
    "# TYPE a summary\na{quantile=\"0.5\"} 1\na_count 1\n"
  ])("refuse in 0.0.4: %j", (text) => {
    assert.throws(() => prometheusParser.parse(text))
  })

  it.each([
    "",
    "# EOF",
    "# TYPE a gauge\na 1\n",
    "# EOF\n# EOF\n",
    "# TYPE a gauge\na 1\n\n# EOF\n",
    "# TYPE a gauge\r\na 1\n# EOF\n",
    "a 1\n# EOF\n",
    "# TYPE a gauge\na  1\n# EOF\n",
    "# TYPE a gauge\na{b=\"c\",} 1\n# EOF\n",
    "# TYPE a gauge\na{b=\"\\x\"} 1\n# EOF\n",
    "# TYPE a gauge\na{b=\"c\",b=\"d\"} 1\n# EOF\n",
    "# TYPE a gauge\na 1 # {} 1\n# EOF\n",
    "# TYPE a gauge\n# HELP a \"b\"\n# EOF\n",
    "# TYPE a gauge\n# HELP a \n# EOF\n",
    "# HELP a b\n# TYPE a gauge\n# EOF\n",
    "# TYPE a gauge\n# TYPE a gauge\n# EOF\n",
    "# TYPE a gauge\na 1\n# HELP a b\n# EOF\n",
    "# TYPE a gauge\na 1\n# TYPE b gauge\nb 1\na{c=\"d\"} 1\n# EOF\n",
    "# TYPE a gauge\n# UNIT a seconds\n# EOF\n",
    "# TYPE a_seconds info\n# UNIT a_seconds seconds\n# EOF\n",
    "# TYPE a counter\na 1\n# EOF\n",
    "# TYPE a counter\na_total NaN\n# EOF\n",
    "# TYPE a counter\na_total -1\n# EOF\n",
    "# TYPE a counter\na_created 1\n# EOF\n",
    "# TYPE a counter\na_total{b=\"1\"} 1\na_total{b=\"2\"} 1\na_created{b=\"1\"} 1\n# EOF\n",
    "# TYPE a counter\n# TYPE a_created gauge\n# EOF\n",
    "# TYPE a counter\n# TYPE a gauge\n# EOF\n",
    `# TYPE a counter\na_total 1 # {b="${"c".repeat(128)}"} 1\n# EOF\n`,
    "# TYPE a info\na_info 2\n# EOF\n",
    "# TYPE a histogram\na_bucket{le=\"1\"} 1\na_bucket{le=\"+Inf\"} 1\n# EOF\n",
    "# TYPE a histogram\na_bucket{le=\"1.0\"} 1\n# EOF\n",
    "# TYPE a histogram\na_bucket{le=\"+Inf\"} 1.0\n# EOF\n",
    "# TYPE a histogram\na_bucket{le=\"+Inf\"} 1\na_count 1\n# EOF\n",
    "# TYPE a histogram\na_bucket{le=\"-1.0\"} 1\na_bucket{le=\"+Inf\"} 1\na_sum 1\na_count 1\n# EOF\n",
    "# TYPE a histogram\na_bucket{le=\"1.0\"} 1 # {} 2\na_bucket{le=\"+Inf\"} 1\n# EOF\n",
    "# TYPE a summary\na{quantile=\"2.0\"} 1\n# EOF\n",
    "# TYPE a summary\na{quantile=\"0.5\"} -1\n# EOF\n"
  ])("refuse in OpenMetrics: %j", (text) => {
    assert.throws(() => openMetricsParser.parse(text))
  })
})
