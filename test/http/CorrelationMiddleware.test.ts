import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { HttpRouter, HttpServerResponse } from "effect/http"
import type * as TelemetryConfig from "../../src/config/TelemetryConfig.ts"
import * as Correlation from "../../src/Correlation.ts"
import * as TelemetryRoutes from "../../src/http/TelemetryRoutes.ts"
import * as Baggage from "../../src/tracing/Baggage.ts"
import * as TraceCarrier from "../../src/tracing/TraceCarrier.ts"
import { recorded as spans } from "../support/spans.ts"
import * as TestTelemetry from "../support/TestTelemetry.ts"
import * as server from "./server.ts"
import { order, ProcessOrder } from "./tasks.ts"

const tasks = [ProcessOrder] as const
const generated = /^tsk_[0-9a-z]+_[A-Za-z0-9]{6}$/
const traceId = "4bf92f3577b34da6a3ce929d0e0e4736"
const incoming = `00-${traceId}-00f067aa0ba902b7-01`

/** Routes of a program beside ours. */
const Own = Layer.mergeAll(
  HttpRouter.add(
    "GET",
    "/own",
    Effect.map(Correlation.CorrelationId, (id) => HttpServerResponse.text(id ?? "none"))
  ),
  HttpRouter.add("GET", "/dies", Effect.die(new Error("broken"))),
  HttpRouter.add("GET", "/logs", Effect.as(Effect.logInfo("in the handler"), HttpServerResponse.empty()))
)

const layer = (options: TelemetryConfig.Options = {}) =>
  server.serve(Layer.mergeAll(TelemetryRoutes.layer({ tasks }), Own)).pipe(
    Layer.provideMerge(TestTelemetry.whole(options))
  )

const runOrder = (headers: Readonly<Record<string, string>>) =>
  Effect.gen(function*() {
    const created = yield* server.post("/tasker/tasks", { name: "process_order", context: order }, headers)
    assert.strictEqual(created.status, 201)
    yield* server.awaitStatus(created.body.taskId, "complete")
    return created
  })

describe("the line of a request that failed", () => {
  it.effect("says what was not found, and where a handler broke", () =>
    Effect.gen(function*() {
      yield* server.get("/nothing?token=hunter2")
      yield* server.get("/dies")
      const [missing] = yield* server.logged("RouteNotFound")
      assert.deepInclude(missing, {
        message: "RouteNotFound (GET /nothing)",
        "error.type": "RouteNotFound",
        "exception.request": "GET /nothing",
        "http.method": "GET",
        "http.url": "/nothing",
        "http.status": 404
      })
      const [broken] = yield* server.logged("broken")
      assert.deepInclude(broken, { message: "broken", "exception.kind": "defect", "http.status": 500 })
      assert.include(broken["exception.stacktrace"], "CorrelationMiddleware.test.ts")
    }).pipe(Effect.provide(layer())))
})

describe("the trace of a request", () => {
  const Carried = HttpRouter.add(
    "GET",
    "/carried",
    Effect.map(
      Effect.all([TraceCarrier.inject, Baggage.Current]),
      ([carrier, baggage]) => HttpServerResponse.jsonUnsafe({ state: carrier["tracestate"] ?? "", baggage })
    )
  )

  it.effect("goes on with its tracestate and baggage", () =>
    Effect.gen(function*() {
      const { body } = yield* server.get("/carried", {
        traceparent: incoming,
        tracestate: "a=1,b=2",
        baggage: "tenant=acme"
      })
      assert.deepStrictEqual(body, { state: "a=1,b=2", baggage: { tenant: "acme" } })
      const span = (yield* spans).find(({ kind }) => kind === "server")
      assert.deepStrictEqual([span?.traceId, span?.traceState], [traceId, "a=1,b=2"])
    }).pipe(Effect.provide(
      server.serve(Layer.mergeAll(TelemetryRoutes.layer({ tasks }), Carried)).pipe(
        Layer.provideMerge(TestTelemetry.whole())
      )
    )))

  it.effect("is decided at the end where the caller has not decided", () =>
    Effect.gen(function*() {
      const send = (tracestate: string) => server.get("/carried", { traceparent: incoming, tracestate })
      yield* send("tasker=undecided")
      assert.lengthOf(yield* spans, 0)
      yield* send("")
      assert.isAbove((yield* spans).length, 0)
    }).pipe(Effect.provide(
      server.serve(Layer.mergeAll(TelemetryRoutes.layer({ tasks }), Carried)).pipe(
        Layer.provideMerge(TestTelemetry.whole({ tracing: { keep: { ratio: 0 } } }))
      )
    )))
})

