import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Exit, Fiber, Layer, Queue, Scope, Stream } from "effect"
import { TestClock } from "effect/testing"
import * as Correlation from "../../src/Correlation.ts"
import * as EventBus from "../../src/events/EventBus.ts"
import * as recorder from "../support/recorder.ts"
import * as TestTelemetry from "../support/TestTelemetry.ts"

const layer = TestTelemetry.layer(EventBus.layer)

const payload = { taskId: "t-1", taskName: "t", namespace: "default", version: "0.1.0", stepCount: 1 }
const publish = Effect.flatMap(EventBus.EventBus, (bus) => bus.publish("workflow.steps_execution_started", payload))
const publishStart = Effect.flatMap(EventBus.EventBus, (bus) =>
  bus.publish("task.start_requested", {
    taskId: "t-1",
    taskName: "t",
    namespace: "default",
    version: "0.1.0",
    fromState: "pending",
    toState: "in_progress",
    totalSteps: 1
  }))

const sink = (log: Array<string>, name: string, signal: EventBus.EventSink["signal"]): EventBus.EventSink => ({
  name,
  signal,
  handle: (event) => void log.push(`${name} ${event.sequence}`)
})

describe("EventBus", () => {
  it.effect("stamps time, sequence, correlation and span on the publisher's fiber", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(1_700_000_000_123)
      const seen: Array<unknown> = []
      const bus = yield* EventBus.EventBus
      yield* bus.register({ name: "seen", signal: "all", handle: (event) => void seen.push(event) })
      yield* publish
      const span = yield* Effect.currentSpan.pipe(
        Effect.tap(publish),
        Effect.withSpan("outer"),
        Correlation.withCorrelationId("req-1")
      )
      const common = { name: "workflow.steps_execution_started", payload, time: 1_700_000_000_123 }
      assert.deepStrictEqual(seen, [
        { ...common, sequence: 1, correlationId: undefined, traceId: undefined, spanId: undefined },
        { ...common, sequence: 2, correlationId: "req-1", traceId: span.traceId, spanId: span.spanId }
      ])
    }).pipe(Effect.provide(layer)))

  it.effect("calls the sinks in the order all, metrics, trace, log, and each only for its signal", () =>
    Effect.gen(function*() {
      const log: Array<string> = []
      const bus = yield* EventBus.EventBus
      for (const signal of ["log", "trace", "metrics", "all"] as const) yield* bus.register(sink(log, signal, signal))
      yield* publishStart
      yield* publish
      assert.deepStrictEqual(log, ["all 1", "metrics 1", "trace 1", "log 1", "all 2", "metrics 2", "log 2"])
    }).pipe(Effect.provide(layer)))

  it.effect("calls the other sinks when one throws, and counts it", () =>
    Effect.gen(function*() {
      const log: Array<string> = []
      const bus = yield* EventBus.EventBus
      yield* bus.register(sink(log, "first", "all"))
      yield* bus.register({
        name: "broken",
        signal: "all",
        handle: () => {
          throw new Error("sink")
        }
      })
      yield* bus.register(sink(log, "last", "log"))
      yield* publish
      yield* publish
      assert.deepStrictEqual(log, ["first 1", "last 1", "first 2", "last 2"])
      assert.deepStrictEqual(yield* TestTelemetry.selfCounts, ["tasker_sink_errors_total{broken} 2"])
    }).pipe(Effect.provide(layer)))

  it.effect("forgets a sink when its scope closes, once per registration", () =>
    Effect.gen(function*() {
      const log: Array<string> = []
      const bus = yield* EventBus.EventBus
      const one = sink(log, "one", "all")
      const scope = yield* Scope.make()
      yield* bus.register(one)
      yield* Scope.provide(bus.register(one), scope)
      yield* publish
      yield* Scope.close(scope, Exit.void)
      yield* publish
      assert.deepStrictEqual(log, ["one 1", "one 1", "one 2"])
    }).pipe(Effect.provide(layer)))

  it.effect("ends its streams when it closes, after what is queued has been given", () =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      const bus = Context.get(yield* Layer.buildWithScope(layer, scope), EventBus.EventBus)
      const sequences = (pace: Effect.Effect<void>) =>
        EventBus.stream.pipe(
          Stream.tap(() => pace),
          Stream.map(({ sequence }) => sequence),
          Stream.runCollect,
          Effect.provideService(EventBus.EventBus, bus)
        )
      const [quick, slow] = [
        yield* Effect.forkChild(sequences(Effect.void)),
        yield* Effect.forkChild(sequences(Effect.sleep("1 second")))
      ]
      yield* recorder.quiet
      const publishing = Effect.provideService(publish, EventBus.EventBus, bus)
      yield* publishing
      yield* recorder.quiet
      yield* Effect.repeat(publishing, { times: 1 })
      yield* Scope.close(scope, Exit.void)
      yield* recorder.advance("10 seconds")
      assert.deepStrictEqual(yield* Fiber.join(quick), [1, 2, 3])
      assert.deepStrictEqual(yield* Fiber.join(slow), [1, 2, 3])
      assert.deepStrictEqual(yield* sequences(Effect.void), [])
    }))

  it.effect("ends the queue of a subscription that is still open when it closes", () =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      const bus = Context.get(yield* Layer.buildWithScope(layer, scope), EventBus.EventBus)
      const subscriptions = yield* Scope.make()
      const { queue } = yield* Scope.provide(bus.subscribe({ name: "open" }), subscriptions)
      yield* Effect.provideService(publish, EventBus.EventBus, bus)
      yield* Scope.close(scope, Exit.void)
      assert.strictEqual((yield* Queue.take(queue)).sequence, 1)
      assert.isTrue(Exit.isFailure(yield* Effect.exit(Queue.take(queue))))
      yield* Scope.close(subscriptions, Exit.void)
    }))

  it.effect("numbers the events without gaps, whether anybody listens or not", () =>
    Effect.gen(function*() {
      yield* publish
      const log: Array<string> = []
      yield* (yield* EventBus.EventBus).register(sink(log, "late", "all"))
      yield* Effect.forEach(Array.from({ length: 20 }), () => publish, { concurrency: "unbounded" })
      assert.deepStrictEqual(log, Array.from({ length: 20 }, (_, index) => `late ${index + 2}`))
    }).pipe(Effect.provide(layer)))

  it.effect("says that it is enabled, and that a noop bus is not", () =>
    Effect.gen(function*() {
      const enabled = Effect.map(EventBus.EventBus, (bus) => bus.enabled)
      assert.strictEqual(yield* Effect.provide(enabled, layer), true)
      assert.strictEqual(yield* Effect.provide(enabled, EventBus.layerNoop), false)
      assert.strictEqual(yield* Effect.provide(publish, EventBus.layerNoop), undefined)
    }))
})
