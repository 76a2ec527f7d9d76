import { assert, describe, it } from "@effect/vitest"
import * as OpenMetricsFormat from "../../src/metrics/OpenMetricsFormat.ts"
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
import * as openMetricsParser from "../support/openMetricsParser.ts"

const traceId = "0af7651916cd43dd8448eb211c80319c"
const spanId = "b7ad6b7169203331"
const at = (value: number, timeMillis = 1_520_879_607_789) => ({ value, timeMillis, traceId, spanId })

describe("OpenMetricsFormat", () => {
  it("ends an empty snapshot too", () => {
    assert.strictEqual(OpenMetricsFormat.format(snapshot()), "# EOF\n")
  })

  it("writes counters, gauges, up-down counters and infos", () => {
    assert.strictEqual(
      OpenMetricsFormat.format(snapshot(
        numbers("counter", "busy_seconds_total", [
          series({ kind: "mail", site: "a" }, 3, { exemplars: [at(1), at(2, 1_520_879_607_790), at(3)] }),
          series({ otel_metric_overflow: "true" }, 0.5)
        ], { unit: "seconds" }),
        numbers("gauge", "level_ratio", [series({}, -1.5)], { help: "Level.", unit: "ratio" }),
        numbers("upDownCounter", "active", [series({ task: "t" }, 1e21, { exemplars: [at(1)] })], { help: "" }),
        numbers("info", "build_info", [series({ version: "1.2.3" }, 1)])
      )),
      `# TYPE busy_seconds counter
# UNIT busy_seconds seconds
# HELP busy_seconds Help.
busy_seconds_total{kind="mail",site="a"} 3 # {trace_id="${traceId}",span_id="${spanId}"} 2 1520879607.79
busy_seconds_total{otel_metric_overflow="true"} 0.5
# TYPE level_ratio gauge
# UNIT level_ratio ratio
# HELP level_ratio Level.
level_ratio -1.5
# TYPE active gauge
active{task="t"} 1e+21
# TYPE build info
# HELP build Help.
build_info{version="1.2.3"} 1
# EOF
`
    )
  })

  it("writes the buckets of a histogram with canonical bounds, each with its newest exemplar", () => {
    assert.strictEqual(
      OpenMetricsFormat.format(snapshot(
        histogram("wait_seconds", [0, 0.00001, 0.1, 1, 10, 1e5, 1e6, 1.1e23], [
          series({ kind: "mail" }, counted([1, 0, 2, 4, 0, 0, 0, 0, 1], 17.25), {
            exemplars: [at(0), at(1), at(0.7, 0), at(11), at(Infinity)]
          })
        ], { unit: "seconds" })
      )),
      `# TYPE wait_seconds histogram
# UNIT wait_seconds seconds
# HELP wait_seconds Help.
wait_seconds_bucket{kind="mail",le="0.0"} 1 # {trace_id="${traceId}",span_id="${spanId}"} 0 1520879607.789
wait_seconds_bucket{kind="mail",le="1e-05"} 1
wait_seconds_bucket{kind="mail",le="0.1"} 3
wait_seconds_bucket{kind="mail",le="1.0"} 7 # {trace_id="${traceId}",span_id="${spanId}"} 1 1520879607.789
wait_seconds_bucket{kind="mail",le="10.0"} 7
wait_seconds_bucket{kind="mail",le="100000.0"} 7 # {trace_id="${traceId}",span_id="${spanId}"} 11 1520879607.789
wait_seconds_bucket{kind="mail",le="1e+06"} 7
wait_seconds_bucket{kind="mail",le="1.1e+23"} 7
wait_seconds_bucket{kind="mail",le="+Inf"} 8 # {trace_id="${traceId}",span_id="${spanId}"} +Inf 1520879607.789
wait_seconds_sum{kind="mail"} 17.25
wait_seconds_count{kind="mail"} 8
# EOF
`
    )
  })

  it("writes an exponential histogram with explicit buckets and exemplars", () => {
    assert.strictEqual(
      OpenMetricsFormat.format(snapshot(
        exponentialHistogram("size_bytes", [
          series(
            {},
            exponential({
              scale: -1,
              zeroCount: 2,
              zeroThreshold: 0.25,
              positive: { offset: 0, counts: [3, 1] },
              count: 6,
              sum: 8
            }),
            { exemplars: [at(0.1), at(3), at(17)] }
          )
        ], { unit: "bytes" })
      )),
      `# TYPE size_bytes histogram
# UNIT size_bytes bytes
# HELP size_bytes Help.
size_bytes_bucket{le="-0.25"} 0
size_bytes_bucket{le="0.25"} 2 # {trace_id="${traceId}",span_id="${spanId}"} 0.1 1520879607.789
size_bytes_bucket{le="1.0"} 2
size_bytes_bucket{le="4.0"} 5 # {trace_id="${traceId}",span_id="${spanId}"} 3 1520879607.789
size_bytes_bucket{le="16.0"} 6
size_bytes_bucket{le="+Inf"} 6 # {trace_id="${traceId}",span_id="${spanId}"} 17 1520879607.789
# EOF
`
    )
  })

  it("writes the quantiles of a summary, then sum and count", () => {
    assert.strictEqual(
      OpenMetricsFormat.format(snapshot(
        summary("rpc_seconds", [
          series({ kind: "a" }, { quantiles: [[0, 1], [0.5, 1.5], [0.99, Number.NaN]], count: 3, sum: 4.5 })
        ])
      )),
      `# TYPE rpc_seconds summary
# HELP rpc_seconds Help.
rpc_seconds{kind="a",quantile="0.0"} 1
rpc_seconds{kind="a",quantile="0.5"} 1.5
rpc_seconds{kind="a",quantile="0.99"} NaN
rpc_seconds_sum{kind="a"} 4.5
rpc_seconds_count{kind="a"} 3
# EOF
`
    )
  })

  it("writes since when series count, where it is asked to", () => {
    const text = OpenMetricsFormat.format(
      snapshot(
        numbers("counter", "jobs_total", [series({ kind: "a" }, 1), series({ kind: "b" }, 2, { startMillis: 1000 })]),
        numbers("gauge", "level", [series({}, 1)]),
        histogram("wait", [], [series({}, counted([1], 2))]),
        exponentialHistogram("size", [series({}, exponential({}))]),
        summary("rpc", [series({}, { quantiles: [], count: 0, sum: 0 })]),
        numbers("info", "build", [series({}, 1)]),
        numbers("counter", "level_total", [series({}, 1)])
      ),
      { created: true }
    )
    assert.strictEqual(
      text.replace(/^# HELP.*\n/gm, ""),
      `# TYPE jobs counter
jobs_total{kind="a"} 1
jobs_created{kind="a"} 1520430000.123
jobs_total{kind="b"} 2
jobs_created{kind="b"} 1
# TYPE level gauge
level 1
# TYPE wait histogram
wait_bucket{le="+Inf"} 1
wait_sum 2
wait_count 1
wait_created 1520430000.123
# TYPE size histogram
size_bucket{le="+Inf"} 0
size_sum 0
size_count 0
size_created 1520430000.123
# TYPE rpc summary
rpc_sum 0
rpc_count 0
rpc_created 1520430000.123
# TYPE build info
build_info 1
# TYPE level_total unknown
level_total 1
# EOF
`
    )
    openMetricsParser.parse(text)
  })

  it("escapes help and values", () => {
    assert.strictEqual(
      OpenMetricsFormat.format(snapshot(
        numbers("gauge", "jobs", [series({ kind: "a\"b\\c\nd\ud800é\r" }, 1)], { help: "A \"b\" \\ c\nd\r\ne" })
      )),
      "# TYPE jobs gauge\n# HELP jobs A \\\"b\\\" \\\\ c\\nd\\ne\njobs{kind=\"a\\\"b\\\\c\\nd\ufffdé\r\"} 1\n# EOF\n"
    )
  })

  it("leaves out what the format forbids", () => {
    assert.strictEqual(
      OpenMetricsFormat.format(snapshot(
        numbers("counter", "a_total", [series({ x: "1" }, -1), series({ x: "2" }, Number.NaN), series({ x: "3" }, 0)]),
        histogram("b", [-1, 1], [series({}, counted([1, 1, 1], 5))]),
        histogram("c", [1], [series({ x: "1" }, counted([1, 1], -5)), series({ x: "2" }, counted([1, 1], Number.NaN))]),
        summary("d", [series({}, { quantiles: [[-1, 1], [0.5, -1], [0.9, 1], [1.5, 1]], count: 1, sum: -1 })])
      )).replace(/^# HELP.*\n/gm, ""),
      `# TYPE a counter
a_total{x="3"} 0
# TYPE b histogram
b_bucket{le="-1.0"} 1
b_bucket{le="1.0"} 2
b_bucket{le="+Inf"} 3
# TYPE c histogram
c_bucket{x="1",le="1.0"} 1
c_bucket{x="1",le="+Inf"} 2
c_bucket{x="2",le="1.0"} 1
c_bucket{x="2",le="+Inf"} 2
# TYPE d summary
d{quantile="0.9"} 1
d_count 1
# EOF
`
    )
  })

  it.each([
    [{ ...at(1), traceId: "t".repeat(97) }, ` # {trace_id="${"t".repeat(97)}",span_id="${spanId}"} 1 1520879607.789`],
    [{ ...at(1), traceId: "😀".repeat(97) }, ` # {trace_id="${"😀".repeat(97)}",span_id="${spanId}"} 1 1520879607.789`],
    [{ ...at(1), traceId: "t".repeat(98) }, ""],
    [{ ...at(1), spanId: "a\u0000" }, ""],
    [{ ...at(1), traceId: "\ud800\"", spanId: "" }, " # {trace_id=\"\ufffd\\\"\"} 1 1520879607.789"],
    [{ ...at(1), traceId: "", spanId: "" }, " # {} 1 1520879607.789"],
    [{ ...at(-1.5), timeMillis: Number.NaN }, ` # {trace_id="${traceId}",span_id="${spanId}"} -1.5`],
    [at(Number.NaN), ""]
  ])("writes the exemplar %j", (exemplar, expected) => {
    const text = OpenMetricsFormat.format(snapshot(
      numbers("counter", "a_total", [series({}, 1, { exemplars: [exemplar] })], { help: "" })
    ))
    assert.strictEqual(text, `# TYPE a counter\na_total 1${expected}\n# EOF\n`)
    openMetricsParser.parse(text)
  })

  it("cuts a large family into pieces of about 32 KiB", () => {
    const large = snapshot(
      numbers("counter", "a", Array.from({ length: 10_000 }, (_, index) => series({ x: `value ${index}` }, index)))
    )
    const chunks = [...OpenMetricsFormat.chunks(large)].filter(({ length }) => length > 0)
    assert.strictEqual(Buffer.concat(chunks).toString(), OpenMetricsFormat.format(large))
    assert.isAtLeast(chunks.length, 3)
    for (const chunk of chunks.slice(0, -1)) assert.isTrue(chunk.length >= 32_768 && chunk.length < 36_000)
  })
})
