/**
 * What a program can see of the options of delivery, without a network.
 */
import { Clock, Effect, Exit, Fiber, Layer, Logger, Scope } from "effect"
import { TestClock } from "effect/testing"
import { Telemetry, type TelemetryConfig } from "tasker-telemetry"
import { FlushRegistry } from "../../src/internal/FlushRegistry.ts"
import * as SpanExport from "../../src/tracing/internal/SpanExport.ts"
import * as otlpDecoder from "./otlpDecoder.ts"
import * as spans from "./spans.ts"
import { type Reply, TestTransport } from "./testTransport.ts"

type Options = TelemetryConfig.Options
type Observation = (options: Options) => Effect.Effect<unknown>

/** Ends spans of these names, lets an hour pass, and looks at the requests; `start` is the time of the spans. */
const observe = <A>(
  names: ReadonlyArray<string>,
  replies: ReadonlyArray<Reply | "hang">,
  look: (transport: TestTransport["Service"], start: number) => A
): Observation =>
(options) =>
  Effect.gen(function*() {
    const transport = yield* TestTransport
    transport.reply(...replies)
    const scope = yield* Scope.make()
    const services = yield* Layer.buildWithScope(
      SpanExport.layer.pipe(
        Layer.provideMerge(FlushRegistry.layer),
        Layer.provideMerge(spans.layer({ ...options, delivery: { endpoint: "http://c:4318", ...options.delivery } }))
      ),
      scope
    )
    yield* TestClock.adjust(0)
    const start = yield* Clock.currentTimeMillis
    for (const name of names) {
      yield* Effect.provide(Effect.withSpan(Effect.void, name), services)
      yield* TestClock.adjust(0)
    }
    yield* TestClock.adjust("1 hour")
    const seen = look(transport, start)
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
)

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
)

const nameOf = ({ name }: { readonly name: string }) => name

/** The names of spans in each request; the first request takes a second. */
export const requests = observe(
  ["a", "b", "c", "d", "e", "f", "g"],
  [{ after: "1 second" }],
  ({ sent }) => sent.map(({ bytes }) => otlpDecoder.decode(bytes).spans.map(nameOf).join(""))
)

/** Milliseconds after which a span is sent. */
export const waits = observe(["a"], [], ({ sent }, start) => sent[0]!.at - start)

/** What is wrong with the options of a receiver. */
export const problem: Observation = (options) =>
  Effect.scoped(Layer.build(Telemetry.layer({ ...options, logging: { enabled: false } }))).pipe(
    Effect.as("none"),
    Effect.catch(({ message }) => Effect.succeed(message.replace(/: .*/s, "")))
  )
