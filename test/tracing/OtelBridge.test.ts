import { assert, describe, it } from "@effect/vitest"
import * as Otel from "@opentelemetry/api"
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks"
import { UndiciInstrumentation } from "@opentelemetry/instrumentation-undici"
import {
  BasicTracerProvider,
  BatchSpanProcessor,
  InMemorySpanExporter,
  SimpleSpanProcessor
} from "@opentelemetry/sdk-trace-base"
import { Effect, Fiber, Layer } from "effect"
import { TestClock } from "effect/testing"
import { afterAll, beforeAll } from "vitest"
import * as OtelBridge from "../../src/tracing/OtelBridge.ts"
import * as TraceCarrier from "../../src/tracing/TraceCarrier.ts"
import * as rawServer from "../support/rawServer.ts"
import { layer, recorded, spanNamed } from "../support/spans.ts"

const traceId = "0af7651916cd43dd8448eb211c80319c"

/** An SDK of the program: its provider is not global, its context manager is, as instrumentations need it. */
const library = () => {
  const exporter = new InMemorySpanExporter()
  const tracer = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }).getTracer("library")
  /** What an instrumented HTTP client does. */
  const call = () => {
    const span = tracer.startSpan("GET", { kind: Otel.SpanKind.CLIENT })
    span.end()
  }
  return { exporter, tracer, call }
}

