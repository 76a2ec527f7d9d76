import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema, Tracer } from "effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Correlation from "../../src/Correlation.ts"
import * as Baggage from "../../src/tracing/Baggage.ts"
import * as TraceCarrier from "../../src/tracing/TraceCarrier.ts"
import { layer, spanNamed } from "../support/spans.ts"

const traceId = "0af7651916cd43dd8448eb211c80319c"
const spanId = "b7ad6b7169203331"
const all = layer({ tracing: { propagators: ["b3multi", "b3", "tracecontext", "baggage"] } })

/** Ids and flag of the parent that a carrier brings. */
const parentOf = (carrier: Readonly<Record<string, string>>) =>
  Effect.map(TraceCarrier.extract(carrier), ({ parent }) => parent && [parent.traceId, parent.spanId, parent.sampled])

const thrower = () => {
  throw new Error("hostile")
}

describe("TraceCarrier", () => {
  it.effect("carries span, baggage and correlation id", () =>
    Effect.gen(function*() {
      const carrier = yield* TraceCarrier.inject.pipe(
        Effect.withSpan("sender"),
        Baggage.withEntries({ tenant: "acme inc" }),
        Correlation.withCorrelationId("req-1")
      )
      const sender = yield* spanNamed("sender")
      assert.deepStrictEqual(carrier, {
        traceparent: `00-${sender.traceId}-${sender.spanId}-01`,
        baggage: "tenant=acme%20inc",
        "x-correlation-id": "req-1"
      })
      const [baggage, correlation] = yield* Effect.all([Baggage.Current, Correlation.CorrelationId]).pipe(
        Effect.withSpan("receiver"),
        TraceCarrier.continueFrom(carrier)
      )
      const receiver = yield* spanNamed("receiver")
      assert.deepStrictEqual([receiver.traceId, receiver.parentSpanId, receiver.isParentRemote], [
        sender.traceId,
        sender.spanId,
        true
      ])
      assert.deepStrictEqual([baggage, correlation], [{ tenant: "acme inc" }, "req-1"])
    }).pipe(Effect.provide(layer())))

  it.effect("passes the tracestate through spans and on", () =>
    Effect.gen(function*() {
      const carrier = yield* TraceCarrier.inject.pipe(
        Effect.withSpan("child"),
        Effect.withSpan("first"),
        TraceCarrier.continueFrom({ TraceParent: `00-${traceId}-${spanId}-01`, Tracestate: "a=1, b=2" })
      )
      assert.strictEqual(carrier["tracestate"], "a=1,b=2")
      assert.strictEqual((yield* spanNamed("child")).traceState, "a=1,b=2")
      const unsampled = yield* TraceCarrier.inject.pipe(
        Effect.withSpan("unsampled child"),
        Effect.withSpan("unsampled"),
        TraceCarrier.continueFrom({ traceparent: `00-${traceId}-${spanId}-00`, tracestate: "a=1" })
      )
      assert.match(unsampled["traceparent"] ?? "", new RegExp(`^00-${traceId}-[0-9a-f]{16}-00$`))
      assert.strictEqual(unsampled["tracestate"], "a=1")
    }).pipe(Effect.provide(layer())))

  it.effect.each(
    [
      [`00-${traceId}-${spanId}-01`, [traceId, spanId, true]],
      [` 00-${traceId}-${spanId}-00\t`, [traceId, spanId, false]],
      [`00-${traceId}-${spanId}-03`, [traceId, spanId, true]],
      // A version to come.
      [`01-${traceId}-${spanId}-01`, [traceId, spanId, true]],
      [`cc-${traceId}-${spanId}-01-what-will-be`, [traceId, spanId, true]],
      [`cc-${traceId}-${spanId}-01what`, undefined],
      [`00-${traceId}-${spanId}-01-more`, undefined],
      [`ff-${traceId}-${spanId}-01`, undefined],
      [`00-${traceId.toUpperCase()}-${spanId}-01`, undefined],
      [`00-${"0".repeat(32)}-${spanId}-01`, undefined],
      [`00-${traceId}-${"0".repeat(16)}-01`, undefined],
      [`00-${traceId}-${spanId}`, undefined],
      ["", undefined]
    ] as const
  )("reads the traceparent %j", ([header, expected]) =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* parentOf({ traceparent: header }), expected && [...expected])
    }))

  it.effect.each(
    [
      [{ b3: `${traceId}-${spanId}-1-05e3ac9a4f6e3b90` }, [traceId, spanId, true]],
      [{ b3: `${traceId}-${spanId}-d` }, [traceId, spanId, true]],
      [{ b3: `${traceId}-${spanId}-0` }, [traceId, spanId, false]],
      [{ b3: `${traceId}-${spanId}` }, [traceId, spanId, true]],
      [{ b3: `8448eb211c80319c-${spanId}-1` }, [`${"0".repeat(16)}8448eb211c80319c`, spanId, true]],
      [{ b3: "0" }, undefined],
      [{ "X-B3-TraceId": traceId, "X-B3-SpanId": spanId, "X-B3-Sampled": "1" }, [traceId, spanId, true]],
      [{ "x-b3-traceid": traceId, "x-b3-spanid": spanId, "x-b3-sampled": "0" }, [traceId, spanId, false]],
      [{ "x-b3-traceid": traceId, "x-b3-spanid": spanId, "x-b3-flags": "1" }, [traceId, spanId, true]],
      [{ "x-b3-traceid": traceId }, undefined]
    ] as const
  )("reads B3 %j", ([carrier, expected]) =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* parentOf(carrier as never), expected && [...expected])
    }).pipe(Effect.provide(all)))

  it.effect("writes the ids of another tracer in lower case", () =>
    Effect.gen(function*() {
      const parent = Tracer.externalSpan({ traceId: traceId.toUpperCase(), spanId: spanId.toUpperCase() })
      const carrier = yield* Effect.withParentSpan(TraceCarrier.inject, parent)
      assert.strictEqual(carrier["traceparent"], `00-${traceId}-${spanId}-01`)
    }).pipe(Effect.provide(layer())))

  it.effect("writes what is chosen, and takes the first that a carrier has", () =>
    Effect.gen(function*() {
      const carrier = yield* Effect.withSpan(TraceCarrier.inject, "sender")
      const sender = yield* spanNamed("sender")
      assert.deepStrictEqual(carrier, {
        "x-b3-traceid": sender.traceId,
        "x-b3-spanid": sender.spanId,
        "x-b3-sampled": "1",
        b3: `${sender.traceId}-${sender.spanId}-1`,
        traceparent: `00-${sender.traceId}-${sender.spanId}-01`
      })
      assert.deepStrictEqual(yield* parentOf({ b3: "bad", traceparent: `00-${traceId}-${spanId}-01` }), [
        traceId,
        spanId,
        true
      ])
    }).pipe(Effect.provide(all)))

  it.effect("carries nothing of the trace if it is told so", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* Effect.withSpan(TraceCarrier.inject, "sender"), {})
      assert.isUndefined(yield* parentOf({ traceparent: `00-${traceId}-${spanId}-01` }))
    }).pipe(Effect.provide(layer({ tracing: { propagators: ["none"] } }))))

  it.effect("goes by the environment of a child process", () =>
    Effect.gen(function*() {
      const environment = yield* TraceCarrier.injectEnvironment.pipe(
        Baggage.withEntries({ a: "1" }),
        Correlation.withCorrelationId("req-1"),
        Effect.withSpan("parent"),
        TraceCarrier.continueFrom({ traceparent: `00-${traceId}-${spanId}-01`, tracestate: "a=1" })
      )
      assert.sameMembers(Object.keys(environment), ["TRACEPARENT", "TRACESTATE", "BAGGAGE", "X_CORRELATION_ID"])
      const id = yield* Correlation.CorrelationId.pipe(
        Effect.withSpan("child"),
        TraceCarrier.continueFromEnvironment({ ...environment, PATH: "/usr/bin" })
      )
      const [parent, child] = [yield* spanNamed("parent"), yield* spanNamed("child")]
      assert.deepStrictEqual([child.traceId, child.parentSpanId, child.traceState, id], [
        traceId,
        parent.spanId,
        "a=1",
        "req-1"
      ])
    }).pipe(Effect.provide(layer())))

  it.effect("adds its headers to those of a client, whose span is the parent", () =>
    Effect.gen(function*() {
      let sent: Readonly<Record<string, string>> = {}
      const client = TraceCarrier.withHeaders(HttpClient.make((request) =>
        Effect.sync(() => {
          sent = request.headers
          return HttpClientResponse.fromWeb(request, new Response(""))
        })
      ))
      yield* client.get("http://127.0.0.1/orders").pipe(
        Baggage.withEntries({ a: "1" }),
        Correlation.withCorrelationId("req-1"),
        TraceCarrier.continueFrom({ traceparent: `00-${traceId}-${spanId}-01`, tracestate: "a=1" })
      )
      // Effect's client sends the ids of its own span.
      assert.match(sent["traceparent"] ?? "", new RegExp(`^00-${traceId}-(?!${spanId})[0-9a-f]{16}-01$`))
      assert.include(sent, {
        tracestate: "a=1",
        baggage: "a=1",
        "x-correlation-id": "req-1"
      })
    }).pipe(Effect.provide(layer())))

  it.effect.each(
    [
      [["none"], []],
      [["baggage"], []],
      [["tracecontext"], ["b3", "traceparent"]]
    ] as const
  )(
    "lets a client of Effect carry spans only if a format for spans is chosen: %j",
    ([propagators, names]) =>
      Effect.gen(function*() {
        let sent: ReadonlyArray<string> = []
        const client = HttpClient.make((request) =>
          Effect.sync(() => {
            sent = Object.keys(request.headers)
            return HttpClientResponse.fromWeb(request, new Response(""))
          })
        )
        yield* client.get("http://127.0.0.1/orders")
        assert.deepStrictEqual([...sent].sort(), [...names])
      }).pipe(Effect.provide(layer({ tracing: { propagators } })))
  )

  it.effect("gives spans the entries of the baggage that are allowed to", () =>
    Effect.gen(function*() {
      yield* Effect.void.pipe(
        Effect.withSpan("work"),
        Baggage.withEntries({ tenant: "acme", password: "hunter2", other: "1" })
      )
      const { attributes } = yield* spanNamed("work")
      assert.deepStrictEqual(Object.fromEntries(attributes), {
        "baggage.tenant": "acme",
        "baggage.password": "[FILTERED]"
      })
    }).pipe(Effect.provide(layer({ tracing: { baggageAttributes: ["tenant", "password", "missing"] } }))))

  it.effect("passes the state of an unsampled request on", () =>
    Effect.gen(function*() {
      const carrier = yield* Effect.andThen(
        TraceCarrier.continueRequest({ traceparent: `00-${traceId}-${spanId}-00`, tracestate: "a=1" }),
        TraceCarrier.inject
      ).pipe(
        Effect.withSpan("server", { parent: Tracer.externalSpan({ traceId, spanId, sampled: false }) })
      )
      assert.match(carrier["traceparent"] ?? "", /-00$/)
      assert.strictEqual(carrier["tracestate"], "a=1")
    }).pipe(Effect.provide(layer())))

  it.effect("passes a state on as it came, and redacts that of spans", () =>
    Effect.gen(function*() {
      const tracestate = `v=${["AKIA", "IOSFODNN7EXAMPLE"].join("")},ot=th:8`
      const carrier = yield* TraceCarrier.inject.pipe(
        Effect.withSpan("work"),
        TraceCarrier.continueFrom({ traceparent: `00-${traceId}-${spanId}-01`, tracestate })
      )
      assert.strictEqual(carrier["tracestate"], tracestate)
      assert.strictEqual((yield* spanNamed("work")).traceState, "v=[FILTERED],ot=th:8")
    }).pipe(Effect.provide(layer())))

  it.effect("reads ids of 16 or 32 digits in b3", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* parentOf({ b3: `${spanId}-${spanId}-1` }), ["0".repeat(16) + spanId, spanId, true])
      assert.isUndefined(yield* parentOf({ b3: `1-${spanId}-1` }))
    }).pipe(Effect.provide(all)))

  it.effect.each(
    [
      ["nothing", undefined],
      ["null", null],
      ["a text", "x"],
      ["a proxy that throws", new Proxy({}, { ownKeys: thrower, get: thrower })],
      ["a getter that throws", Object.defineProperty({}, "traceparent", { get: thrower, enumerable: true })],
      ["lists", { traceparent: ["a"], baggage: 5 }]
    ] as const
  )("runs the effect without a trace if untyped code gives %s", ([, carrier]) =>
    Effect.gen(function*() {
      const parent = Effect.map(Effect.currentSpan, (span) => span.parent._tag).pipe(Effect.withSpan("work"))
      assert.strictEqual(yield* TraceCarrier.continueFrom(carrier as never)(parent), "None")
      assert.strictEqual(yield* TraceCarrier.continueFromEnvironment(carrier as never)(parent), "None")
    }).pipe(Effect.provide(all)))

  it.effect("leaves out a correlation id and entries of baggage that no header can carry", () =>
    Effect.gen(function*() {
      const carrier = yield* TraceCarrier.inject.pipe(
        Baggage.withEntries({ a: 5, b: null, c: "1" } as never),
        Correlation.withCorrelationId("a\r\nevil: 1")
      )
      assert.deepStrictEqual(carrier, { baggage: "c=1" })
      assert.deepStrictEqual(yield* Correlation.toHeaders().pipe(Correlation.withCorrelationId("a\nb")), {})
    }).pipe(Effect.provide(all)))

  it.effect.prop(
    "never fails for a hostile carrier",
    [Schema.Record(Schema.String, Schema.String), Schema.String],
    ([other, text]) =>
      Effect.gen(function*() {
        const carrier = {
          ...other,
          traceparent: text,
          tracestate: text,
          baggage: text,
          b3: text,
          "x-correlation-id": text
        }
        const span = yield* Effect.currentSpan.pipe(Effect.withSpan("work"), TraceCarrier.continueFrom(carrier))
        assert.match(span.traceId, /^[0-9a-f]{32}$/)
        assert.isFalse(Tracer.externalSpan({ traceId, spanId }).traceId === span.traceId)
      }).pipe(Effect.provide(all)),
    { arbitrary: { runs: 200 } }
  )
})
