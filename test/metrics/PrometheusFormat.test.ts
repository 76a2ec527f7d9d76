import { assert, describe, it } from "@effect/vitest"
import type { Dropped } from "../../src/metrics/internal/exposition/PrometheusFamilies.ts"
import { SeriesAttributes } from "../../src/metrics/internal/model/SeriesAttributes.ts"
import * as PrometheusFormat from "../../src/metrics/PrometheusFormat.ts"
import {
  counted,
  exponential,
  exponentialHistogram,
  histogram,
  numbers,
  series,
  snapshot,
  summary
} from "../support/metricSnapshots.ts"
import * as prometheusParser from "../support/prometheusParser.ts"

const exemplar = { value: 1, timeMillis: 1, traceId: "a", spanId: "b" }

describe("PrometheusFormat", () => {
  it("writes nothing for an empty snapshot", () => {
    assert.strictEqual(PrometheusFormat.format(snapshot()), "")
  })

  it("writes counters, gauges, up-down counters and infos", () => {
    assert.strictEqual(
      PrometheusFormat.format(snapshot(
        numbers("counter", "jobs_total", [
          series({ kind: "mail", site: "a" }, 3, { exemplars: [exemplar] }),
          series({ otel_metric_overflow: "true" }, 0.5)
        ]),
        numbers("gauge", "level_ratio", [series({}, -1.5)], { help: "Level.", unit: "ratio" }),
        numbers("upDownCounter", "active", [series({ task: "t" }, 1e21)], { help: "" }),
        numbers("info", "build_info", [series({ version: "1.2.3" }, 1)])
      )),
      `# HELP jobs_total Help.
# TYPE jobs_total counter
jobs_total{kind="mail",site="a"} 3
jobs_total{otel_metric_overflow="true"} 0.5
# HELP level_ratio Level.
# TYPE level_ratio gauge
level_ratio -1.5
# TYPE active gauge
active{task="t"} 1e+21
# HELP build_info Help.
# TYPE build_info gauge
build_info{version="1.2.3"} 1
`
    )
  })

  it("writes the buckets of a histogram cumulatively up to +Inf, then sum and count", () => {
    assert.strictEqual(
      PrometheusFormat.format(snapshot(
        histogram("wait_seconds", [0.00001, 0.005, 1, 2.5, 1e6], [
          series({ kind: "mail" }, counted([1, 0, 2, 4, 0, 1], 17.25), { exemplars: [exemplar] }),
          series({}, counted([0, 0, 0, 0, 0, 0], 0))
        ])
      )),
      `# HELP wait_seconds Help.
# TYPE wait_seconds histogram
wait_seconds_bucket{kind="mail",le="1e-05"} 1
wait_seconds_bucket{kind="mail",le="0.005"} 1
wait_seconds_bucket{kind="mail",le="1"} 3
wait_seconds_bucket{kind="mail",le="2.5"} 7
wait_seconds_bucket{kind="mail",le="1e+06"} 7
wait_seconds_bucket{kind="mail",le="+Inf"} 8
wait_seconds_sum{kind="mail"} 17.25
wait_seconds_count{kind="mail"} 8
wait_seconds_bucket{le="1e-05"} 0
wait_seconds_bucket{le="0.005"} 0
wait_seconds_bucket{le="1"} 0
wait_seconds_bucket{le="2.5"} 0
wait_seconds_bucket{le="1e+06"} 0
wait_seconds_bucket{le="+Inf"} 0
wait_seconds_sum 0
wait_seconds_count 0
`
    )
  })

  it("writes an exponential histogram with explicit buckets", () => {
    assert.strictEqual(
      PrometheusFormat.format(snapshot(
        exponentialHistogram("size_bytes", [
          series(
            { kind: "a" },
            exponential({
              zeroCount: 2,
              positive: { offset: -1, counts: [3, 0, 1] },
              negative: { offset: 1, counts: [0, 4] },
              count: 10,
              sum: -12.5
            })
          ),
          series({ kind: "b" }, exponential({}))
        ])
      )),
      `# HELP size_bytes Help.
# TYPE size_bytes histogram
size_bytes_bucket{kind="a",le="-8"} 0
size_bytes_bucket{kind="a",le="-4"} 4
size_bytes_bucket{kind="a",le="0"} 6
size_bytes_bucket{kind="a",le="0.5"} 6
size_bytes_bucket{kind="a",le="1"} 9
size_bytes_bucket{kind="a",le="2"} 9
size_bytes_bucket{kind="a",le="4"} 10
size_bytes_bucket{kind="a",le="+Inf"} 10
size_bytes_sum{kind="a"} -12.5
size_bytes_count{kind="a"} 10
size_bytes_bucket{kind="b",le="+Inf"} 0
size_bytes_sum{kind="b"} 0
size_bytes_count{kind="b"} 0
`
    )
  })

  it("writes the quantiles of a summary, then sum and count", () => {
    assert.strictEqual(
      PrometheusFormat.format(snapshot(
        summary("rpc_seconds", [
          series({ kind: "a" }, { quantiles: [[0.5, 1.5], [0.99, Number.NaN], [1, -2]], count: 3, sum: 4.5 }),
          series({}, { quantiles: [], count: 0, sum: 0 })
        ])
      )),
      `# HELP rpc_seconds Help.
# TYPE rpc_seconds summary
rpc_seconds{kind="a",quantile="0.5"} 1.5
rpc_seconds{kind="a",quantile="0.99"} NaN
rpc_seconds{kind="a",quantile="1"} -2
rpc_seconds_sum{kind="a"} 4.5
rpc_seconds_count{kind="a"} 3
rpc_seconds_sum 0
rpc_seconds_count 0
`
    )
  })

  it("escapes help and values, and spells what is no number", () => {
    assert.strictEqual(
      PrometheusFormat.format(snapshot(
        numbers("gauge", "jobs", [
          series({ kind: "a\"b\\c\nd{}=,\ud800é" }, Number.NaN),
          series({ kind: "" }, Infinity),
          series({ kind: "\r\t\u0000" }, -Infinity)
        ], { help: "A \"b\" \\ c\nd\r\ne\r\udc00" })
      )),
      "# HELP jobs A \"b\" \\\\ c\\nd\\ne\\n\ufffd\n# TYPE jobs gauge\n" +
        "jobs{kind=\"a\\\"b\\\\c\\nd{}=,\ufffdé\"} NaN\njobs{kind=\"\"} +Inf\njobs{kind=\"\r\t\u0000\"} -Inf\n"
    )
  })

  it("writes counts in digits, however many", () => {
    const text = PrometheusFormat.format(snapshot(histogram("x", [1], [series({}, counted([2 ** 53, 1e22], 1e300))])))
    assert.include(
      text,
      "x_bucket{le=\"1\"} 9007199254740992\nx_bucket{le=\"+Inf\"} 10000009007199254740992\nx_sum 1e+300\n"
    )
  })

  it("renames labels that are the format's own, in the metrics where they are", () => {
    assert.strictEqual(
      PrometheusFormat.format(snapshot(
        numbers("gauge", "a", [series({ le: "1", quantile: "2" }, 1)]),
        histogram("b", [], [series({ le: "1", exported_le: "2", quantile: "3" }, counted([1], 1))]),
        summary("c", [series({ quantile: "1" }, { quantiles: [[0.5, 1]], count: 1, sum: 1 })])
      )),
      `# HELP a Help.
# TYPE a gauge
a{le="1",quantile="2"} 1
# HELP b Help.
# TYPE b histogram
b_bucket{exported_le="2;1",quantile="3",le="+Inf"} 1
b_sum{exported_le="2;1",quantile="3"} 1
b_count{exported_le="2;1",quantile="3"} 1
# HELP c Help.
# TYPE c summary
c{exported_quantile="1",quantile="0.5"} 1
c_sum{exported_quantile="1"} 1
c_count{exported_quantile="1"} 1
`
    )
  })

  it("joins the values of keys that become one label, in the order of the keys", () => {
    assert.strictEqual(
      PrometheusFormat.format(snapshot(
        numbers("gauge", "a", [series({ "http_method": "z", "http.method": "x", "http-method": "y", "": "e" }, 1)])
      )),
      "# HELP a Help.\n# TYPE a gauge\na{_=\"e\",http_method=\"y;x;z\"} 1\n"
    )
  })

  it("passes over bounds that do not ascend, and keeps what they count", () => {
    assert.strictEqual(
      PrometheusFormat.format(snapshot(
        histogram("a", [1, 1, 0, Number.NaN, 2, Infinity], [series({}, counted([1, 1, 1, 1, 1, 1, 1], 9))])
      )),
      `# HELP a Help.
# TYPE a histogram
a_bucket{le="1"} 1
a_bucket{le="2"} 5
a_bucket{le="+Inf"} 7
a_sum 9
a_count 7
`
    )
  })

  it("puts bounds that a number cannot tell apart into one", () => {
    assert.strictEqual(
      PrometheusFormat.format(snapshot(exponentialHistogram("a", [
        series({}, exponential({ positive: { offset: 1022, counts: [1, 1, 1] }, count: 3, sum: 1e308 }))
      ]))),
      `# HELP a Help.
# TYPE a histogram
a_bucket{le="4.49423283715579e+307"} 0
a_bucket{le="8.98846567431158e+307"} 1
a_bucket{le="+Inf"} 3
a_sum 1e+308
a_count 3
`
    )
  })

  const dropped: Array<Dropped> = []
  const onDropped = (part: Dropped) => dropped.push(part)

  it("adds up counters and histograms that become one series, and keeps the first of other kinds", () => {
    assert.strictEqual(
      PrometheusFormat.format(
        snapshot(
          numbers("counter", "a.b", [series({ x: "1" }, 1), series({ x: "2" }, 10)]),
          numbers("counter", "a_b", [series({ x: "2" }, 20), series({ x: "3" }, 30)]),
          numbers("gauge", "c", [
            series({ "k.1": "v" }, 1),
            series({ "k_1": "v", empty: "" }, 2),
            series({ b: "2", a: "1" }, 3),
            series({ a: "1", b: "2" }, 4)
          ], { attributes: [] }),
          histogram("d.e", [1], [series({}, counted([1, 2], 3))]),
          histogram("d_e", [1], [series({}, counted([10, 20], 30))]),
          histogram("d-e", [2], [series({}, counted([100, 200], 300))])
        ),
        { onDropped }
      ),
      `# HELP a_b_total Help.
# TYPE a_b_total counter
a_b_total{x="1"} 1
a_b_total{x="2"} 30
a_b_total{x="3"} 30
# HELP c Help.
# TYPE c gauge
c{k_1="v"} 1
c{b="2",a="1"} 3
# HELP d_e Help.
# TYPE d_e histogram
d_e_bucket{le="1"} 11
d_e_bucket{le="+Inf"} 33
d_e_sum 33
d_e_count 33
`
    )
    assert.deepStrictEqual(dropped, [
      { name: "c", part: "series", reason: "2 with the labels of another series" },
      { name: "d-e", part: "series", reason: "1 with the labels of another series" }
    ])
  })

  it("adds up series whose values cannot be told apart in UTF-8", () => {
    for (let round = 0; round < 2; round++) {
      const attributes = ["\ud800", "\udfff", "\ufffd", "é"].map((value) => SeriesAttributes.make(["x"], [value]))
      assert.strictEqual(
        PrometheusFormat.format(snapshot(
          numbers("counter", "a_total", attributes.map((entry, index) => series(entry, 10 ** index)))
        )),
        "# HELP a_total Help.\n# TYPE a_total counter\na_total{x=\"\ufffd\"} 111\na_total{x=\"é\"} 1000\n"
      )
    }
  })

  it("cuts a large family into pieces of about 32 KiB", () => {
    const large = snapshot(
      numbers("gauge", "a", Array.from({ length: 10_000 }, (_, index) => series({ x: `value ${index}` }, index))),
      numbers("gauge", "b", [series({}, 1)])
    )
    const chunks = [...PrometheusFormat.chunks(large)].filter(({ length }) => length > 0)
    assert.strictEqual(Buffer.concat(chunks).toString(), PrometheusFormat.format(large))
    assert.isAtLeast(chunks.length, 3)
    for (const chunk of chunks.slice(0, -1)) assert.isTrue(chunk.length >= 32_768 && chunk.length < 36_000)
    assert.isTrue(chunks.every((chunk) => chunk.at(-1) === "\n".charCodeAt(0)))
  })

  it("gives an empty piece where series have to be compared first", () => {
    const foreign = Array.from({ length: 10_000 }, (_, index) => series({ x: `${index % 10}` }, 1))
    const chunks = [...PrometheusFormat.chunks(snapshot(numbers("counter", "a", foreign, { attributes: [] })))]
    assert.deepStrictEqual(chunks.slice(0, -1).map(({ length }) => length), Array.from({ length: 10 }, () => 0))
    const [family] = prometheusParser.parse(Buffer.concat(chunks).toString())
    assert.deepStrictEqual(family?.samples.map(({ value }) => value), Array.from({ length: 10 }, () => 1000))
  })
})
