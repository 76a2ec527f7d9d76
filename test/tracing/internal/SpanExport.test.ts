import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Logger, Tracer } from "effect"
import { TestClock } from "effect/testing"
import type * as TelemetryConfig from "../../../src/config/TelemetryConfig.ts"
import { FlushRegistry } from "../../../src/internal/FlushRegistry.ts"
import { packageVersion } from "../../../src/internal/packageVersion.ts"
import { SelfStatistics } from "../../../src/internal/SelfStatistics.ts"
import * as SpanExport from "../../../src/tracing/internal/SpanExport.ts"
import * as otlpDecoder from "../../support/otlpDecoder.ts"
import { OtlpReceiver } from "../../support/otlpReceiver.ts"
import * as spans from "../../support/spans.ts"

/** The tracer with its export; `options` are made with the receiver's address. */
const layer = (options: (url: string) => TelemetryConfig.Options) =>
  Layer.unwrap(Effect.map(OtlpReceiver, ({ url }) => Layer.provideMerge(SpanExport.layer, spans.layer(options(url)))))
    .pipe(Layer.provideMerge(OtlpReceiver.layer), Layer.provide(Logger.layer([])))

const toReceiver = (rest: TelemetryConfig.Options = {}) => (url: string): TelemetryConfig.Options => ({
  ...rest,
  delivery: { endpoint: url, ...rest.delivery }
})

const flush = Effect.flatMap(FlushRegistry, (registry) => registry.flush)

const received = Effect.map(
  OtlpReceiver,
  ({ received }) => received.flatMap(({ body }) => otlpDecoder.decode(body).spans)
)

/** The accounts, without the room of the queue and without zeros. */
const counts = Effect.map(SelfStatistics, (statistics) =>
  Object.fromEntries(
    statistics.read()
      .filter(({ name }) => name.startsWith("tasker_spans_") && name !== "tasker_spans_queue_capacity")
      .flatMap(({ name, values }) =>
        values.filter(({ value }) => value !== 0).map(({ attributes: [attribute], value }) => [
          [name, ...(attribute === undefined ? [] : [attribute])].join(" "),
          value
        ])
      )
  ))

