import { assert, describe, it } from "@effect/vitest"
import * as RemoteWriteFormat from "../../src/metrics/RemoteWriteFormat.ts"
import * as make from "../support/metricSnapshots.ts"
import * as decoder from "../support/remoteWriteDecoder.ts"

const exemplar = { value: 1, timeMillis: 5, traceId: "t", spanId: "s" }

const snapshot = make.snapshot(
  make.numbers("counter", "jobs", [make.series({ kind: "mail", empty: "" }, 3, { exemplars: [exemplar] })], {
    help: "Jobs done.",
    attributes: ["kind", "empty"]
  }),
  make.numbers("gauge", "level_celsius", [make.series({ Zone: "b", area: "a" }, -1.5)], { unit: "celsius" }),
  make.histogram("latency_seconds", [0.5, 1_000_000], [make.series({ le: "x" }, make.counted([1, 2, 3], 9))], {
    unit: "seconds"
  }),
  make.exponentialHistogram("wait_seconds", [make.series(
    {},
    make.exponential({
      scale: 1,
      zeroCount: 2,
      positive: { offset: 3, counts: [1, 0, 4] },
      negative: { offset: -1, counts: [5] },
      count: 12,
      sum: 8.25
    }),
    { exemplars: [exemplar] }
  )]),
  make.summary("size_bytes", [make.series({}, { quantiles: [[0.5, 10], [0.99, NaN]], count: 4, sum: 40 })])
)

const time = snapshot.timeMillis

const bodies = (options: RemoteWriteFormat.Options = {}, of = snapshot) =>
  [...RemoteWriteFormat.requests(of, options)].filter(({ length }) => length > 0)

const native = {
  count: 12,
  sum: 8.25,
  schema: 1,
  zeroThreshold: 1e-128,
  zeroCount: 2,
  negative: { spans: [[0, 1]], deltas: [5] },
  positive: { spans: [[4, 3]], deltas: [1, -1, 4] },
  timeMillis: time
}

const expected = [
  [{ __name__: "jobs_total", kind: "mail" }, [3]],
  [{ Zone: "b", __name__: "level_celsius", area: "a" }, [-1.5]],
  [{ __name__: "latency_seconds_bucket", exported_le: "x", le: "0.5" }, [1]],
  [{ __name__: "latency_seconds_bucket", exported_le: "x", le: "1e+06" }, [3]],
  [{ __name__: "latency_seconds_bucket", exported_le: "x", le: "+Inf" }, [6]],
  [{ __name__: "latency_seconds_sum", exported_le: "x" }, [9]],
  [{ __name__: "latency_seconds_count", exported_le: "x" }, [6]],
  [{ __name__: "wait_seconds" }, []],
  [{ __name__: "size_bytes", quantile: "0.5" }, [10]],
  [{ __name__: "size_bytes", quantile: "0.99" }, [NaN]],
  [{ __name__: "size_bytes_sum" }, [40]],
  [{ __name__: "size_bytes_count" }, [4]]
] as const

const shown = (series: ReadonlyArray<decoder.Decoded>) =>
  series.map(({ labels, samples }) => [labels, samples.map(([value]) => value)])

describe.each(["1.0", "2.0"] as const)("a request of version %s", (version) => {
  const read = (body: Uint8Array) => version === "1.0" ? decoder.first(body) : decoder.second(body)

  it("has the series that a scrape has, with sorted labels and the time of the snapshot", () => {
    const [body, ...others] = bodies({ version })
    const { series } = read(body!)
    assert.lengthOf(others, 0)
    assert.deepStrictEqual(shown(series), expected as never)
    for (const { names, samples } of series) {
      assert.deepStrictEqual(names, names.toSorted())
      for (const [, at] of samples) assert.strictEqual(at, time)
    }
    assert.deepStrictEqual(series.flatMap(({ histograms }) => histograms), [native as never])
    assert.deepStrictEqual(
      series.flatMap(({ exemplars, labels }) => exemplars.map((one) => [labels["__name__"], one])),
      ["jobs_total", "wait_seconds"].map((name) => [
        name,
        { labels: { span_id: "s", trace_id: "t" }, value: 1, timeMillis: 5 }
      ])
    )
  })

  it("adds common labels, and a series keeps its own", () => {
    const [body] = bodies({ version, labels: { job: "shop", kind: "common" } })
    const { series } = read(body!)
    assert.deepStrictEqual(series[0]!.labels, { __name__: "jobs_total", job: "shop", kind: "mail" })
    assert.deepStrictEqual(series[7]!.labels, { __name__: "wait_seconds", job: "shop", kind: "common" })
  })

  it("has a limited number of series, and the next request has the others", () => {
    const parts = bodies({ version, maximumSeries: 2 }).map((body) => read(body).series)
    // The five series of a histogram stay together.
    assert.deepStrictEqual(parts.map(({ length }) => length), [2, 5, 5])
    assert.deepStrictEqual(shown(parts.flat()), expected as never)
  })

  it("does not exist for an empty snapshot", () => {
    assert.deepStrictEqual(bodies({ version }, make.snapshot()), [])
  })
})

describe("what describes a metric", () => {
  it("is beside the series in version 1", () => {
    const [body] = bodies()
    assert.deepStrictEqual(
      decoder.first(body!).metadata.map(({ help, name, type, unit }) => [type, name, help, unit]),
      [
        [1, "jobs_total", "Jobs done.", ""],
        [2, "level_celsius", "Help.", "celsius"],
        [3, "latency_seconds", "Help.", "seconds"],
        [3, "wait_seconds", "Help.", ""],
        [5, "size_bytes", "Help.", ""]
      ]
    )
  })

  it("is part of each series in version 2, and each text is written once", () => {
    const [body] = bodies({ version: "2.0" })
    const { series, symbols } = decoder.second(body!)
    assert.deepStrictEqual(series[0]!.metadata, { type: 1, help: "Jobs done.", unit: "" })
    assert.deepStrictEqual(series[1]!.metadata, { type: 2, help: "Help.", unit: "celsius" })
    assert.deepStrictEqual([symbols[0], symbols.length], ["", new Set(symbols).size])
  })
})

describe("exponential histograms", () => {
  it("get explicit buckets in a family that has others, too", () => {
    const mixed = make.snapshot(
      make.histogram("wait.seconds", [1], [make.series({ a: "1" }, make.counted([1, 0], 1))]),
      make.exponentialHistogram("wait_seconds", [
        make.series({ a: "2" }, make.exponential({ positive: { offset: 0, counts: [1] }, count: 1, sum: 2 }))
      ])
    )
    const [body] = bodies({}, mixed)
    const { series } = decoder.first(body!)
    assert.deepStrictEqual(series.flatMap(({ histograms }) => histograms), [])
    assert.deepStrictEqual(
      series.filter(({ labels }) => labels["a"] === "2").map(({ labels, samples }) => [labels["le"], samples[0]![0]]),
      [["1", 0], ["2", 1], ["+Inf", 1], [undefined, 2], [undefined, 1]]
    )
  })
})
