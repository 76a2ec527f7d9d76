import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Logger, Schema } from "effect"
import { TestClock } from "effect/testing"
import { LogDestination, Step, Task, TaskRunner, Telemetry, type TelemetryConfig } from "tasker-telemetry"
import { TelemetryTest } from "tasker-telemetry/testing"
import * as otlpLogDecoder from "../../support/otlpLogDecoder.ts"
import { OtlpReceiver } from "../../support/otlpReceiver.ts"
import * as spans from "../../support/spans.ts"

const layer = (exceptions: "events" | "logs" | "both", options: TelemetryConfig.Options = {}) =>
  TelemetryTest.layer({ ...options, tracing: { ...options.tracing, exceptions } })

const work = <A, E>(effect: Effect.Effect<A, E>, name = "work") => Effect.exit(Effect.withSpan(effect, name))

const fails = (error: unknown) => Effect.fail(error)

const exceptions = Effect.gen(function*() {
  const { logs, spans } = yield* TelemetryTest
  const ended = yield* spans
  return {
    events: ended.flatMap(({ events, name }) => events.map((event) => `${name}: ${event.name}`)),
    lines: (yield* logs).filter(({ event }) => event === "exception").map((line) =>
      `${ended.find(({ spanId }) => spanId === line["span_id"])?.name}: ${line["exception.type"]} ${
        line["exception.message"]
      }`
    ),
    statuses: ended.map(({ name, statusCode }) => `${name} ${statusCode}`)
  }
})

