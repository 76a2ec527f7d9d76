/**
 * One signal without the others, and each combination of them, as a program without tasks uses them.
 */
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer, Logger, Metric } from "effect"
import { FetchHttpClient } from "effect/http"
import {
  EventBus,
  LogDestination,
  MetricSnapshot,
  MetricStore,
  type SpanData,
  TaskRunner,
  Telemetry,
  type TelemetryConfig,
  TelemetryTracer
} from "tasker-telemetry"
import { OtlpReceiver } from "./support/otlpReceiver.ts"

type Signal = "logging" | "metrics" | "tracing"

const combinations = [
  "logging",
  "metrics",
  "tracing",
  "logging and metrics",
  "logging and tracing",
  "metrics and tracing",
  "logging and metrics and tracing"
]

/** A registry of its own: that of the process is shared by all tests. */
const registry = Layer.sync(Metric.MetricRegistry, () => new Map())

const layerOf = (signals: ReadonlyArray<Signal>, options: TelemetryConfig.Options, lines: Array<string>) => {
  const layers: Record<Signal, Layer.Layer<never, TelemetryConfig.TelemetryConfigError>> = {
    logging: Telemetry.layerLogging(options, { logDestination: LogDestination.layer((line) => void lines.push(line)) }),
    metrics: Telemetry.layerMetrics(options),
    tracing: Telemetry.layerTracing(options)
  }
  const [first, ...others] = signals.map((signal) => layers[signal])
  return Layer.mergeAll(first!, ...others).pipe(Layer.provide(registry))
}

/** The program's own logger, which the lines come to where there is no layer of ours. */
const loggerInto = (messages: Array<unknown>) =>
  Logger.layer([Logger.make(({ message }) => void messages.push(message))])

/** What a program does with what it finds in its context. */
const program = Effect.gen(function*() {
  const context = yield* Effect.context<never>()
  const store = Context.getOption(context, MetricStore.MetricStore)
  const tracer = Context.getOption(context, TelemetryTracer.TelemetryTracer)
  const spans: Array<SpanData.SpanData> = []
  if (tracer._tag === "Some") {
    yield* tracer.value.register({ name: "memory", onEnd: (span) => void spans.push(span) })
    yield* tracer.value.register({
      name: "broken",
      onEnd: () => {
        throw new Error("broken")
      }
    })
  }
  if (store._tag === "Some") {
    store.value.counter({ name: "files_total", help: "Files.", attributes: ["kind"] }).inc({ kind: "csv" })
  }
  yield* Effect.withSpan(Effect.logInfo("imported"), "import")
  const snapshot = store._tag === "Some" ? yield* store.value.snapshot : undefined
  const valueOf = (name: string, attributes: Readonly<Record<string, string>>) =>
    snapshot === undefined ? undefined : MetricSnapshot.valueOf(snapshot, name, attributes)
  return {
    signals: [
      ...(Context.getOption(context, LogDestination.LogDestination)._tag === "Some" ? ["logging"] : []),
      ...(snapshot === undefined ? [] : ["metrics"]),
      ...(tracer._tag === "Some" ? ["tracing"] : [])
    ],
    files: valueOf("files_total", { kind: "csv" }),
    brokenProcessors: valueOf("tasker_span_processor_errors_total", { processor: "broken" }),
    spans,
    others: [TaskRunner.TaskRunner, EventBus.EventBus].filter((service) => context.mapUnsafe.has(service.key))
  }
}).pipe(Effect.scoped)

