/**
 * What a program can see of the options of delivery, without a network.
 */
import { Clock, Effect, Exit, Fiber, Layer, Logger, Scope } from "effect"
import { TestClock } from "effect/testing"
import { LogDestination, Telemetry, TelemetryConfig } from "tasker-telemetry"
import type { Transport } from "../../src/delivery/Transport.ts"
import { FlushRegistry } from "../../src/internal/FlushRegistry.ts"
import { SelfStatistics } from "../../src/internal/SelfStatistics.ts"
import * as LogExport from "../../src/logging/internal/LogExport.ts"
import { LogWriter } from "../../src/logging/internal/LogWriter.ts"
import * as StructuredLogger from "../../src/logging/internal/StructuredLogger.ts"
import * as LogLevels from "../../src/logging/LogLevels.ts"
import * as SpanExport from "../../src/tracing/internal/SpanExport.ts"
import * as otlpDecoder from "./otlpDecoder.ts"
import * as otlpLogDecoder from "./otlpLogDecoder.ts"
import * as spans from "./spans.ts"
import { type Reply, TestTransport } from "./testTransport.ts"

type Options = TelemetryConfig.Options
type Observation = (options: Options) => Effect.Effect<unknown>

type Signal = "spans" | "log records"

/** How records of a signal are made, and read from the body of a request. */
const signals: Readonly<
  Record<Signal, {
    readonly layer: (options: Options) => Layer.Layer<FlushRegistry, TelemetryConfig.TelemetryConfigError, Transport>
    readonly record: (name: string) => Effect.Effect<void>
    readonly namesOf: (body: Uint8Array) => ReadonlyArray<string>
  }>
> = {
  spans: {
    layer: (options) =>
      SpanExport.layer.pipe(Layer.provideMerge(FlushRegistry.layer), Layer.provideMerge(spans.layer(options))),
    record: (name) => Effect.withSpan(Effect.void, name),
    namesOf: (body) => otlpDecoder.decode(body).spans.map(({ name }) => name)
  },
  "log records": {
    layer: (options) =>
      LogExport.layer.pipe(
        Layer.provideMerge(StructuredLogger.layer),
        Layer.provideMerge(LogWriter.layer),
        Layer.provideMerge(Layer.mergeAll(LogDestination.layerNoop, LogLevels.layer)),
        Layer.provideMerge(Layer.mergeAll(FlushRegistry.layer, SelfStatistics.layer)),
        Layer.provideMerge(Layer.effect(TelemetryConfig.Current, TelemetryConfig.make(options)))
      ),
    record: (name) => Effect.logInfo(name),
    namesOf: (body) => otlpLogDecoder.decode(body).logs.map(({ body }) => body)
  }
}

/** Makes records of these names, lets an hour pass, and looks at the requests; `start` is the time of the records. */
const observe = <A>(
  names: ReadonlyArray<string>,
  replies: ReadonlyArray<Reply | "hang">,
  look: (transport: TestTransport["Service"], start: number, signal: Signal) => A
) =>
(signal: Signal): Observation =>
(options) =>
  Effect.gen(function*() {
    const { layer, record } = signals[signal]
    const transport = yield* TestTransport
    transport.reply(...replies)
    const scope = yield* Scope.make()
    const services = yield* Layer.buildWithScope(
      layer({ ...options, delivery: { endpoint: "http://c:4318", ...options.delivery } }),
      scope
    )
    yield* TestClock.adjust(0)
    const start = yield* Clock.currentTimeMillis
    for (const name of names) {
      yield* Effect.provide(record(name), services)
      yield* TestClock.adjust(0)
    }
    yield* TestClock.adjust("1 hour")
    const seen = look(transport, start, signal)
    const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void))
    yield* TestClock.adjust("1 hour")
    yield* Fiber.join(closing)
    return seen
  }).pipe(Effect.provide(Layer.merge(TestTransport.layer, Logger.layer([]))), Effect.orDie)

const busy: ReadonlyArray<Reply> = Array.from({ length: 100 }, () => ({ status: 503 }))

/** Seconds between the first five attempts. */
export const pauses = observe(
  ["work"],
  busy,
  ({ sent }) => sent.slice(1, 5).map(({ at }, index) => (at - sent[index]!.at) / 1000)
)("spans")

/** How many attempts a batch has. */
export const attempts = observe(["work"], busy, ({ sent }) => sent.length)

/** Whether pauses are what the intervals say. */
export const hasExactPauses: Observation = (options) =>
  Effect.map(pauses(options), (found) => JSON.stringify(found) === JSON.stringify([1, 1.5, 2.25, 3.375]))

/** Requests that are open at the same time. */
export const mostOpen = observe(
  ["a", "b", "c", "d"],
  Array.from({ length: 4 }, () => ({ after: "1 second" as const })),
  ({ mostOpen }) => mostOpen()
)("spans")

/** The names of records in each request; the first request takes a second. */
export const requests = observe(
  ["a", "b", "c", "d", "e", "f", "g"],
  [{ after: "1 second" }],
  ({ sent }, _, signal) => sent.map(({ bytes }) => signals[signal].namesOf(bytes).join(""))
)

/** Milliseconds after which a record is sent. */
export const waits = observe(["a"], [], ({ sent }, start) => sent[0]!.at - start)

/** The body of a log record and its attributes. */
export const logRecord: Observation = (options) =>
  Effect.gen(function*() {
    const { sent } = yield* TestTransport
    const layer = signals["log records"].layer({ ...options, delivery: { endpoint: "http://c:4318" } })
    yield* Effect.provide(Effect.logInfo("a long text", { a: "another text", b: 2 }), layer)
    const [record] = sent.flatMap(({ bytes }) => otlpLogDecoder.decode(bytes).logs)
    return record === undefined ? "none" : [record.body, record.attributes]
  }).pipe(Effect.provide(TestTransport.layer), Effect.orDie)

/** What is wrong with the options of a receiver. */
export const problem: Observation = (options) =>
  Effect.scoped(
    Layer.build(Telemetry.layer(options, { logDestination: LogDestination.layerNoop }))
  ).pipe(
    Effect.as("none"),
    Effect.catch(({ message }) => Effect.succeed(message.replace(/: .*/s, "")))
  )
