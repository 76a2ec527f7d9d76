import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Layer, Logger, Schema, Scope } from "effect"
import { TestClock } from "effect/testing"
import {
  LogDestination,
  Step,
  StructuredLog,
  Task,
  TaskRunner,
  Telemetry,
  type TelemetryConfig
} from "tasker-telemetry"
import * as Config from "../../../src/config/TelemetryConfig.ts"
import { FlushRegistry } from "../../../src/internal/FlushRegistry.ts"
import { SelfStatistics } from "../../../src/internal/SelfStatistics.ts"
import * as LogExport from "../../../src/logging/internal/LogExport.ts"
import type { LogRecord } from "../../../src/logging/internal/LogRecord.ts"
import { LogWriter } from "../../../src/logging/internal/LogWriter.ts"
import { SpanMemory } from "../../../src/tracing/internal/SpanMemory.ts"
import * as otlpLogDecoder from "../../support/otlpLogDecoder.ts"
import { OtlpReceiver } from "../../support/otlpReceiver.ts"
import { recorded } from "../../support/spans.ts"
import { TestTransport } from "../../support/testTransport.ts"

/** Everything, with lines in `lines`; spans and metrics are not sent. */
const layer = (options: TelemetryConfig.Options = {}, lines: Array<string> = []) =>
  Layer.unwrap(Effect.map(OtlpReceiver, ({ url }) =>
    Telemetry.layer({
      ...options,
      tracing: { exporter: "none", ...options.tracing },
      metrics: { exporter: "none" },
      delivery: { endpoint: url, ...options.delivery }
    }, { logDestination: LogDestination.layer((line) => void lines.push(line)) }))).pipe(
      Layer.provideMerge(OtlpReceiver.layer),
      Layer.provide(Logger.layer([]))
    )

const received = Effect.map(
  OtlpReceiver,
  ({ received }) => received.flatMap(({ body }) => otlpLogDecoder.decode(body).logs)
)