describe("SpanExport", () => {
  it.effect("masks secrets in the attributes of the service", () =>
    Effect.gen(function*() {
      const { received: requests } = yield* OtlpReceiver
      yield* Effect.withSpan(Effect.void, "work")
      yield* flush
      const { resource } = otlpDecoder.decode(requests[0]!.body)
      assert.deepStrictEqual([resource["service.name"], resource["api_key"], resource["db.url"]], [
        "shop",
        "[FILTERED]",
        "postgres://[FILTERED]@db"
      ])
    }).pipe(Effect.provide(layer(toReceiver({
      service: { name: "shop", attributes: { api_key: "hidden", "db.url": "postgres://u:hidden@db" } }
    })))))

  it.effect("delivers every span once, with its ids, times, attributes, events, links and the service", () =>
    Effect.gen(function*() {
      const { received: requests } = yield* OtlpReceiver
      yield* TestClock.setTime(1_000_000)
      const remote = Tracer.externalSpan({ traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331" })
      yield* Effect.gen(function*() {
        const span = yield* Effect.currentSpan
        span.event("note", 1_000_500_000_000n, { token: "t", size: 1 })
        yield* TestClock.adjust("2 seconds")
      }).pipe(
        Effect.withSpan("inner", {
          kind: "client",
          attributes: { a: 1, b: [true, 0.5], password: "p" },
          links: [{ span: remote, attributes: { l: 1 } }]
        }),
        Effect.withSpan("outer", { kind: "server", parent: remote })
      )
      yield* Effect.exit(Effect.withSpan(Effect.fail("no"), "failed"))
      yield* flush
      yield* flush
      assert.deepStrictEqual(requests.map(({ headers, path }) => [path, headers["x-tenant"]]), [["/v1/traces", "a"]])
      assert.deepStrictEqual(otlpDecoder.decode(requests[0]!.body).resource, {
        "deployment.environment.name": "test",
        "service.name": "shop",
        "service.version": "1.2.3",
        "telemetry.sdk.name": "tasker-telemetry",
        "telemetry.sdk.language": "nodejs",
        "telemetry.sdk.version": packageVersion,
        "telemetry.distro.name": "tasker-telemetry",
        "telemetry.distro.version": packageVersion
      })
      const [inner, outer, failed, ...others] = yield* received
      assert.deepStrictEqual(others, [])
      assert.deepStrictEqual(
        [outer?.name, outer?.traceId, outer?.parentSpanId, outer?.kind, outer?.attributes, outer?.status],
        ["outer", remote.traceId, remote.spanId, 2, [], {}]
      )
      assert.deepStrictEqual(
        [
          inner?.name,
          inner?.traceId,
          inner?.parentSpanId,
          inner?.kind,
          inner?.startTimeUnixNano,
          inner?.endTimeUnixNano
        ],
        ["inner", remote.traceId, outer?.spanId, 3, "1000000000000", "1002000000000"]
      )
      assert.deepStrictEqual(otlpDecoder.values(inner!.attributes), { a: 1n, b: [true, 0.5], password: "[FILTERED]" })
      assert.deepStrictEqual(
        inner!.events.map((event) => ({ ...event, attributes: otlpDecoder.values(event.attributes) })),
        [{ name: "note", timeUnixNano: "1000500000000", attributes: { token: "[FILTERED]", size: 1n } }]
      )
      assert.deepStrictEqual(
        inner!.links.map((link) => ({ ...link, attributes: otlpDecoder.values(link.attributes) })),
        [{ traceId: remote.traceId, spanId: remote.spanId, attributes: { l: 1n }, flags: 0x301 }]
      )
      assert.deepStrictEqual([failed?.name, failed?.parentSpanId, failed?.status], ["failed", undefined, {
        code: 2,
        message: "no"
      }])
      assert.deepStrictEqual(yield* counts, { tasker_spans_ended_total: 3, tasker_spans_exported_total: 3 })
    }).pipe(Effect.provide(layer(toReceiver({
      service: { name: "shop", version: "1.2.3", attributes: { "deployment.environment.name": "test" } },
      delivery: { headers: { "x-tenant": "a" } }
    })))))

  it.effect("makes no spans of its own requests", () =>
    Effect.gen(function*() {
      yield* Effect.withSpan(Effect.void, "work")
      yield* Effect.withSpan(flush, "flushing")
      yield* flush
      assert.deepStrictEqual((yield* spans.recorded).map(({ name }) => name), ["work", "flushing"])
      assert.deepStrictEqual((yield* received).map(({ name }) => name), ["work", "flushing"])
    }).pipe(Effect.provide(layer(toReceiver()))))

  it.effect("sends to the full address for spans where one is given", () =>
    Effect.gen(function*() {
      yield* Effect.withSpan(Effect.void, "work")
      yield* flush
      assert.deepStrictEqual((yield* OtlpReceiver).received.map(({ path }) => path), ["/custom/path"])
    }).pipe(Effect.provide(layer((url) => ({
      delivery: { endpoint: "http://127.0.0.1:9", traces: { endpoint: `${url}/custom/path` } }
    })))))

  it.effect("adds its path to a base address that ends in slashes", () =>
    Effect.gen(function*() {
      yield* Effect.withSpan(Effect.void, "work")
      yield* flush
      assert.deepStrictEqual((yield* OtlpReceiver).received.map(({ path }) => path), ["/base/v1/traces"])
    }).pipe(Effect.provide(layer((url) => ({ delivery: { endpoint: `${url}/base//` } })))))

  for (
    const [what, options] of [
      ["without an endpoint", () => ({})],
      [
        "with the exporter none",
        (url: string) => ({ tracing: { exporter: "none" as const }, delivery: { endpoint: url } })
      ]
    ] as const
  ) {
    it.effect(`sends nothing ${what}`, () =>
      Effect.gen(function*() {
        yield* Effect.withSpan(Effect.void, "work")
        yield* flush
        yield* TestClock.adjust("1 hour")
        assert.deepStrictEqual((yield* OtlpReceiver).received, [])
        assert.deepStrictEqual(yield* counts, {})
      }).pipe(Effect.provide(layer(options))))
  }

  it.effect("sends in batches of the configured size, and counts what the queue has no room for", () =>
    Effect.gen(function*() {
      yield* Effect.repeat(Effect.withSpan(Effect.void, "work"), { times: 6 })
      yield* flush
      const { received: requests } = yield* OtlpReceiver
      assert.deepStrictEqual(requests.map(({ body }) => otlpDecoder.decode(body).spans.length), [2, 2, 1])
      assert.deepStrictEqual(yield* counts, {
        tasker_spans_ended_total: 7,
        tasker_spans_exported_total: 5,
        "tasker_spans_dropped_total queue_full": 2
      })
    }).pipe(Effect.provide(layer(toReceiver({ delivery: { queueSize: 5, batchSize: 2 } })))))

  it.effect("counts spans that a receiver refuses", () =>
    Effect.gen(function*() {
      const { answer } = yield* OtlpReceiver
      answer({ status: 400 })
      yield* Effect.withSpan(Effect.void, "work")
      yield* flush
      assert.deepStrictEqual(yield* counts, {
        tasker_spans_ended_total: 1,
        "tasker_spans_dropped_total rejected": 1
      })
    }).pipe(Effect.provide(layer(toReceiver()))))

  it.effect("counts spans that a receiver rejects of a batch that it accepts", () =>
    Effect.gen(function*() {
      const { answer, received: requests } = yield* OtlpReceiver
      answer({ status: 200, body: JSON.stringify({ partialSuccess: { rejectedSpans: "2", errorMessage: "too old" } }) })
      yield* Effect.repeat(Effect.withSpan(Effect.void, "work"), { times: 2 })
      yield* flush
      yield* flush
      assert.lengthOf(requests, 1)
      assert.deepStrictEqual(yield* counts, {
        tasker_spans_ended_total: 3,
        tasker_spans_exported_total: 1,
        "tasker_spans_dropped_total partially_rejected": 2
      })
    }).pipe(Effect.provide(layer(toReceiver()))))

  it.effect("sends by itself after the interval", () =>
    Effect.gen(function*() {
      const { next } = yield* OtlpReceiver
      yield* Effect.withSpan(Effect.void, "work")
      const waiting = yield* Effect.forkChild(next)
      yield* TestClock.adjust("3 seconds")
      const { body } = yield* Fiber.join(waiting)
      assert.deepStrictEqual(otlpDecoder.decode(body).spans.map(({ name }) => name), ["work"])
    }).pipe(Effect.provide(layer(toReceiver({ delivery: { interval: "3 seconds" } })))))
})
