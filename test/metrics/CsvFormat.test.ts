import { assert, describe, it } from "@effect/vitest"
import { Effect, Stream } from "effect"
import { Csv } from "effect/encoding"
import * as CsvFormat from "../../src/metrics/CsvFormat.ts"
import type { MetricData, MetricSnapshot, SeriesSnapshot } from "../../src/metrics/MetricSnapshot.ts"
import { anySnapshot } from "../support/anySnapshot.ts"
import { snapshot } from "../support/metricSnapshots.ts"

const metric = { help: "Help.", unit: undefined, attributes: ["task"] } as const

const series = <Value>(task: string, value: Value): SeriesSnapshot<Value> => ({
  attributes: { task },
  startMillis: 0,
  value,
  exemplars: []
})

const gauge = (...tasks: ReadonlyArray<string>): MetricData => ({
  ...metric,
  type: "gauge",
  name: "depth",
  series: tasks.map((task) => series(task, 1))
})

/** The rows as Effect's own reader of CSV reads them, by column. */
const read = (text: string) =>
  Stream.succeed(text).pipe(
    Stream.pipeThroughChannel(Csv.decodeString({ headers: true })),
    Stream.runCollect
  )

type CsvRow = Readonly<Record<string, string>>

const lines = (text: string) => {
  assert.match(text, /\r\n$/)
  return text.slice(0, -2).split("\r\n")
}

// --- What the rows are to say, written from the description of the format ---

const numberText = (value: number) => Object.is(value, -0) ? "-0" : `${value}`

const formulaSigns = ["=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n", "'"]

const guarded = (text: string) =>
  (formulaSigns.some((sign) => text.startsWith(sign)) ? `'${text}` : text).toWellFormed()

const columnOf = (key: string) => `attribute_${key.isWellFormed() ? key : JSON.stringify(key)}`

const keysOf = ({ metrics }: MetricSnapshot) => [
  ...new Set(
    metrics.flatMap(({ attributes, series }) => [
      ...attributes,
      ...series.flatMap(({ attributes }) => Object.keys(attributes))
    ])
  )
]

/** All rows of a snapshot but those of exponential buckets, whose bounds have a test of their own. */
const expectedRows = (snapshot: MetricSnapshot): ReadonlyArray<CsvRow> =>
  snapshot.metrics.flatMap((metric) =>
    metric.series.flatMap((series: SeriesSnapshot) => {
      const row = (suffix: string, value: number, le = "", quantile = ""): CsvRow => ({
        timestamp: new Date(snapshot.timeMillis).toISOString(),
        name: guarded(metric.name),
        type: metric.type,
        unit: guarded(metric.unit ?? ""),
        sample: guarded(metric.name + suffix),
        value: numberText(value),
        le,
        quantile,
        ...Object.fromEntries(
          keysOf(snapshot).map((key) => [
            columnOf(key),
            Object.hasOwn(series.attributes, key) ? guarded(series.attributes[key]!) : ""
          ])
        )
      })
      const { value } = series
      if (typeof value === "number") return [row("", value)]
      const totals = [row("_sum", value.sum), row("_count", value.count)]
      if ("quantiles" in value) {
        return [...value.quantiles.map(([quantile, of]) => row("", of, "", numberText(quantile))), ...totals]
      }
      if (metric.type !== "histogram" || !("counts" in value)) return totals
      const upTo = (index: number) => value.counts.slice(0, index + 1).reduce((sum, count) => sum + count, 0)
      return [
        ...metric.buckets.map((bound, index) => row("_bucket", upTo(index), numberText(bound))),
        row("_bucket", value.count, "Infinity"),
        ...totals
      ]
    })
  )

