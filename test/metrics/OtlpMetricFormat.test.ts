import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { packageVersion } from "../../src/internal/packageVersion.ts"
import type { MetricData } from "../../src/metrics/MetricSnapshot.ts"
import * as OtlpMetricFormat from "../../src/metrics/OtlpMetricFormat.ts"
import * as model from "../support/metricModel.ts"
import { counter, exponentialFamily, histogramFamily, numbers, snapshot } from "../support/metricModel.ts"
import { exponential } from "../support/metricSnapshots.ts"
import * as otlpMetricDecoder from "../support/otlpMetricDecoder.ts"

const shop = { name: "shop", version: "1.2.3", attributes: { "deployment.environment.name": "test" } }

const metrics = (...metrics: ReadonlyArray<MetricData>) =>
  otlpMetricDecoder.decode(OtlpMetricFormat.encode(snapshot(2000, ...metrics), shop)).metrics

const values = (...metrics: ReadonlyArray<MetricData>) =>
  otlpMetricDecoder.pointsOf(OtlpMetricFormat.encode(snapshot(2000, ...metrics), shop)).map(({ value }) => value)

const exemplar = {
  value: 0.25,
  timeMillis: 1_700_000_000_123,
  traceId: "0af7651916cd43dd8448eb211c80319c",
  spanId: "b7ad6b7169203331"
}

const summary = (...quantiles: ReadonlyArray<readonly [number, number]>): MetricData => ({
  type: "summary",
  name: "s",
  help: "h",
  unit: undefined,
  attributes: [],
  series: model.series({ value: { quantiles, count: 3, sum: 1.5 } })
})