describe("ExceptionLog", () => {
  it.effect("logs an exception in place of the span event, with the ids of its span", () =>
    Effect.gen(function*() {
      yield* work(fails(new TypeError("no")))
      const { logs, spans } = yield* TelemetryTest
      const [span] = yield* spans
      const { "exception.stacktrace": stack, timestamp: _, ...line } = (yield* logs)[0]!
      assert.match(stack as string, /^TypeError: no\n {4}at /)
      assert.deepStrictEqual(line, {
        level: "ERROR",
        severity_number: 17,
        message: "no",
        component: "exception",
        trace_id: span?.traceId,
        span_id: span?.spanId,
        trace_flags: "01",
        "service.name": "tasker",
        event: "exception",
        "error.type": "TypeError",
        "exception.kind": "failure",
        "exception.type": "TypeError",
        "exception.message": "no"
      })
      assert.deepStrictEqual([span?.events, span?.statusCode, span?.attributes.get("error.type")], [
        [],
        "error",
        "TypeError"
      ])
    }).pipe(Effect.provide(layer("logs"))))

  it.effect("keeps the span event beside the log record with `both`, and logs nothing with `events`", () =>
    Effect.gen(function*() {
      const run = Effect.andThen(work(Effect.die(new RangeError("no"))), exceptions)
      const event = { events: ["work: exception"], statuses: ["work error"] }
      assert.deepStrictEqual(yield* Effect.provide(run, layer("both")), { ...event, lines: ["work: RangeError no"] })
      assert.deepStrictEqual(yield* Effect.provide(run, layer("events")), { ...event, lines: [] })
    }))

  it.effect("logs an error that passes through several spans once, at the innermost one", () =>
    Effect.gen(function*() {
      yield* work(
        work(work(fails(new TypeError("no")), "inner").pipe(Effect.flatten), "middle").pipe(Effect.flatten),
        "outer"
      )
      assert.deepStrictEqual(yield* exceptions, {
        events: [],
        lines: ["inner: TypeError no"],
        statuses: ["inner error", "middle error", "outer error"]
      })
    }).pipe(Effect.provide(layer("logs"))))

  it.effect("logs an error again where another span fails with it, and an error that its child did not have", () =>
    Effect.gen(function*() {
      const shared = new TypeError("shared")
      yield* work(fails(shared), "first")
      yield* work(fails(shared), "second")
      yield* work(
        Effect.mapError(Effect.withSpan(fails(shared), "inner"), (): unknown => new RangeError("other")),
        "outer"
      )
      assert.deepStrictEqual((yield* exceptions).lines, [
        "first: TypeError shared",
        "second: TypeError shared",
        "inner: TypeError shared",
        "outer: RangeError other"
      ])
    }).pipe(Effect.provide(layer("logs"))))

  it.effect("logs the failure of a step once for the whole run, with the ids of the step", () =>
    Effect.gen(function*() {
      const charge = Step.make("charge", {
        retry: { maximumAttempts: 2, delays: ["1 second"], jitter: 0 },
        run: ({ attempt }) => Effect.fail(`no ${attempt}`)
      })
      const Order = Task.make("order", { input: Schema.Struct({}), steps: [charge] })
      const running = yield* Effect.forkChild(Effect.exit(TaskRunner.run(Order, {})))
      yield* TestClock.adjust("5 seconds")
      yield* Fiber.join(running)
      const { logs } = yield* TelemetryTest
      assert.deepStrictEqual(
        (yield* logs).filter(({ event }) => event === "exception").map((
          { attempt, message, step_name, task_name }
        ) => [message, task_name, step_name, attempt]),
        [["no 1", "order", "charge", 1], ["no 2", "order", "charge", 2]]
      )
    }).pipe(Effect.provide(layer("logs"))))

  it.effect("logs parallel errors with their reasons, and no interruption", () =>
    Effect.gen(function*() {
      const parallel = Effect.all([fails(new TypeError("a")), Effect.die(new RangeError("b"))], {
        concurrency: "unbounded"
      })
      yield* work(Effect.onExit(parallel, () => Effect.die(new SyntaxError("c"))))
      yield* work(Effect.interrupt, "stopped")
      const { lines, statuses } = yield* exceptions
      assert.deepStrictEqual([lines.length, statuses], [1, ["work error", "stopped unset"]])
      const [line] = yield* (yield* TelemetryTest).logs
      const reasons = line?.["exception.reasons"] as ReadonlyArray<{ readonly type: string }>
      assert.includeMembers(reasons.map(({ type }) => type), ["TypeError", "SyntaxError"])
    }).pipe(Effect.provide(layer("logs"))))

  it.effect("logs exceptions of spans that are not sampled", () =>
    Effect.gen(function*() {
      yield* work(Effect.flatten(work(fails(new TypeError("no")), "inner")))
      const { logs, spans } = yield* TelemetryTest
      assert.deepStrictEqual(
        [(yield* spans).length, (yield* logs).map((line) => [line["exception.type"], line["trace_flags"]])],
        [0, [["TypeError", "00"]]]
      )
    }).pipe(Effect.provide(layer("logs", { tracing: { sampler: { type: "always_off" } } }))))

  it.effect("keeps the span event where the line would not be written", () =>
    Effect.gen(function*() {
      yield* work(Effect.fail("no"))
      assert.deepStrictEqual(yield* exceptions, { events: ["work: exception"], lines: [], statuses: ["work error"] })
    }).pipe(Effect.provide(layer("logs", { logging: { level: "Fatal" } }))))

  it.effect("keeps the span event where there is no log", () =>
    Effect.gen(function*() {
      yield* work(Effect.fail("no"))
      assert.deepStrictEqual((yield* spans.spanNamed("work")).events.map(({ name }) => name), ["exception"])
    }).pipe(Effect.provide(spans.layer({ tracing: { exceptions: "logs" } }))))

  it.effect("sends the record with its event name and attributes", () =>
    Effect.gen(function*() {
      const { received, url } = yield* OtlpReceiver
      yield* Effect.andThen(work(fails(new TypeError("no"))), Telemetry.flush).pipe(
        Effect.provide(Telemetry.layer({
          tracing: { exceptions: "logs", exporter: "none" },
          metrics: { exporter: "none" },
          delivery: { endpoint: url }
        }, { logDestination: LogDestination.layer(() => {}) }))
      )
      const [log] = received.flatMap(({ body }) => otlpLogDecoder.decode(body).logs)
      const { "exception.stacktrace": stack, ...attributes } = log!.attributes
      assert.match(stack as string, /^TypeError: no\n/)
      assert.deepStrictEqual([log?.eventName, log?.severityNumber, log?.body, attributes], ["exception", 17, "no", {
        "error.type": "TypeError",
        "exception.kind": "failure",
        "exception.type": "TypeError",
        "exception.message": "no",
        "tasker.component": "exception"
      }])
    }).pipe(Effect.provide(Layer.merge(OtlpReceiver.layer, Logger.layer([])))))
})
