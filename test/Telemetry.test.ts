import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Exit, Fiber, Layer, Logger, Metric, References, Schema, Scope, Tracer } from "effect"
import { TestClock } from "effect/testing"
import {
  LogDestination,
  MetricSnapshot,
  MetricStore,
  Step,
  Task,
  TaskRunner,
  Telemetry,
  type TelemetryConfig
} from "tasker-telemetry"
import { EventBus } from "../src/events/EventBus.ts"
import { TelemetryTracer } from "../src/tracing/TelemetryTracer.ts"
import * as logs from "./support/logs.ts"
import * as otlpDecoder from "./support/otlpDecoder.ts"
import * as otlpMetricDecoder from "./support/otlpMetricDecoder.ts"
import { OtlpReceiver, type Received } from "./support/otlpReceiver.ts"
import * as recorder from "./support/recorder.ts"
import * as spans from "./support/spans.ts"
import * as TestTelemetry from "./support/TestTelemetry.ts"

const greet = Step.make("greet", { run: () => Effect.as(Effect.logInfo("greeting"), "hello") })
const Greet = Task.make("greeting", { input: Schema.Struct({}), steps: [greet] })

/** A destination that keeps its lines in the given list. */
const into = (lines: Array<string>) => ({ logDestination: LogDestination.layer((line) => void lines.push(line)) })

const messages = (lines: ReadonlyArray<string>) =>
  lines.map((line) => (JSON.parse(line) as { readonly message: string }).message)

/** Runs the task under a layer and gives what each signal has of it. */
const signals = (options: TelemetryConfig.Options) =>
  Effect.gen(function*() {
    const { results } = yield* TaskRunner.run(Greet, {})
    assert.strictEqual(results.greet, "hello")
    const snapshot = yield* (yield* MetricStore.MetricStore).snapshot
    return {
      spans: (yield* spans.recorded).length,
      counted: MetricSnapshot.valueOf(snapshot, "tasker_tasks_total", { task: "greeting", status: "complete" }),
      lines: messages(yield* logs.lines)
    }
  }).pipe(Effect.provide(TestTelemetry.whole(options)))

const allLines = ["task initialized", "task started", "step started", "greeting", "step completed", "task completed"]

const spansIn = (received: ReadonlyArray<Received>) =>
  received.filter(({ path }) => path === "/v1/traces")
    .flatMap(({ body }) => otlpDecoder.decode(body).spans.map(({ name }) => name))

const countsIn = (received: ReadonlyArray<Received>) =>
  received.filter(({ path }) => path === "/v1/metrics")
    .flatMap(({ body }) => otlpMetricDecoder.pointsOf(body))
    .map(({ attributes, metric, value }) => ({ metric, status: attributes["status"], value }))