describe("OtelBridge", () => {
  beforeAll(() => {
    assert.isTrue(Otel.context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable()))
  })
  afterAll(() => {
    Otel.context.disable()
  })

  it.effect("gives a batch processor of the SDK the spans as they are recorded", () =>
    Effect.gen(function*() {
      const exporter = new InMemorySpanExporter()
      const processor = new BatchSpanProcessor(exporter)
      const telemetry = layer({
        service: { name: "shop", version: "1.2.3", attributes: { "deployment.environment.name": "test" } }
      })
      yield* Effect.gen(function*() {
        yield* Effect.exit(
          Effect.gen(function*() {
            const span = yield* Effect.currentSpan
            span.event("e", 5_000_000_007n, { at: 1 })
            span.addLinks([{ span, attributes: { half: 0.5 } }])
            return yield* Effect.fail("no")
          }).pipe(
            Effect.withSpan("work", {
              kind: "consumer",
              attributes: {
                text: "a",
                big: 2n ** 60n,
                list: ["a", "b"],
                mixed: ["a", 1],
                object: { a: 1 },
                password: "x"
              }
            }),
            Effect.withSpan("root")
          )
        )
        assert.lengthOf(exporter.getFinishedSpans(), 0)
      }).pipe(Effect.provide(OtelBridge.layer({ processors: [processor] }).pipe(Layer.provideMerge(telemetry))))
      // Closing the layer has flushed the processor.
      const [work, root] = exporter.getFinishedSpans()
      assert.deepStrictEqual(work?.attributes, {
        text: "a",
        big: "1152921504606846976",
        list: ["a", "b"],
        mixed: "[\"a\",1]",
        object: "{\"a\":1}",
        password: "[FILTERED]",
        "error.type": "string"
      })
      assert.deepStrictEqual(
        [work?.name, work?.kind, work?.status, work?.parentSpanContext?.spanId, work?.spanContext().traceFlags],
        ["work", Otel.SpanKind.CONSUMER, { code: 2, message: "no" }, root?.spanContext().spanId, 1]
      )
      assert.deepStrictEqual(work?.events.map(({ attributes, name, time }) => [name, time, attributes])[0], [
        "e",
        [5, 7],
        { at: 1 }
      ])
      assert.deepStrictEqual(work?.links.map(({ attributes, context }) => [context.spanId, attributes]), [
        [work?.spanContext().spanId, { half: 0.5 }]
      ])
      assert.deepInclude(work?.resource.attributes, {
        "service.name": "shop",
        "service.version": "1.2.3",
        "deployment.environment.name": "test"
      })
      assert.strictEqual(work?.instrumentationScope.name, "tasker-telemetry")
      yield* Effect.promise(() => processor.shutdown())
    }))

  it.effect("is the parent of spans that an instrumented library opens, also behind asynchronous steps", () =>
    Effect.gen(function*() {
      const { call, exporter } = library()
      yield* Effect.gen(function*() {
        call()
        yield* Effect.promise(() => Promise.resolve().then(call))
        yield* Effect.withSpan(Effect.sync(call), "inner")
        call()
      }).pipe(Effect.withSpan("outer"))
      yield* Effect.sync(call)
      const [outer, inner] = [yield* spanNamed("outer"), yield* spanNamed("inner")]
      assert.deepStrictEqual(
        exporter.getFinishedSpans().map(({ parentSpanContext }) => parentSpanContext?.spanId),
        [outer.spanId, outer.spanId, inner.spanId, outer.spanId, undefined]
      )
      assert.strictEqual(exporter.getFinishedSpans()[0]?.spanContext().traceId, outer.traceId)
    }).pipe(Effect.provide(OtelBridge.layer().pipe(Layer.provideMerge(layer())))))

  it.live("is the parent of the requests of an instrumented HTTP client, and the child of its spans", () =>
    Effect.gen(function*() {
      const exporter = new InMemorySpanExporter()
      const processor = new BatchSpanProcessor(exporter)
      const provider = new BasicTracerProvider({ spanProcessors: [processor] })
      const server = yield* rawServer.make((socket) =>
        socket.end("HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n")
      )
      const context = yield* Effect.context<never>()
      const instrumentation = yield* Effect.acquireRelease(
        Effect.sync(() => {
          const instrumentation = new UndiciInstrumentation({
            // The client calls it within a request, so a span of ours begins below the span of the request.
            responseHook: (span) =>
              Otel.context.with(
                Otel.trace.setSpan(Otel.context.active(), span),
                () => Effect.runSyncWith(context)(Effect.withSpan(Effect.void, "within"))
              )
          })
          instrumentation.setTracerProvider(provider)
          return instrumentation
        }),
        (instrumentation) => Effect.sync(() => instrumentation.disable())
      )
      assert.isTrue(instrumentation.isEnabled())
      yield* Effect.withSpan(Effect.promise(() => fetch(`http://127.0.0.1:${server.port}/`)), "caller")
      yield* Effect.promise(() => processor.forceFlush())
      const [caller, within] = [yield* spanNamed("caller"), yield* spanNamed("within")]
      const [request, ...others] = exporter.getFinishedSpans()
      assert.lengthOf(others, 0)
      assert.deepStrictEqual(
        [request?.name, request?.kind, request?.spanContext().traceId, request?.parentSpanContext?.spanId],
        ["GET", Otel.SpanKind.CLIENT, caller.traceId, caller.spanId]
      )
      assert.deepStrictEqual([within.traceId, within.parentSpanId], [caller.traceId, request?.spanContext().spanId])
      yield* Effect.promise(() => processor.shutdown())
    }).pipe(Effect.provide(OtelBridge.layer().pipe(Layer.provideMerge(layer())))))

  it.effect("continues the span that a library has opened around the program, with its state", () =>
    Effect.gen(function*() {
      const { tracer } = library()
      const context = yield* Effect.context<never>()
      const server = tracer.startSpan(
        "server",
        {},
        Otel.trace.setSpanContext(Otel.ROOT_CONTEXT, {
          traceId,
          spanId: "b7ad6b7169203331",
          traceFlags: 1,
          traceState: Otel.createTraceState("a=1")
        })
      )
      const carrier = yield* Effect.promise(() =>
        Otel.context.with(
          Otel.trace.setSpan(Otel.ROOT_CONTEXT, server),
          () =>
            Effect.runPromiseWith(context)(Effect.withSpan(Effect.withSpan(TraceCarrier.inject, "inner"), "handler"))
        )
      )
      const [handler, inner] = [yield* spanNamed("handler"), yield* spanNamed("inner")]
      assert.deepStrictEqual([handler.traceId, handler.parentSpanId, handler.traceState], [
        traceId,
        server.spanContext().spanId,
        "a=1"
      ])
      assert.strictEqual(inner.parentSpanId, handler.spanId)
      assert.strictEqual(carrier["tracestate"], "a=1")
      yield* Effect.withSpan(Effect.void, "root", { root: true })
      assert.isUndefined((yield* spanNamed("root")).parentSpanId)
    }).pipe(Effect.provide(OtelBridge.layer().pipe(Layer.provideMerge(layer())))))

  it.effect("continues the span that a library has opened within a span of ours", () =>
    Effect.gen(function*() {
      const { exporter, tracer } = library()
      const context = yield* Effect.context<never>()
      // Such as a handler that the library calls, and that runs an effect on its own.
      const handler = () => Effect.runPromiseWith(context)(Effect.withSpan(Effect.void, "inner"))
      yield* Effect.promise(() =>
        tracer.startActiveSpan("call", async (span) => {
          await handler()
          span.end()
        })
      ).pipe(Effect.withSpan("outer"))
      const [outer, inner, call] = [
        yield* spanNamed("outer"),
        yield* spanNamed("inner"),
        exporter.getFinishedSpans()[0]
      ]
      assert.deepStrictEqual(
        [inner.traceId, inner.parentSpanId, call?.parentSpanContext?.spanId],
        [outer.traceId, call?.spanContext().spanId, outer.spanId]
      )
    }).pipe(Effect.provide(OtelBridge.layer().pipe(Layer.provideMerge(layer())))))

  it.effect("waits for the flush of a processor for as long as `delivery.shutdownTimeout` says", () =>
    Effect.gen(function*() {
      const processor = {
        onStart: () => {},
        onEnd: () => {},
        forceFlush: () => new Promise<void>(() => {}),
        shutdown: () => Promise.resolve()
      }
      const bridge = OtelBridge.layer({ processors: [processor] }).pipe(
        Layer.provideMerge(layer({ delivery: { shutdownTimeout: "3 seconds" } }))
      )
      const closing = yield* Effect.forkChild(Effect.provide(Effect.void, bridge), { startImmediately: true })
      yield* TestClock.adjust("2999 millis")
      assert.isUndefined(closing.pollUnsafe())
      yield* TestClock.adjust("1 millis")
      yield* Fiber.join(closing)
    }))

  it.effect("shares unsampled spans as such, and costs nothing when a processor breaks", () =>
    Effect.gen(function*() {
      const { exporter, call } = library()
      yield* Effect.withSpan(Effect.sync(call), "refused", { root: true, sampled: false })
      yield* Effect.withSpan(Effect.void, "kept", { root: true })
      // The sampler of the SDK follows its parent.
      assert.lengthOf(exporter.getFinishedSpans(), 0)
      assert.deepStrictEqual((yield* recorded).map(({ name }) => name), ["kept"])
    }).pipe(
      Effect.provide(
        OtelBridge.layer({
          processors: [{
            onStart: () => {},
            onEnd: () => {
              throw new Error("hostile")
            },
            forceFlush: () => Promise.reject(new Error("hostile")),
            shutdown: () => Promise.resolve()
          }]
        }).pipe(Layer.provideMerge(layer()))
      )
    ))

  it.effect("leaves a program without a context manager as it is", () =>
    Effect.gen(function*() {
      Otel.context.disable()
      yield* Effect.withSpan(Effect.withSpan(Effect.void, "inner"), "outer")
      const [outer, inner] = [yield* spanNamed("outer"), yield* spanNamed("inner")]
      assert.isUndefined(outer.parentSpanId)
      assert.strictEqual(inner.parentSpanId, outer.spanId)
    }).pipe(Effect.provide(OtelBridge.layer().pipe(Layer.provideMerge(layer())))))
})