describe("CsvFormat", () => {
  it("writes a row for each sample, under the same columns for every kind of metric", () => {
    const text = CsvFormat.format(snapshot(
      {
        ...metric,
        type: "counter",
        name: "jobs_total",
        attributes: ["b", "a"],
        series: [
          { ...series("", 3), attributes: { b: "1", a: "2" } },
          { ...series("", 0.5), attributes: { otel_metric_overflow: "true" } }
        ]
      },
      {
        ...metric,
        type: "histogram",
        name: "wait_seconds",
        unit: "seconds",
        buckets: [0.1, 1],
        series: [series("greet", { counts: [1, 2, 3], count: 6, sum: 12.5 })]
      },
      {
        ...metric,
        type: "summary",
        name: "size_bytes",
        unit: "bytes",
        attributes: [],
        series: [{ ...series("", { quantiles: [[0.5, NaN], [1, 7]], count: 2, sum: 9 }), attributes: {} }]
      }
    ))
    assert.deepStrictEqual(lines(text), [
      "timestamp,name,type,unit,sample,value,le,quantile,attribute_a,attribute_b,attribute_otel_metric_overflow,attribute_task",
      "2023-11-14T22:13:20.000Z,jobs_total,counter,,jobs_total,3,,,2,1,,",
      "2023-11-14T22:13:20.000Z,jobs_total,counter,,jobs_total,0.5,,,,,true,",
      "2023-11-14T22:13:20.000Z,wait_seconds,histogram,seconds,wait_seconds_bucket,1,0.1,,,,,greet",
      "2023-11-14T22:13:20.000Z,wait_seconds,histogram,seconds,wait_seconds_bucket,3,1,,,,,greet",
      "2023-11-14T22:13:20.000Z,wait_seconds,histogram,seconds,wait_seconds_bucket,6,Infinity,,,,,greet",
      "2023-11-14T22:13:20.000Z,wait_seconds,histogram,seconds,wait_seconds_sum,12.5,,,,,,greet",
      "2023-11-14T22:13:20.000Z,wait_seconds,histogram,seconds,wait_seconds_count,6,,,,,,greet",
      "2023-11-14T22:13:20.000Z,size_bytes,summary,bytes,size_bytes,NaN,,0.5,,,,",
      "2023-11-14T22:13:20.000Z,size_bytes,summary,bytes,size_bytes,7,,1,,,,",
      "2023-11-14T22:13:20.000Z,size_bytes,summary,bytes,size_bytes_sum,9,,,,,,",
      "2023-11-14T22:13:20.000Z,size_bytes,summary,bytes,size_bytes_count,2,,,,,,"
    ])
  })

  it.effect("gives an exponential histogram the bounds of its own buckets", () =>
    Effect.gen(function*() {
      const rows = yield* read(CsvFormat.format(snapshot({
        ...metric,
        type: "exponentialHistogram",
        name: "wait_seconds",
        series: [series("greet", {
          scale: 0,
          zeroCount: 4,
          zeroThreshold: 0,
          positive: { offset: -1, counts: [1, 0, 2] },
          negative: { offset: 1, counts: [5] },
          count: 12,
          sum: -3,
          min: -4,
          max: 4
        })]
      })))
      assert.deepStrictEqual(
        rows.filter(({ sample }) => sample === "wait_seconds_bucket").map(({ le, value }) => [le, value]),
        [["-4", "0"], ["-2", "5"], ["0", "9"], ["0.5", "9"], ["1", "10"], ["2", "10"], ["4", "12"], ["Infinity", "12"]]
      )
    }))

  it("has a header alone for a snapshot without metrics, and the number for a time without a date", () => {
    assert.strictEqual(CsvFormat.format(snapshot()), "timestamp,name,type,unit,sample,value,le,quantile\r\n")
    assert.include(CsvFormat.format({ timeMillis: 1e20, metrics: [gauge("a")] }), "\r\n100000000000000000000,depth,")
  })

  it("quotes what would end a cell, and escapes what a spreadsheet would run", () => {
    const tasks = ["a,b", "say \"hi\"", "two\r\nlines", " kept ", "=1+2", "@A1", "-1", "'", "a=b", "\ufeffx", "x\ud800"]
    assert.deepStrictEqual(
      CsvFormat.format(snapshot(gauge(...tasks))).split("depth,1,,,").slice(1).map((line) => line.split("\r\n2023")[0]),
      [
        "\"a,b\"",
        "\"say \"\"hi\"\"\"",
        "\"two\r\nlines\"",
        " kept ",
        "'=1+2",
        "'@A1",
        "'-1",
        "''",
        "a=b",
        "\"\ufeffx\"",
        "\"x\ufffd\"\r\n"
      ]
    )
  })

  it("keeps formulas where they are wanted, and negative numbers always", () => {
    const negative: MetricData = { ...metric, type: "gauge", name: "depth", series: [series("=1", -1)] }
    assert.include(CsvFormat.format(snapshot(negative)), ",depth,-1,,,'=1\r\n")
    assert.include(CsvFormat.format(snapshot(negative), { formulas: "keep" }), ",depth,-1,,,=1\r\n")
  })

  it.effect("can put the attributes into one column, sorted", () =>
    Effect.gen(function*() {
      const one: MetricData = {
        ...metric,
        type: "gauge",
        name: "depth",
        attributes: ["b", "a"],
        series: [{ attributes: { b: "\"", a: "=1" }, startMillis: 0, value: 1, exemplars: [] }]
      }
      const [row] = yield* read(CsvFormat.format(snapshot(one), { attributes: "json" }))
      assert.strictEqual(row?.["attributes"], "{\"a\":\"=1\",\"b\":\"\\\"\"}")
      assert.strictEqual(Object.keys(row ?? {}).length, 9)
    }))

  it.effect.prop(
    "reads back with everything as it was, whatever the texts",
    [anySnapshot],
    ([snapshot]) =>
      Effect.gen(function*() {
        const rows = yield* read(CsvFormat.format(snapshot))
        const isExponentialBucket = ({ le, type }: CsvRow) => type === "exponentialHistogram" && le !== ""
        assert.deepStrictEqual(rows.filter((row) => !isExponentialBucket(row)), expectedRows(snapshot))
      })
  )

  it.effect.prop(
    "takes one ' off a text to get what it was",
    [anySnapshot],
    ([{ metrics, timeMillis }]) =>
      Effect.gen(function*() {
        const rowsWith = (formulas: "escape" | "keep") => read(CsvFormat.format({ timeMillis, metrics }, { formulas }))
        const [escaped, kept] = [yield* rowsWith("escape"), yield* rowsWith("keep")]
        const plain = (row: CsvRow) =>
          Object.fromEntries(Object.entries(row).map(([column, text]) => [column, text.replace(/^'/, "")]))
        assert.deepStrictEqual(escaped.map(plain), kept)
      })
  )

  it("comes in chunks that make up the whole and are no longer than a series above 64 Ki characters", () => {
    const large = snapshot(gauge(...Array.from({ length: 5000 }, (_, index) => `${index}`)))
    const chunks = Array.from(CsvFormat.chunks(large))
    assert.isAbove(chunks.length, 2)
    assert.isBelow(Math.max(...chunks.map(({ length }) => length)), 65_536 + 100)
    assert.strictEqual(Buffer.concat(chunks).toString(), CsvFormat.format(large))
  })
})
