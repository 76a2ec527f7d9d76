/**
 * Requests read with the official definitions of OpenTelemetry (`opentelemetry-proto` of PyPI), from both encodings.
 */
import { assert, describe, it } from "@effect/vitest"
import { spawnSync } from "node:child_process"
import { fileURLToPath } from "node:url"
import type * as Otlp from "../../src/delivery/Otlp.ts"
import * as OtlpLogs from "../../src/logging/internal/OtlpLogs.ts"
import * as OtlpMetricFormat from "../../src/metrics/OtlpMetricFormat.ts"
import * as OtlpSpans from "../../src/tracing/internal/OtlpSpans.ts"
import type { SpanData } from "../../src/tracing/SpanData.ts"
import { counter, exponentialFamily, histogramFamily, numbers, snapshot } from "../support/metricModel.ts"
import { exponential } from "../support/metricSnapshots.ts"
import { python } from "../support/python.ts"

const program = fileURLToPath(new URL("../support/officialProtobuf.py", import.meta.url))
const interpreter = python("import opentelemetry.proto.collector.trace.v1.trace_service_pb2, google.protobuf")

const service = { name: "shop", version: "1.2.3", attributes: { team: "é" } }

const traceId = "0af7651916cd43dd8448eb211c80319c"
const spanId = "b7ad6b7169203331"
const base64 = (hex: string) => Buffer.from(hex, "hex").toString("base64")

const span: SpanData = {
  traceId,
  spanId,
  parentSpanId: "00f067aa0ba902b7",
  isParentRemote: true,
  traceState: "a=b",
  sampled: true,
  name: "wörk",
  kind: "consumer",
  startTimeNanos: 1_700_000_000_000_000_001n,
  endTimeNanos: 2n ** 63n,
  attributes: new Map<string, unknown>([
    ["text", "a".repeat(200)],
    ["yes", true],
    ["no", false],
    ["whole", -42],
    ["largest", 2n ** 63n - 1n],
    ["half", 0.5],
    ["nan", Number.NaN],
    ["list", ["a", 1, [false]]],
    ["empty", ""]
  ]),
  events: [{ name: "e", timeNanos: 5n, attributes: { ok: true }, droppedAttributes: 4 }],
  links: [{
    span: { traceId, spanId, sampled: true },
    isRemote: true,
    traceState: "c=d",
    attributes: { half: 0.5 },
    droppedAttributes: 6
  }],
  statusCode: "error",
  statusMessage: "no",
  droppedAttributes: 1,
  droppedEvents: 2,
  droppedLinks: 3
}

const metrics = snapshot(
  1_700_000_060_000,
  counter("jobs_total", {
    value: 3,
    attributes: { queue: "a" },
    startMillis: 1_700_000_000_000,
    exemplars: [{ value: 0.25, timeMillis: 1_700_000_000_123, traceId, spanId }]
  }),
  numbers("gauge", "load", { value: -0.5 }),
  histogramFamily("h", { value: { counts: [1, 0, 2 ** 40, 0], count: 1 + 2 ** 40, sum: 0.5 } }),
  exponentialFamily("e", {
    value: exponential({
      count: 6,
      zeroCount: 1,
      scale: -3,
      sum: 1,
      min: -1,
      max: 2,
      positive: { offset: -2, counts: [1, 300] },
      negative: { offset: 4, counts: [4] }
    })
  })
)

type Json = Readonly<Record<string, any>>

const read = (lines: ReadonlyArray<readonly [signal: string, protocol: Otlp.Protocol, body: Uint8Array]>) => {
  const input = lines.map(([signal, protocol, body]) =>
    `${signal} ${protocol} ${Buffer.from(body).toString("base64")}\n`
  )
  const { status, stderr, stdout } = spawnSync(interpreter!, [program], { input: input.join(""), encoding: "utf8" })
  assert.strictEqual(status, 0, stderr)
  return stdout.trim().split("\n").map((line) => JSON.parse(line) as Json)
}

const protocols = ["http/protobuf", "http/json"] as const