describe("Telemetry.layer", () => {
  it.effect("turns a run into spans, metrics and lines", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* signals({}), { spans: 4, counted: 1, lines: allLines })
    }))

  for (
    const [option, expected] of [
      ["metrics", { spans: 4, counted: undefined, lines: allLines }],
      ["tracing", { spans: 0, counted: 1, lines: allLines }],
      ["logging", { spans: 4, counted: 1, lines: [] }]
    ] as const
  ) {
    it.effect(`stops one signal with ${option}.enabled false`, () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* signals({ [option]: { enabled: false } }), {
          ...expected,
          lines: [...expected.lines]
        })
      }).pipe(Effect.provide(Logger.layer([]))))
  }

  it.effect("measures the process for its own store and for a given one, unless that measures nothing", () =>
    Effect.gen(function*() {
      const measures = (parts: Telemetry.Parts) =>
        Effect.flatMap(MetricStore.MetricStore, ({ snapshot }) => snapshot).pipe(
          Effect.map(({ metrics }) => metrics.some(({ name }) => name === "process_uptime_seconds")),
          Effect.provide(Telemetry.layer({ logging: { enabled: false } }, parts), { local: true }),
          Effect.provideService(Metric.MetricRegistry, new Map())
        )
      assert.isTrue(yield* measures({}))
      assert.isTrue(yield* measures({ metricStore: MetricStore.layer }))
      assert.isFalse(yield* measures({ metricStore: MetricStore.layerNoop }))
    }).pipe(Effect.provide(Logger.layer([]))))

  it.effect("observes nothing with enabled false", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* signals({ enabled: false }), { spans: 0, counted: undefined, lines: [] })
      const bus = yield* Effect.provide(EventBus, Telemetry.layer({ enabled: false }))
      assert.isFalse(bus.enabled)
    }).pipe(Effect.provide(Logger.layer([]))))

  it.effect("keeps the redaction of the options with enabled false", () =>
    Effect.gen(function*() {
      const charge = Step.make("charge", { run: () => Effect.fail({ iban: "DE02", total: 1 }) })
      const runner = yield* TaskRunner.TaskRunner
      const { fiber, taskId } = yield* runner.start(
        Task.make("pay", { input: Schema.Void, steps: [charge] }),
        undefined
      )
      yield* recorder.advance("1 minute")
      yield* Fiber.await(fiber)
      const { steps } = yield* runner.inspect(taskId)
      assert.deepStrictEqual(steps[0]?.error?.fields, { iban: "[FILTERED]", total: 1 })
    }).pipe(Effect.provide(Telemetry.layer({ enabled: false, redaction: { keys: ["iban"] } }))))

  it.effect("leaves the tracer of the program as it is with tracing.enabled false", () =>
    Effect.gen(function*() {
      const span = yield* Effect.withSpan(Effect.currentSpan, "mine")
      assert.instanceOf(span, Tracer.NativeSpan)
    }).pipe(Effect.provide(Telemetry.layer({ tracing: { enabled: false }, logging: { enabled: false } }))))

  it.effect("fails with every mistake in the options", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(Layer.build(Telemetry.layer({
        tracing: { sampler: { ratio: 2 } },
        delivery: { batchSize: 0 }
      })))
      assert.strictEqual(error._tag, "TelemetryConfigError")
      assert.strictEqual(
        error.message,
        "expected a number between 0 and 1 at tracing.sampler.ratio, got 2\n" +
          "expected a whole number between 1 and 100000 at delivery.batchSize, got 0"
      )
    }))

  it.effect("counts a sink that throws and goes on", () =>
    Effect.gen(function*() {
      const throwing = {
        logDestination: LogDestination.layer(() => {
          throw new Error("disk on fire")
        })
      }
      yield* Effect.gen(function*() {
        yield* TaskRunner.run(Greet, {})
        const snapshot = yield* (yield* MetricStore.MetricStore).snapshot
        // Five events and the line of the step; the sink itself does not fail, the writer contains what it writes to.
        assert.strictEqual(MetricSnapshot.valueOf(snapshot, "tasker_log_errors_total", {}), 6)
        assert.strictEqual(MetricSnapshot.valueOf(snapshot, "tasker_sink_errors_total", { sink: "log" }), undefined)
        assert.strictEqual(
          MetricSnapshot.valueOf(snapshot, "tasker_tasks_total", { task: "greeting", status: "complete" }),
          1
        )
      }).pipe(Effect.provide(Telemetry.layer({}, throwing)))
    }))

  it.effect("counts what functions of the program reject, and goes on", () =>
    Effect.gen(function*() {
      const rejecting = {
        logDestination: LogDestination.layer(() => Promise.reject(new Error("collector is down")))
      }
      yield* Effect.gen(function*() {
        const bus = yield* EventBus
        yield* bus.register({
          name: "posting",
          signal: "all",
          handle: () => Promise.reject(new Error("collector is down"))
        })
        yield* TaskRunner.run(Greet, {})
        yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
        const snapshot = yield* (yield* MetricStore.MetricStore).snapshot
        assert.strictEqual(MetricSnapshot.valueOf(snapshot, "tasker_log_errors_total", {}), 6)
        assert.isAtLeast(MetricSnapshot.valueOf(snapshot, "tasker_sink_errors_total", { sink: "posting" }) as number, 5)
      }).pipe(Effect.scoped, Effect.provide(Telemetry.layer({}, rejecting)))
    }))

  it.effect("observes the end of a task that runs when the layer closes, and delivers it", () =>
    Effect.gen(function*() {
      const { received, url } = yield* OtlpReceiver
      const Endless = Task.make("endless", {
        input: Schema.Struct({}),
        steps: [Step.make("wait", { run: () => Effect.never })]
      })
      const lines: Array<string> = []
      const scope = yield* Scope.make()
      const services = yield* Layer.buildWithScope(Telemetry.layer({ delivery: { endpoint: url } }, into(lines)), scope)
      yield* Effect.provide(TaskRunner.start(Endless, {}), services)
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(messages(lines), ["task enqueued", "task initialized", "task started", "step started"])
      yield* Scope.close(scope, Exit.void)
      assert.deepStrictEqual(messages(lines).slice(4), ["step cancelled", "task cancelled"])
      assert.include(spansIn(received), "tasker.task.execution")
      const cancelled = { metric: "tasker_tasks_total", status: "cancelled", value: 1 }
      assert.deepInclude(countsIn(received), cancelled)
    }).pipe(Effect.provide(OtlpReceiver.layer)))
})

describe("Telemetry.layer with a receiver that hangs", () => {
  it.effect("closes within the time limit of one signal", () =>
    Effect.gen(function*() {
      const { answer, next, url } = yield* OtlpReceiver
      answer("hang", "hang")
      const scope = yield* Scope.make()
      const options = { delivery: { endpoint: url, shutdownTimeout: "1 second" } } as const
      const services = yield* Layer.buildWithScope(Telemetry.layer(options, into([])), scope)
      yield* Effect.provide(Effect.withSpan(Effect.void, "work"), services)
      const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void))
      const paths = [(yield* next).path, (yield* next).path]
      yield* recorder.advance("1 second")
      assert.deepStrictEqual([paths.toSorted(), closing.pollUnsafe()], [["/v1/metrics", "/v1/traces"], Exit.void])
    }).pipe(Effect.provide(OtlpReceiver.layer)))
})