describe("Telemetry.layerLogging, layerMetrics and layerTracing", () => {
  it.effect.each(combinations)("%s", (combination) =>
    Effect.gen(function*() {
      const signals = combination.split(" and ") as ReadonlyArray<Signal>
      const lines: Array<string> = []
      const elsewhere: Array<unknown> = []
      const options = { service: { name: "shop" }, metrics: { runtime: false } }
      const found = yield* program.pipe(
        Effect.provide(Layer.provideMerge(layerOf(signals, options, lines), loggerInto(elsewhere)))
      )
      const has = (signal: Signal) => signals.includes(signal)
      assert.deepStrictEqual(found.signals, [...signals])
      assert.deepStrictEqual(found.others, [])
      assert.strictEqual(found.files, has("metrics") ? 1 : undefined)
      assert.deepStrictEqual(found.spans.map(({ name }) => name), has("tracing") ? ["import"] : [])
      // What the tracer counts about itself is a metric where there are metrics.
      assert.strictEqual(found.brokenProcessors, has("metrics") && has("tracing") ? 1 : undefined)
      assert.deepStrictEqual(elsewhere, has("logging") ? [] : [["imported"]])
      const [line] = lines.map((text) => JSON.parse(text) as Record<string, unknown>)
      assert.strictEqual(line?.["message"], has("logging") ? "imported" : undefined)
      assert.strictEqual(line?.["service.name"], has("logging") ? "shop" : undefined)
      if (has("logging") && has("tracing")) assert.strictEqual(line?.["trace_id"], found.spans[0]?.traceId)
    }))

  it.effect("masks the event of a line as the options of both the logger and the tracer say", () =>
    Effect.gen(function*() {
      const layers = Layer.merge(
        Telemetry.layerLogging({ redaction: { keys: ["memberNumber"] } }, {
          logDestination: LogDestination.layer(() => undefined)
        }),
        Telemetry.layerTracing({ redaction: { keys: ["shelfMark"] } })
      )
      const events = yield* Effect.gen(function*() {
        const ended: Array<SpanData.SpanData> = []
        yield* (yield* TelemetryTracer.TelemetryTracer).register({
          name: "memory",
          onEnd: (span) => void ended.push(span)
        })
        yield* Effect.withSpan(
          Effect.logInfo("lent", { memberNumber: "M-12345", nested: { memberNumber: "M-9" }, shelfMark: "QA-76" }),
          "lend"
        )
        return ended.flatMap((span) => span.events)
      }).pipe(Effect.scoped, Effect.provide(layers))
      assert.deepStrictEqual(events.map(({ attributes }) => attributes), [{
        "log.level": "INFO",
        memberNumber: "[FILTERED]",
        nested: { memberNumber: "[FILTERED]" },
        shelfMark: "[FILTERED]"
      }])
    }))

  it.effect("counts a masked field of a line once for the line and once for its event", () =>
    Effect.gen(function*() {
      yield* Effect.withSpan(Effect.logInfo("lent", { memberNumber: "M-12345" }), "lend")
      const snapshot = yield* (yield* MetricStore.MetricStore).snapshot
      assert.strictEqual(MetricSnapshot.valueOf(snapshot, "tasker_redactions_total", { rule: "key" }), 2)
    }).pipe(Effect.provide(
      Telemetry.layer({ metrics: { runtime: false }, redaction: { keys: ["memberNumber"] } }, {
        logDestination: LogDestination.layer(() => undefined)
      }).pipe(
        Layer.provide(registry)
      )
    )))

  it.live("flushes all of them at once", () =>
    Effect.gen(function*() {
      const receiver = yield* OtlpReceiver
      const options = { delivery: { endpoint: receiver.url }, metrics: { runtime: false } }
      yield* Effect.gen(function*() {
        yield* Effect.withSpan(Effect.void, "import")
        yield* Telemetry.flush
        const paths = [yield* receiver.next, yield* receiver.next].map(({ path }) => path)
        assert.deepStrictEqual(paths.toSorted(), ["/v1/metrics", "/v1/traces"])
      }).pipe(
        Effect.provide(
          Layer.mergeAll(Telemetry.layerTracing(options), Telemetry.layerMetrics(options)).pipe(Layer.provide(registry))
        )
      )
    }).pipe(Effect.provide(Layer.provideMerge(OtlpReceiver.layer, FetchHttpClient.layer))))

  it.effect("is nothing where the telemetry is off", () =>
    Effect.gen(function*() {
      const lines: Array<string> = []
      const elsewhere: Array<unknown> = []
      const { files, spans } = yield* program.pipe(
        Effect.provide(
          Layer.provideMerge(
            layerOf(["logging", "metrics", "tracing"], { enabled: false }, lines),
            loggerInto(elsewhere)
          )
        )
      )
      assert.deepStrictEqual([files, spans, lines], [undefined, [], []])
      assert.deepStrictEqual(elsewhere, [["imported"]])
    }))

  it.effect("refuses options that no option has", () =>
    Effect.gen(function*() {
      for (const make of [Telemetry.layerLogging, Telemetry.layerMetrics, Telemetry.layerTracing]) {
        const layer: Layer.Layer<never, TelemetryConfig.TelemetryConfigError> = make({
          metrics: { cardinalityLimit: 0 }
        })
        const error = yield* Effect.flip(Effect.scoped(Layer.build(layer)))
        assert.include(error.message, "at metrics.cardinalityLimit, got 0")
      }
    }))
})