describe("LogExport", () => {
  it.effect("delivers a line with its severity, time, body, fields, trace context and the service", () =>
    Effect.gen(function*() {
      const { received: requests } = yield* OtlpReceiver
      yield* TestClock.setTime(1_000_000)
      const span = yield* Effect.logWarning("charging", { amount: 12.5, card: { password: "p" }, none: null }).pipe(
        Effect.annotateLogs({ component: "payments", region: "eu" }),
        Effect.andThen(Effect.currentSpan),
        Effect.withSpan("work")
      )
      yield* Effect.logError("no span, token=hunter2")
      yield* Telemetry.flush
      assert.deepStrictEqual(requests.map(({ path }) => path), ["/v1/logs"])
      assert.strictEqual(otlpLogDecoder.decode(requests[0]!.body).resource["service.name"], "shop")
      assert.deepStrictEqual(yield* received, [
        {
          timeUnixNano: "1000000000000",
          observedTimeUnixNano: "1000000000000",
          severityNumber: 13,
          severityText: "WARN",
          body: "charging",
          attributes: {
            amount: 12.5,
            card: "{\"password\":\"[FILTERED]\"}",
            region: "eu",
            "tasker.component": "payments"
          },
          flags: 1,
          traceId: span.traceId,
          spanId: span.spanId
        },
        {
          timeUnixNano: "1000000000000",
          observedTimeUnixNano: "1000000000000",
          severityNumber: 17,
          severityText: "ERROR",
          body: "no span, token=[FILTERED]",
          attributes: {}
        }
      ])
    }).pipe(Effect.provide(layer({ service: { name: "shop" } }))))

  it.effect("names events, and gives the ids of task and step the names that spans have for them", () =>
    Effect.gen(function*() {
      const Order = Task.make("order", {
        input: Schema.Struct({}),
        steps: [Step.make("charge", { run: () => Effect.logInfo("inside") })]
      })
      const { taskId } = yield* TaskRunner.run(Order, {})
      yield* Telemetry.flush
      const all = yield* received
      assert.deepStrictEqual(all.map(({ eventName }) => eventName ?? "-"), [
        "task.initialize_requested",
        "tasker.task.started",
        "step.execution_requested",
        "-",
        "step.completed",
        "task.completed"
      ])
      assert.isTrue(all.every(({ attributes }) => attributes["event"] === undefined))
      const { attributes } = all.find(({ body }) => body === "inside")!
      assert.deepStrictEqual(
        ["tasker.task.id", "tasker.task.name", "tasker.step.name", "tasker.step.attempt"].map((key) => attributes[key]),
        [taskId, "order", "charge", 1n]
      )
      assert.match(String(attributes["tasker.correlation_id"]), /^\S+$/)
    }).pipe(Effect.provide(layer())))

  it.effect("tells of a run when it starts, with the ids of its span", () =>
    Effect.gen(function*() {
      const Long = Task.make("long", { input: Schema.Void, steps: [Step.make("waits", { run: () => Effect.never })] })
      const waits = Effect.forkChild(TaskRunner.run(Long, undefined), { startImmediately: true })
      const { parent, running } = yield* Effect.gen(function*() {
        return { parent: yield* Effect.currentSpan, running: yield* waits }
      }).pipe(Effect.withSpan("request"))
      yield* Telemetry.flush
      const started = (yield* received).filter(({ eventName }) => eventName === "tasker.task.started")
      yield* Fiber.interrupt(running)
      assert.lengthOf(started, 1)
      assert.deepStrictEqual([started[0]?.traceId, started[0]?.body], [parent.traceId, "task started"])
      const spans = yield* recorded
      assert.strictEqual(spans.find(({ name }) => name === "tasker.task.execution")?.spanId, started[0]?.spanId)
    }).pipe(Effect.provide(SpanMemory.layer.pipe(Layer.provideMerge(layer())))))

  it.effect("has what says why something failed", () =>
    Effect.gen(function*() {
      yield* StructuredLog.exception(new TypeError("no amount", { cause: new Error("root") }))
      yield* Telemetry.flush
      const [record] = yield* received
      assert.strictEqual(record?.attributes["exception.type"], "TypeError")
      assert.strictEqual(record?.attributes["exception.message"], "no amount")
      assert.include(String(record?.attributes["exception.causes"]), "root")
    }).pipe(Effect.provide(layer())))

  it.effect("sends what is written, and nothing else: levels hold", () =>
    Effect.gen(function*() {
      yield* Effect.logDebug("hidden")
      yield* Effect.logInfo("shown")
      yield* Telemetry.flush
      assert.deepStrictEqual((yield* received).map(({ body }) => body), ["shown"])
    }).pipe(Effect.provide(layer())))

  it.effect("keeps a record within its limits", () =>
    Effect.gen(function*() {
      yield* Effect.logInfo("x".repeat(50), { a: "y".repeat(50), b: 2, c: 3 })
      yield* Telemetry.flush
      const [record] = yield* received
      assert.deepStrictEqual(
        [record?.body, record?.attributes, record?.droppedAttributesCount],
        ["x".repeat(10), { a: "y".repeat(10), b: 2n }, 1]
      )
    }).pipe(Effect.provide(layer({ logging: { limits: { attributeCount: 2, attributeValueLength: 10 } } }))))

  it.effect("takes a copy: what changes later is as it was logged", () =>
    Effect.gen(function*() {
      const cart = { items: [1] }
      yield* Effect.logInfo("cart", { cart })
      cart.items.push(2)
      yield* Telemetry.flush
      assert.deepStrictEqual((yield* received).map(({ attributes }) => attributes), [{ cart: "{\"items\":[1]}" }])
    }).pipe(Effect.provide(layer())))

  it.effect("sends nothing with the exporter none", () =>
    Effect.gen(function*() {
      yield* Effect.logInfo("m")
      yield* Telemetry.flush
      assert.deepStrictEqual((yield* OtlpReceiver).received, [])
    }).pipe(Effect.provide(layer({ logging: { exporter: "none" } }))))

  it.effect("reports its own trouble in lines that are not sent", () => {
    const lines: Array<string> = []
    return Effect.gen(function*() {
      const { answer } = yield* OtlpReceiver
      answer({ status: 400, body: "no" })
      yield* Effect.logInfo("lost")
      yield* Telemetry.flush
      yield* Effect.logInfo("sent")
      yield* Telemetry.flush
      assert.deepStrictEqual(
        lines.map((line) => (JSON.parse(line) as { readonly message: string }).message.replace(/http\S+/, "URL")),
        [
          "lost",
          "log records were refused by URL it answered with status 400: no",
          "sent",
          "log records are delivered to URL again after 0, 1 failed attempts, 1 lost (rejected 1)"
        ]
      )
      assert.deepStrictEqual((yield* received).map(({ body }) => body), ["lost", "sent"])
    }).pipe(Effect.provide(layer({}, lines)))
  })

  it.effect("drops records of unsampled traces first", () =>
    Effect.gen(function*() {
      const written: Array<(record: LogRecord) => void> = []
      const record = (message: string, sampled: boolean): LogRecord => ({
        time: 0,
        level: "Info",
        message,
        component: undefined,
        correlationId: undefined,
        span: { traceId: message.padEnd(32, "0"), spanId: "1".repeat(16), sampled } as LogRecord["span"],
        workflow: undefined,
        eventName: undefined,
        isLocal: false,
        fields: {}
      })
      const { reply, sent } = yield* TestTransport
      reply("hang")
      const scope = yield* Scope.make()
      const options = { delivery: { endpoint: "http://c", queueSize: 2, batchSize: 2, timeout: "1 second" } } as const
      const config = yield* Config.make(options)
      yield* Layer.buildWithScope(LogExport.layer, scope).pipe(
        Effect.provideService(LogWriter, {
          write: () => {},
          register: (sink) => Effect.sync(() => void written.push(sink))
        }),
        Effect.provideService(Config.Current, config),
        Effect.provide(Layer.merge(SelfStatistics.layer, FlushRegistry.layer))
      )
      const write = (message: string, sampled: boolean) => written[0]!(record(message, sampled))
      write("a", true)
      write("b", true)
      yield* TestClock.adjust(0)
      write("c", false)
      write("d", true)
      write("e", true)
      const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void))
      yield* TestClock.adjust("1 hour")
      assert.strictEqual(closing.pollUnsafe()?._tag, "Success")
      assert.deepStrictEqual(
        sent.map(({ bytes }) => otlpLogDecoder.decode(bytes).logs.map(({ body }) => body)),
        [["a", "b"], ["a", "b"], ["d", "e"]]
      )
    }).pipe(Effect.provide([TestTransport.layer, Logger.layer([])])))
})
