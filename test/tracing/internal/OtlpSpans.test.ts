import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema, Tracer } from "effect"
import { TestClock } from "effect/testing"
import type * as Otlp from "../../../src/delivery/Otlp.ts"
import { packageVersion } from "../../../src/internal/packageVersion.ts"
import * as OtlpSpans from "../../../src/tracing/internal/OtlpSpans.ts"
import type { SpanData } from "../../../src/tracing/SpanData.ts"
import * as otlpDecoder from "../../support/otlpDecoder.ts"
import * as otlpProtobuf from "../../support/otlpProtobuf.ts"
import * as spans from "../../support/spans.ts"

const service = { name: "shop", version: "1.2.3", attributes: { "deployment.environment.name": "test" } }

const span = (part: Partial<SpanData> = {}): SpanData => ({
  traceId: "0af7651916cd43dd8448eb211c80319c",
  spanId: "b7ad6b7169203331",
  parentSpanId: undefined,
  isParentRemote: false,
  traceState: "",
  sampled: true,
  name: "work",
  kind: "internal",
  startTimeNanos: 1_700_000_000_000_000_001n,
  endTimeNanos: 1_700_000_000_000_000_002n,
  attributes: new Map(),
  events: [],
  links: [],
  statusCode: "unset",
  statusMessage: undefined,
  droppedAttributes: 0,
  droppedEvents: 0,
  droppedLinks: 0,
  ...part
})

const encode = (protocol: Otlp.Protocol, resource: Otlp.Resource, spans: ReadonlyArray<SpanData>) =>
  OtlpSpans.encoder(protocol, resource)(spans)

describe("OtlpSpans", () => {
  it("writes a whole request", () => {
    const body = encode("http/json", { name: "shop", version: undefined, attributes: {} }, [span({
      parentSpanId: "00f067aa0ba902b7",
      isParentRemote: true,
      traceState: "a=b",
      kind: "client",
      attributes: new Map<string, unknown>([["a", "b"], ["n", 3]]),
      events: [{ name: "e", timeNanos: 5n, attributes: { ok: true }, droppedAttributes: 4 }],
      links: [{
        span: { traceId: "1".repeat(32), spanId: "2".repeat(16), sampled: false },
        isRemote: true,
        traceState: "c=d",
        attributes: { half: 0.5 },
        droppedAttributes: 0
      }],
      statusCode: "error",
      statusMessage: "no",
      droppedAttributes: 1,
      droppedEvents: 2,
      droppedLinks: 3
    })])
    assert.strictEqual(
      new TextDecoder().decode(body),
      "{\"resourceSpans\":[{\"resource\":{\"attributes\":[" +
        "{\"key\":\"service.name\",\"value\":{\"stringValue\":\"shop\"}}," +
        "{\"key\":\"telemetry.sdk.name\",\"value\":{\"stringValue\":\"tasker-telemetry\"}}," +
        "{\"key\":\"telemetry.sdk.language\",\"value\":{\"stringValue\":\"nodejs\"}}," +
        `{"key":"telemetry.sdk.version","value":{"stringValue":"${packageVersion}"}},` +
        "{\"key\":\"telemetry.distro.name\",\"value\":{\"stringValue\":\"tasker-telemetry\"}}," +
        `{"key":"telemetry.distro.version","value":{"stringValue":"${packageVersion}"}}]},` +
        "\"scopeSpans\":[{\"scope\":{\"name\":\"tasker-telemetry\"},\"spans\":[{" +
        "\"traceId\":\"0af7651916cd43dd8448eb211c80319c\",\"spanId\":\"b7ad6b7169203331\"," +
        "\"traceState\":\"a=b\",\"parentSpanId\":\"00f067aa0ba902b7\",\"name\":\"work\",\"kind\":3," +
        "\"startTimeUnixNano\":\"1700000000000000001\",\"endTimeUnixNano\":\"1700000000000000002\"," +
        "\"attributes\":[{\"key\":\"a\",\"value\":{\"stringValue\":\"b\"}},{\"key\":\"n\",\"value\":{\"intValue\":\"3\"}}]," +
        "\"droppedAttributesCount\":1," +
        "\"events\":[{\"timeUnixNano\":\"5\",\"name\":\"e\",\"attributes\":[{\"key\":\"ok\",\"value\":{\"boolValue\":true}}],\"droppedAttributesCount\":4}]," +
        "\"droppedEventsCount\":2," +
        `"links":[{"traceId":"${"1".repeat(32)}","spanId":"${"2".repeat(16)}","traceState":"c=d",` +
        "\"attributes\":[{\"key\":\"half\",\"value\":{\"doubleValue\":0.5}}],\"flags\":768}]," +
        "\"droppedLinksCount\":3,\"status\":{\"message\":\"no\",\"code\":2},\"flags\":769}]}]}]}"
    )
  })

  it("gives the same message in both encodings, also after a span that cannot be encoded", () => {
    const rich = span({
      name: "é😀",
      traceState: "a=b",
      parentSpanId: "00f067aa0ba902b7",
      attributes: new Map<string, unknown>(
        Object.entries({ a: "x".repeat(500), list: [1, [], "b"], big: -(2n ** 63n) })
      ),
      events: Array.from({ length: 200 }, (_, index) => ({
        name: `event ${index}`,
        timeNanos: BigInt(index),
        attributes: { index, half: index / 2 },
        droppedAttributes: index
      }))
    })
    const broken = {
      ...rich,
      get events(): SpanData["events"] {
        throw new Error("broken")
      }
    }
    const [json, protobuf] = (["http/json", "http/protobuf"] as const).map((protocol) => {
      const encode = OtlpSpans.encoder(protocol, service)
      assert.throws(() => encode([rich, broken]))
      return JSON.parse(otlpProtobuf.jsonOf(encode([rich, span(), rich]))) as unknown
    })
    assert.deepStrictEqual(protobuf, json)
  })
})