describe.skipIf(interpreter === undefined)("The official definitions", () => {
  it("read spans", () => {
    const [protobuf, json] = read(
      protocols.map((protocol) => ["traces", protocol, OtlpSpans.encoder(protocol, service)([span])])
    )
    assert.deepStrictEqual(json, protobuf)
    const [resourceSpans] = protobuf!["resourceSpans"]
    assert.deepStrictEqual(resourceSpans.resource.attributes[0], { key: "team", value: { stringValue: "é" } })
    assert.deepStrictEqual(resourceSpans.scopeSpans[0].scope, { name: "tasker-telemetry" })
    assert.deepStrictEqual(resourceSpans.scopeSpans[0].spans, [{
      traceId: base64(traceId),
      spanId: base64(spanId),
      traceState: "a=b",
      parentSpanId: base64("00f067aa0ba902b7"),
      name: "wörk",
      kind: "SPAN_KIND_CONSUMER",
      startTimeUnixNano: "1700000000000000001",
      endTimeUnixNano: "9223372036854775808",
      attributes: [
        { key: "text", value: { stringValue: "a".repeat(200) } },
        { key: "yes", value: { boolValue: true } },
        { key: "no", value: { boolValue: false } },
        { key: "whole", value: { intValue: "-42" } },
        { key: "largest", value: { intValue: "9223372036854775807" } },
        { key: "half", value: { doubleValue: 0.5 } },
        { key: "nan", value: { doubleValue: "NaN" } },
        {
          key: "list",
          value: {
            arrayValue: {
              values: [{ stringValue: "a" }, { intValue: "1" }, { arrayValue: { values: [{ boolValue: false }] } }]
            }
          }
        },
        { key: "empty", value: { stringValue: "" } }
      ],
      droppedAttributesCount: 1,
      events: [{
        timeUnixNano: "5",
        name: "e",
        attributes: [{ key: "ok", value: { boolValue: true } }],
        droppedAttributesCount: 4
      }],
      droppedEventsCount: 2,
      links: [{
        traceId: base64(traceId),
        spanId: base64(spanId),
        traceState: "c=d",
        attributes: [{ key: "half", value: { doubleValue: 0.5 } }],
        droppedAttributesCount: 6,
        flags: 0x301
      }],
      droppedLinksCount: 3,
      status: { message: "no", code: "STATUS_CODE_ERROR" },
      flags: 0x301
    }])
  })

  it("read log records", () => {
    const record = {
      time: 1_700_000_000_123,
      severityNumber: 17,
      severityText: "ERROR",
      body: "nö",
      eventName: "task.failed",
      attributes: { a: 1, list: [true] },
      droppedAttributes: 3,
      span: { traceId, spanId, sampled: true }
    }
    const bare = { ...record, eventName: undefined, attributes: {}, droppedAttributes: 0, span: undefined }
    const [protobuf, json] = read(
      protocols.map((protocol) => ["logs", protocol, OtlpLogs.encoder(protocol, service)([record, bare])])
    )
    assert.deepStrictEqual(json, protobuf)
    const head = {
      timeUnixNano: "1700000000123000000",
      severityNumber: "SEVERITY_NUMBER_ERROR",
      severityText: "ERROR",
      body: { stringValue: "nö" },
      observedTimeUnixNano: "1700000000123000000"
    }
    assert.deepStrictEqual(protobuf!["resourceLogs"][0].scopeLogs[0].logRecords, [
      {
        ...head,
        attributes: [
          { key: "a", value: { intValue: "1" } },
          { key: "list", value: { arrayValue: { values: [{ boolValue: true }] } } }
        ],
        droppedAttributesCount: 3,
        flags: 1,
        traceId: base64(traceId),
        spanId: base64(spanId),
        eventName: "task.failed"
      },
      head
    ])
  })

  it("read metrics", () => {
    const [protobuf, json] = read(
      protocols.map((protocol) => ["metrics", protocol, OtlpMetricFormat.encode(metrics, service, { protocol })])
    )
    assert.deepStrictEqual(json, protobuf)
    const [sum, gauge, histogram, exponentialHistogram] = protobuf!["resourceMetrics"][0].scopeMetrics[0].metrics
    assert.deepStrictEqual(sum.sum, {
      dataPoints: [{
        startTimeUnixNano: "1700000000000000000",
        timeUnixNano: "1700000060000000000",
        asDouble: 3,
        exemplars: [{
          timeUnixNano: "1700000000123000000",
          asDouble: 0.25,
          spanId: base64(spanId),
          traceId: base64(traceId)
        }],
        attributes: [{ key: "queue", value: { stringValue: "a" } }]
      }],
      aggregationTemporality: "AGGREGATION_TEMPORALITY_CUMULATIVE",
      isMonotonic: true
    })
    assert.strictEqual(gauge.gauge.dataPoints[0].asDouble, -0.5)
    const [{ bucketCounts, count }] = histogram.histogram.dataPoints
    assert.deepStrictEqual([count, bucketCounts], ["1099511627777", ["1", "0", "1099511627776", "0"]])
    const [{ max, min, negative, positive, scale, zeroCount }] = exponentialHistogram.exponentialHistogram.dataPoints
    assert.deepStrictEqual([scale, zeroCount, positive, negative, min, max], [
      -3,
      "1",
      { offset: -2, bucketCounts: ["1", "300"] },
      { offset: 4, bucketCounts: ["4"] },
      -1,
      2
    ])
  })
})