describe("Telemetry.layer with a fetch of the program's own", () => {
  it.effect("sends with it", () =>
    Effect.gen(function*() {
      const urls: Array<string> = []
      const fetch = (url: string) => {
        urls.push(url)
        return Promise.resolve(new Response("{}"))
      }
      const layer = Telemetry.layer({ delivery: { endpoint: "http://c:4318" } }, { ...into([]), fetch })
      yield* Effect.provide(Effect.withSpan(Effect.void, "work"), layer)
      assert.deepStrictEqual(urls.toSorted(), ["http://c:4318/v1/metrics", "http://c:4318/v1/traces"])
    }))
})

describe("Telemetry.flush", () => {
  it.effect("brings the spans that have ended and the metrics to the receiver, and once more when the layer closes", () =>
    Effect.gen(function*() {
      const { received, url } = yield* OtlpReceiver
      const names = () => spansIn(received)
      const counts = () => countsIn(received).filter(({ metric }) => metric === "jobs_total").map(({ value }) => value)
      yield* Effect.gen(function*() {
        const jobs = (yield* MetricStore.MetricStore).counter({ name: "jobs_total", help: "Jobs.", attributes: [] })
        yield* Effect.withSpan(Effect.void, "first")
        jobs.inc({})
        yield* Telemetry.flush
        assert.deepStrictEqual([names(), counts()], [["first"], [1]])
        yield* Effect.withSpan(Effect.void, "second")
        jobs.inc({})
      }).pipe(Effect.provide(Telemetry.layer({ delivery: { endpoint: url } }, into([]))))
      assert.deepStrictEqual([names(), counts()], [["first", "second"], [1, 2]])
    }).pipe(Effect.provide(OtlpReceiver.layer)))
})

describe("Telemetry.layerConfig", () => {
  const env = (variables: Readonly<Record<string, string>>) =>
    ConfigProvider.layer(ConfigProvider.fromEnv({ env: variables }))

  it.effect("takes options from the environment, and those in code before it", () =>
    Effect.gen(function*() {
      const lines: Array<string> = []
      const run = Effect.andThen(Effect.logWarning("warn"), Effect.logError("error"))
      const environment = env({ TASKER_LOGGING_LEVEL: "Error" })
      yield* Effect.provide(run, Telemetry.layerConfig({}, into(lines)).pipe(Layer.provide(environment)))
      assert.deepStrictEqual(messages(lines.splice(0)), ["error"])
      yield* Effect.provide(
        run,
        Telemetry.layerConfig({ logging: { level: "Warn" } }, into(lines)).pipe(Layer.provide(environment))
      )
      assert.deepStrictEqual(messages(lines), ["warn", "error"])
    }))

  it.effect("reports each unusable OTEL variable once, and fails with strict", () =>
    Effect.gen(function*() {
      const lines: Array<string> = []
      const environment = env({ OTEL_BSP_MAX_QUEUE_SIZE: "many", OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" })
      const warnings = [
        "OTEL_EXPORTER_OTLP_PROTOCOL=\"grpc\" is not usable: expected one of \"http/protobuf\", \"http/json\"; using \"http/protobuf\"",
        "OTEL_BSP_MAX_QUEUE_SIZE=\"many\" is not usable: expected a whole number between 1 and 1000000; using nothing"
      ]
      yield* Effect.provide(Effect.void, Telemetry.layerConfig({}, into(lines)).pipe(Layer.provide(environment)))
      assert.deepStrictEqual(lines.map((line) => (JSON.parse(line) as { readonly level: string }).level), [
        "WARN",
        "WARN"
      ])
      assert.deepStrictEqual(messages(lines), warnings)
      const error = yield* Effect.flip(
        Layer.build(Telemetry.layerConfig({ strict: true }, into(lines)).pipe(Layer.provide(environment)))
      )
      // Nothing is used instead.
      assert.strictEqual(error.message, warnings.map((warning) => warning.replace(/; using .*$/, "")).join("\n"))
    }))
})

describe("Telemetry.layerNoop", () => {
  it.effect("runs tasks and leaves tracer, loggers and log level of the program alone", () => {
    const spans: Array<string> = []
    const lines: Array<unknown> = []
    const tracer = Tracer.make({
      span: (options) => {
        spans.push(options.name)
        return new Tracer.NativeSpan(options)
      }
    })
    return Effect.gen(function*() {
      const { results } = yield* Effect.withSpan(TaskRunner.run(Greet, {}), "mine")
      assert.strictEqual(results.greet, "hello")
      assert.deepStrictEqual([spans, lines], [["mine"], ["greeting"]])
      assert.strictEqual(yield* References.MinimumLogLevel, "Info")
      assert.deepStrictEqual((yield* (yield* MetricStore.MetricStore).snapshot).metrics, [])
      yield* Telemetry.flush
      assert.strictEqual((yield* TelemetryTracer).tracer, tracer)
    }).pipe(
      Effect.provideService(References.MinimumLogLevel, "Info"),
      Effect.provide(Telemetry.layerNoop),
      Effect.withTracer(tracer),
      Effect.provide(Logger.layer([Logger.make(({ message }) => {
        lines.push(...message as ReadonlyArray<unknown>)
      })]))
    )
  })
})