describe("correlation id", () => {
  it.effect("is answered by every route, and by those that are not there or break", () =>
    Effect.gen(function*() {
      const expected = [
        ["GET", "/own", 200],
        ["GET", "/dies", 500],
        ["GET", "/nothing", 404],
        ["PUT", "/tasker/tasks", 405],
        ["GET", "/tasker/tasks/nothing", 404],
        ["GET", "/tasker/tasks?limit=no", 400],
        ["POST", "/tasker/tasks", 415],
        ["DELETE", "/tasker/tasks/nothing", 404],
        ["GET", "/tasker/metrics", 200],
        ["GET", "/tasker/health/ready", 200],
        ["HEAD", "/tasker/health/live", 200]
      ] as const
      for (const [method, path, status] of expected) {
        const given = yield* server.send(method, path, { headers: { "x-correlation-id": "req-1" } })
        assert.strictEqual(given.status, status, path)
        assert.strictEqual(given.headers["x-correlation-id"], "req-1", path)
        const none = yield* server.send(method, path)
        assert.match(String(none.headers["x-correlation-id"]), generated, path)
      }
    }).pipe(Effect.provide(layer())))

  it.effect("is the handler's", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* server.get("/own", { "X-Correlation-ID": "req-2" })).text, "req-2")
      const none = yield* server.get("/own")
      assert.strictEqual(none.text, none.headers["x-correlation-id"])
    }).pipe(Effect.provide(layer())))

  it.effect.each(["has space", "<script>", "../..", "x".repeat(101), "-x", "a, b"])(
    "is not taken from %j",
    (id) =>
      Effect.gen(function*() {
        const answer = yield* server.get("/own", { "x-correlation-id": id })
        assert.match(String(answer.headers["x-correlation-id"]), generated)
        assert.notInclude(JSON.stringify(yield* server.logged("")), id)
      }).pipe(Effect.provide(layer({ logging: { level: "Trace" } })))
  )

  it.effect("is read and answered under the configured name", () =>
    Effect.gen(function*() {
      const answer = yield* server.get("/own", { "x-request-id": "req-3", "x-correlation-id": "other" })
      assert.strictEqual(answer.text, "req-3")
      assert.strictEqual(answer.headers["x-request-id"], "req-3")
      assert.notProperty(answer.headers, "x-correlation-id")
    }).pipe(Effect.provide(layer({ correlation: { header: "X-Request-ID" } }))))

  it.effect("is on the lines of the handler, of the server and of the steps", () =>
    Effect.gen(function*() {
      yield* server.get("/logs", { "x-correlation-id": "req-4" })
      const [handler] = yield* server.logged("in the handler")
      const [sent] = yield* server.logged("Sent HTTP response")
      assert.include(JSON.stringify(handler), "\"req-4\"")
      assert.include(JSON.stringify(sent), "\"req-4\"")
      yield* runOrder({ "x-correlation-id": "req-5" })
      const [step] = yield* server.logged("charging")
      assert.include(JSON.stringify(step), "\"req-5\"")
    }).pipe(Effect.provide(layer())))

  it.effect("stays with its request", () =>
    Effect.gen(function*() {
      const ids = Array.from({ length: 100 }, (_, index) => `req-${index}`)
      const answers = yield* Effect.forEach(ids, (id) => server.get("/own", { "x-correlation-id": id }), {
        concurrency: "unbounded"
      })
      assert.deepStrictEqual(answers.map(({ text }) => text), ids)
    }).pipe(Effect.provide(layer())))
})

describe("traceparent", () => {
  it.effect("continues in the server span, the task and its steps, and is answered", () =>
    Effect.gen(function*() {
      const created = yield* runOrder({ traceparent: incoming, "x-correlation-id": "req-6" })
      const all = (yield* spans).filter((span) => span.traceId === traceId)
      const server = all.find(({ kind }) => kind === "server")
      assert.strictEqual(server?.parentSpanId, "00f067aa0ba902b7")
      assert.strictEqual(server?.attributes.get("tasker.correlation_id"), "req-6")
      assert.strictEqual(created.headers.traceparent, `00-${traceId}-${server?.spanId}-01`)
      const task = all.find(({ name }) => name === "tasker.task.execution")
      assert.strictEqual(task?.parentSpanId, server?.spanId)
      assert.strictEqual(task?.attributes.get("tasker.correlation_id"), "req-6")
      assert.lengthOf(all.filter(({ name }) => name === "tasker.step.execution"), 2)
    }).pipe(Effect.provide(layer())))

  it.effect("begins a trace where none comes in, or a malformed one", () =>
    Effect.gen(function*() {
      for (const traceparent of [undefined, "", "00-xyz-1-01", `00-${"0".repeat(32)}-00f067aa0ba902b7-01`]) {
        const created = yield* runOrder(traceparent === undefined ? {} : { traceparent })
        const answered = /^00-([0-9a-f]{32})-([0-9a-f]{16})-01$/.exec(String(created.headers.traceparent))
        assert.isNotNull(answered)
        const task = (yield* spans).findLast(({ name }) => name === "tasker.task.execution")
        assert.deepStrictEqual([task?.traceId, task?.parentSpanId], [answered?.[1], answered?.[2]])
      }
    }).pipe(Effect.provide(layer())))

  it.effect("keeps the caller's decision not to sample", () =>
    Effect.gen(function*() {
      const created = yield* runOrder({ traceparent: incoming.replace(/01$/, "00") })
      assert.match(String(created.headers.traceparent), new RegExp(`^00-${traceId}-[0-9a-f]{16}-00$`))
      assert.deepStrictEqual((yield* spans).filter((span) => span.traceId === traceId), [])
    }).pipe(Effect.provide(layer())))

  it.effect("is answered on failures and not on probes", () =>
    Effect.gen(function*() {
      for (const path of ["/nothing", "/dies", "/tasker/tasks/nothing"]) {
        const { headers } = yield* server.get(path, { traceparent: incoming })
        assert.include(String(headers.traceparent), traceId, path)
        assert.notStrictEqual(headers.traceparent, incoming)
      }
      assert.notProperty((yield* server.get("/tasker/health/live", { traceparent: incoming })).headers, "traceparent")
    }).pipe(Effect.provide(layer())))

  it.effect("is not that of a span around the server", () =>
    Effect.gen(function*() {
      const { headers } = yield* server.get("/tasker/health/live")
      assert.notProperty(headers, "traceparent")
    }).pipe(Effect.provide(layer()), Effect.withSpan("main", { kind: "internal" })))
})