describe("OtlpMetricFormat", () => {
  it("writes a whole request", () => {
    const jobs = counter("jobs_total", {
      value: 3,
      attributes: { queue: "a\"b" },
      startMillis: 1_700_000_000_000,
      exemplars: [exemplar]
    })
    const body = OtlpMetricFormat.encode(
      snapshot(1_700_000_060_000, { ...jobs, help: "Jobs." }),
      { name: "shop", version: undefined, attributes: {} },
      { protocol: "http/json" }
    )
    assert.strictEqual(
      new TextDecoder().decode(body),
      "{\"resourceMetrics\":[{\"resource\":{\"attributes\":[" +
        "{\"key\":\"service.name\",\"value\":{\"stringValue\":\"shop\"}}," +
        "{\"key\":\"telemetry.sdk.name\",\"value\":{\"stringValue\":\"tasker-telemetry\"}}," +
        "{\"key\":\"telemetry.sdk.language\",\"value\":{\"stringValue\":\"nodejs\"}}," +
        `{"key":"telemetry.sdk.version","value":{"stringValue":"${packageVersion}"}},` +
        "{\"key\":\"telemetry.distro.name\",\"value\":{\"stringValue\":\"tasker-telemetry\"}}," +
        `{"key":"telemetry.distro.version","value":{"stringValue":"${packageVersion}"}}]},` +
        "\"scopeMetrics\":[{\"scope\":{\"name\":\"tasker-telemetry\"},\"metrics\":[{" +
        "\"name\":\"jobs_total\",\"description\":\"Jobs.\",\"sum\":{\"dataPoints\":[{" +
        "\"attributes\":[{\"key\":\"queue\",\"value\":{\"stringValue\":\"a\\\"b\"}}]," +
        "\"startTimeUnixNano\":\"1700000000000000000\",\"timeUnixNano\":\"1700000060000000000\",\"asDouble\":3," +
        "\"exemplars\":[{\"timeUnixNano\":\"1700000000123000000\",\"asDouble\":0.25," +
        "\"spanId\":\"b7ad6b7169203331\",\"traceId\":\"0af7651916cd43dd8448eb211c80319c\"}]}]," +
        "\"aggregationTemporality\":2,\"isMonotonic\":true}}]}]}]}"
    )
  })

  it("describes the service and the scope", () => {
    const { resource, scopes } = otlpMetricDecoder.decode(
      OtlpMetricFormat.encode(snapshot(1, counter("a_total", { value: 1 })), shop)
    )
    assert.deepStrictEqual([resource, scopes], [{
      "service.name": "shop",
      "service.version": "1.2.3",
      "deployment.environment.name": "test",
      "telemetry.sdk.name": "tasker-telemetry",
      "telemetry.sdk.language": "nodejs",
      "telemetry.sdk.version": packageVersion,
      "telemetry.distro.name": "tasker-telemetry",
      "telemetry.distro.version": packageVersion
    }, ["tasker-telemetry"]])
  })

  it("writes levels as gauges and sums that are not monotonic", () => {
    const [gauge, info, upDown] = metrics(
      numbers("gauge", "g", { value: 1 }),
      numbers("info", "i", { value: 1, attributes: { version: "1" } }),
      numbers("upDownCounter", "u", { value: -1 })
    )
    assert.deepStrictEqual(Object.keys(gauge!), ["name", "description", "gauge"])
    assert.deepStrictEqual([info?.sum, upDown?.sum].map((sum) => [sum?.isMonotonic, sum?.aggregationTemporality]), [
      [false, 2],
      [false, 2]
    ])
  })

  it("writes histograms with their bounds, sums and exemplars", () => {
    const [{ histogram }] = metrics(
      histogramFamily("h", {
        value: { counts: [1, 0, 2, 1], count: 4, sum: 10.5 },
        startMillis: 1000,
        exemplars: [exemplar]
      })
    ) as [otlpMetricDecoder.DecodedMetric]
    assert.deepStrictEqual(histogram, {
      dataPoints: [{
        attributes: [],
        startTimeUnixNano: "1000000000",
        timeUnixNano: "2000000000",
        count: "4",
        sum: 10.5,
        bucketCounts: ["1", "0", "2", "1"],
        explicitBounds: [1, 2, 5],
        exemplars: [{
          timeUnixNano: "1700000000123000000",
          asDouble: 0.25,
          spanId: exemplar.spanId,
          traceId: exemplar.traceId
        }]
      }],
      aggregationTemporality: 2
    })
  })

  it("writes exponential histograms with both sides, zero and extremes where they are known", () => {
    const value = exponential({
      scale: 3,
      zeroCount: 2,
      zeroThreshold: 0.001,
      positive: { offset: -4, counts: [1, 0, 3] },
      negative: { offset: 7, counts: [1] },
      count: 7,
      sum: -0.5
    })
    const [{ exponentialHistogram }] = metrics(
      exponentialFamily(
        "e",
        { value, attributes: { a: "1" } },
        { value: { ...value, min: -2, max: 9 }, attributes: { a: "2" } }
      )
    ) as [otlpMetricDecoder.DecodedMetric]
    const [without, whole] = exponentialHistogram!.dataPoints
    const point = {
      startTimeUnixNano: "0",
      timeUnixNano: "2000000000",
      count: "7",
      sum: -0.5,
      scale: 3,
      zeroCount: "2",
      zeroThreshold: 0.001,
      positive: { offset: -4, bucketCounts: ["1", "0", "3"] },
      negative: { offset: 7, bucketCounts: ["1"] }
    }
    assert.deepStrictEqual(without, { attributes: [{ key: "a", value: { stringValue: "1" } }], ...point })
    assert.deepStrictEqual(whole, {
      attributes: [{ key: "a", value: { stringValue: "2" } }],
      ...point,
      min: -2,
      max: 9
    })
  })

  it("writes summaries with the quantiles that have no value", () => {
    assert.deepStrictEqual(metrics(summary([0.5, 1], [0.9, Number.NaN]))[0]?.summary?.dataPoints, [{
      attributes: [],
      startTimeUnixNano: "0",
      timeUnixNano: "2000000000",
      count: "3",
      sum: 1.5,
      quantileValues: [{ quantile: 0.5, value: 1 }, { quantile: 0.9, value: "NaN" }]
    }])
  })

  it("marks differences, and only those", () => {
    const observed = { ...counter("o_total", { value: 1 }), observed: true }
    const all = snapshot(
      1,
      counter("a_total", { value: 1 }),
      observed,
      exponentialFamily("e", { value: exponential({ zeroCount: 1, count: 1 }) }),
      histogramFamily("h", { value: { counts: [1, 0, 0, 0], count: 1, sum: 0.5 } }),
      numbers("upDownCounter", "u", { value: 1 })
    )
    const temporality = (preference: "cumulative" | "delta" | "lowmemory") =>
      otlpMetricDecoder.decode(OtlpMetricFormat.encode(all, shop, { temporality: preference })).metrics.map(
        ({ exponentialHistogram, histogram, sum }) => (sum ?? histogram ?? exponentialHistogram)?.aggregationTemporality
      )
    assert.deepStrictEqual(temporality("cumulative"), [2, 2, 2, 2, 2])
    assert.deepStrictEqual(temporality("delta"), [1, 1, 1, 1, 2])
    assert.deepStrictEqual(temporality("lowmemory"), [1, 2, 1, 1, 2])
  })

  it("writes the numbers of every metric as doubles, whatever they are at the moment", () => {
    const both = (...values: ReadonlyArray<number>) =>
      counter("a_total", ...values.map((value, index) => ({ value, attributes: { a: `${index}` } })))
    for (const unit of [undefined, "seconds", "bytes"]) {
      for (const numbers of [[1, 2], [1, 0.5], [0, 2 ** 53], [19.5, 20, 23]]) {
        assert.deepStrictEqual(values({ ...both(...numbers), unit }), numbers)
      }
    }
    assert.deepStrictEqual(values(numbers("gauge", "g", { value: -0 }), numbers("upDownCounter", "u", { value: -3 })), [
      0,
      -3
    ])
  })

  it("writes NaN and infinities as the protocol has them", () => {
    const gauge = (value: number) => numbers("gauge", `g${value}`, { value })
    assert.deepStrictEqual(values(gauge(Number.NaN), gauge(Infinity), gauge(-Infinity)), [
      Number.NaN,
      Infinity,
      -Infinity
    ])
    assert.deepStrictEqual(
      values(histogramFamily("h", { value: { counts: [0, 0, 0, 1], count: 1, sum: Infinity } })),
      [{ count: 1n, sum: Infinity }]
    )
  })

  it("translates units", () => {
    const unit = (word: string | undefined) => metrics({ ...counter("a_total", { value: 1 }), unit: word })[0]?.unit
    assert.deepStrictEqual(
      [undefined, "seconds", "bytes", "ratio", "celsius", "tasks", "odd {unit}ü"].map(unit),
      [undefined, "s", "By", "1", "Cel", "{tasks}", "{oddunit}"]
    )
  })

  it("names the overflow series as OpenTelemetry does", () => {
    const overflow = counter("a_total", { value: 1, attributes: { otel_metric_overflow: "true" } })
    assert.deepStrictEqual(
      otlpMetricDecoder.pointsOf(OtlpMetricFormat.encode(snapshot(1, overflow), shop)).map(({ attributes }) =>
        attributes
      ),
      [{ "otel.metric.overflow": true }]
    )
  })

  it.prop("writes what a strict receiver reads, whatever the texts and numbers are", {
    name: Schema.String,
    help: Schema.String,
    unit: Schema.UndefinedOr(Schema.NonEmptyString.check(Schema.isPattern(/[!-z|~]/))),
    attributes: Schema.Record(Schema.String, Schema.String),
    value: Schema.Number
  }, ({ attributes, help, name, unit, value }) => {
    const gauge = { ...numbers("gauge", name, { value, attributes }), help, unit }
    const body = OtlpMetricFormat.encode(snapshot(1, gauge), shop)
    const [metric] = otlpMetricDecoder.decode(body).metrics
    const [point] = otlpMetricDecoder.pointsOf(body)
    assert.deepStrictEqual(
      [metric?.name, metric?.description, Number(point?.value)],
      [name.toWellFormed(), help.toWellFormed(), value === 0 ? 0 : value]
    )
  }, { arbitrary: { runs: 300 } })

  it.prop("writes what was recorded", [Schema.NonEmptyArray(model.Measurement)], ([measurements]) => {
    const recorder = model.make()
    for (const measurement of measurements) recorder.record(measurement)
    const all = recorder.snapshot(1000)
    const written = otlpMetricDecoder.pointsOf(OtlpMetricFormat.encode(all, shop))
    assert.deepStrictEqual(
      written.map(({ attributes, metric, value }) => [
        metric,
        attributes,
        typeof value === "object" ? [Number(value.count), value.sum] : Number(value)
      ]),
      all.metrics.flatMap(({ name, series }) =>
        series.map(({ attributes, value }) => [
          name,
          attributes,
          typeof value === "object" ? [value.count, value.sum] : value === 0 ? 0 : value
        ])
      )
    )
  })
})