describe.each(["http/json", "http/protobuf"] as const)("OtlpSpans in %s", (protocol) => {
  const decodedAttributes = (attributes: Readonly<Record<string, unknown>>) =>
    otlpDecoder.values(
      otlpDecoder.decode(encode(protocol, service, [span({ attributes: new Map(Object.entries(attributes)) })]))
        .spans[0]!.attributes
    )

  it.each([-1_000_000_000n, -1n, 2n ** 64n, 2n ** 70n + 5n])("writes a time of %s that a receiver can read", (time) => {
    const odd = span({ startTimeNanos: time, endTimeNanos: time })
    const [first, second] = otlpDecoder.decode(encode(protocol, service, [odd, span()])).spans
    assert.strictEqual(first?.startTimeUnixNano, String(BigInt.asUintN(64, time)))
    assert.strictEqual(second?.startTimeUnixNano, String(span().startTimeNanos))
  })

  it("takes a kind that does not exist for an internal span", () => {
    const kinds = ["odd", "constructor", undefined] as ReadonlyArray<unknown> as ReadonlyArray<SpanData["kind"]>
    const decoded = otlpDecoder.decode(encode(protocol, service, kinds.map((kind) => span({ kind }))))
    assert.deepStrictEqual(decoded.spans.map(({ kind }) => kind), [1, 1, 1])
  })

  it("numbers the kinds as the protocol does", () => {
    const kinds = ["internal", "server", "client", "producer", "consumer"] as const
    const decoded = otlpDecoder.decode(encode(protocol, service, kinds.map((kind) => span({ kind }))))
    assert.deepStrictEqual(decoded.spans.map(({ kind }) => kind), [1, 2, 3, 4, 5])
  })

  it("describes the service; its attributes cannot take the place of what is set", () => {
    const attributes = { "deployment.environment.name": "test", "service.name": "x", "telemetry.sdk.name": "x" }
    assert.deepStrictEqual(otlpDecoder.decode(encode(protocol, { ...service, attributes }, [span()])).resource, {
      "service.name": "shop",
      "service.version": "1.2.3",
      "deployment.environment.name": "test",
      "telemetry.sdk.name": "tasker-telemetry",
      "telemetry.sdk.language": "nodejs",
      "telemetry.sdk.version": packageVersion,
      "telemetry.distro.name": "tasker-telemetry",
      "telemetry.distro.version": packageVersion
    })
  })

  it("gives all durations one type", () => {
    assert.deepStrictEqual(
      decodedAttributes({ "tasker.step.work_seconds": 2, wait_ms: 0, half_ms: 0.5, count: 2, seconds: 2 }),
      { "tasker.step.work_seconds": 2, wait_ms: 0, half_ms: 0.5, count: 2n, seconds: 2n }
    )
  })

  it("keeps the types of values", () => {
    assert.deepStrictEqual(
      decodedAttributes({
        text: "é\u0000\"",
        yes: true,
        whole: 42,
        minus: -1,
        part: 0.5,
        huge: 1e300,
        unsafe: 2 ** 53,
        nan: Number.NaN,
        infinity: Infinity,
        minusInfinity: -Infinity,
        big: 2n ** 63n - 1n,
        tooBig: 2n ** 63n,
        list: ["a", 1, [true], null],
        object: { a: { b: 1 } },
        nothing: undefined,
        null: null,
        date: new Date(0)
      }),
      {
        text: "é\u0000\"",
        yes: true,
        whole: 42n,
        minus: -1n,
        part: 0.5,
        huge: 1e300,
        unsafe: 2 ** 53,
        nan: Number.NaN,
        infinity: Infinity,
        minusInfinity: -Infinity,
        big: 2n ** 63n - 1n,
        tooBig: "9223372036854775808",
        list: ["a", 1n, [true], null],
        object: "{\"a\":{\"b\":1}}",
        nothing: "null",
        null: "null",
        date: "\"1970-01-01T00:00:00.000Z\""
      }
    )
  })

  it.prop("writes what a strict receiver reads, whatever the texts and numbers are", {
    name: Schema.String,
    message: Schema.String,
    attributes: Schema.Record(Schema.String, Schema.Union([Schema.String, Schema.Number, Schema.Boolean]))
  }, ({ attributes, message, name }) => {
    const { spans } = otlpDecoder.decode(encode(protocol, service, [span({
      name,
      statusCode: "error",
      statusMessage: message,
      attributes: new Map(Object.entries(attributes)),
      events: [{ name, timeNanos: 0n, attributes, droppedAttributes: 0 }],
      links: [{
        span: { traceId: "1".repeat(32), spanId: "2".repeat(16), sampled: true },
        isRemote: false,
        traceState: "",
        attributes,
        droppedAttributes: 0
      }]
    })]))
    assert.deepStrictEqual([spans[0]?.name, spans[0]?.status.message], [name.toWellFormed(), message.toWellFormed()])
  }, { arbitrary: { runs: 300 } })

  it.effect("writes a recorded span full of hostile values for a strict receiver", () =>
    Effect.gen(function*() {
      const hostile = spans.hostileValues()
      yield* Effect.gen(function*() {
        const span = yield* Effect.currentSpan
        span.event("e", 0n, hostile)
        yield* TestClock.adjust("1 second")
      }).pipe(Effect.withSpan("a\ud800", {
        attributes: hostile,
        links: [{ span: Tracer.externalSpan({ traceId: "1".repeat(32), spanId: "2".repeat(16) }), attributes: hostile }]
      }))
      const recorded = yield* spans.recorded
      const body = encode(protocol, service, recorded)
      const [decoded] = otlpDecoder.decode(body).spans
      assert.deepStrictEqual(
        [decoded?.name, decoded?.startTimeUnixNano, decoded?.endTimeUnixNano, decoded?.attributes.length],
        [
          "a\ufffd",
          "0",
          "1000000000",
          Object.values(hostile).filter((value) => value !== undefined && value !== null).length
        ]
      )
      assert.isAtMost(body.length, 1_500_000)
    }).pipe(Effect.provide(spans.layer())))
})
