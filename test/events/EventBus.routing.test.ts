/**
 * What the routes do to published events.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Random, Schema, Stream } from "effect"
import * as EventBus from "../../src/events/EventBus.ts"
import * as EventCatalog from "../../src/events/EventCatalog.ts"
import * as EventRouter from "../../src/events/EventRouter.ts"
import * as EventDefinition from "../../src/events/internal/EventDefinition.ts"
import * as recorder from "../support/recorder.ts"
import * as TestTelemetry from "../support/TestTelemetry.ts"

const layerOf = (
  routes: ReadonlyArray<EventRouter.RouteOverride>,
  events: { readonly filtered?: ReadonlyArray<string>; readonly samplingRate?: number } = {}
) => TestTelemetry.layer(Layer.provide(EventBus.layer, Layer.succeed(EventRouter.Overrides, routes)), { events })

const Sold = EventCatalog.define("shop.sold", {
  description: "Something was sold.",
  fires: "once per sale",
  payload: Schema.Struct({ orderId: Schema.String, items: Schema.Int })
})

const payload = { taskId: "t-1", taskName: "t", namespace: "default", version: "0.1.0", totalSteps: 1 }
const start = { ...payload, fromState: "pending", toState: "in_progress" }

/** Counts what each signal gets. */
const counting = Effect.gen(function*() {
  const bus = yield* EventBus.EventBus
  const counts = { metrics: 0, trace: 0, log: 0, all: 0, subscriber: 0 }
  for (const signal of ["metrics", "trace", "log", "all", "subscriber"] as const) {
    yield* bus.register({ name: signal, signal, handle: () => void counts[signal]++ })
  }
  return counts
})

describe("EventBus routing", () => {
  it.effect("touches neither trace nor log for an event that is only measured", () =>
    Effect.gen(function*() {
      const counts = yield* counting
      yield* EventBus.publish("task.start_requested", start)
      assert.deepStrictEqual(counts, { metrics: 1, trace: 0, log: 0, all: 1, subscriber: 1 })
    }).pipe(
      Effect.provide(layerOf([EventRouter.override("task.start_requested", { trace: false, log: false })]))
    ))

  it.effect("measures what is filtered, and nothing that is disabled; both reach subscribers", () =>
    Effect.gen(function*() {
      const counts = yield* counting
      yield* EventBus.publish("task.start_requested", start)
      assert.deepStrictEqual(counts, { metrics: 1, trace: 0, log: 0, all: 1, subscriber: 1 })
      yield* EventBus.publish("observability.task.enqueue", payload)
      assert.deepStrictEqual(counts, { metrics: 1, trace: 0, log: 0, all: 2, subscriber: 2 })
    }).pipe(
      Effect.provide(
        layerOf([EventRouter.override("observability.*", { enabled: false })], { filtered: ["task.*"] })
      )
    ))

  it.effect("asks the predicate once per event, for trace and log alone, and keeps an event when it throws", () => {
    const asked: Array<number> = []
    const override = EventRouter.override("task.start_requested", {
      when: ({ payload, sequence }) => {
        asked.push(sequence)
        if (payload.totalSteps === 13) throw new Error("unlucky")
        return payload.totalSteps > 1
      }
    })
    return Effect.gen(function*() {
      const counts = yield* counting
      for (const totalSteps of [1, 2, 13]) yield* EventBus.publish("task.start_requested", { ...start, totalSteps })
      assert.deepStrictEqual(counts, { metrics: 3, trace: 2, log: 2, all: 3, subscriber: 3 })
      assert.deepStrictEqual(asked, [1, 2, 3])
      assert.deepStrictEqual(yield* TestTelemetry.selfCounts, ["tasker_sink_errors_total{predicate} 1"])
    }).pipe(Effect.provide(layerOf([override])))
  })

  it.effect("keeps an event whose predicate is async, counts it, and lets no rejection end the process", () =>
    Effect.gen(function*() {
      const counts = yield* counting
      for (const totalSteps of [1, 2]) yield* EventBus.publish("task.start_requested", { ...start, totalSteps })
      assert.deepStrictEqual(counts, { metrics: 2, trace: 2, log: 2, all: 2, subscriber: 2 })
      assert.deepStrictEqual(yield* TestTelemetry.selfCounts, ["tasker_sink_errors_total{predicate} 2"])
    }).pipe(Effect.provide(layerOf([
      EventRouter.override("task.start_requested", {
        when: ({ payload }) =>
          (payload.totalSteps === 1 ? Promise.resolve(false) : Promise.reject(new Error("late"))) as never
      })
    ]))))

  it.effect("draws nothing where the rate is 0 or 1", () =>
    Effect.gen(function*() {
      const counts = yield* counting
      const random = {
        nextIntUnsafe: () => assert.fail("drawn"),
        nextDoubleUnsafe: () => assert.fail("drawn")
      }
      yield* Effect.provideService(EventBus.publish("task.start_requested", start), Random.Random, random)
      yield* Effect.provideService(EventBus.publish("observability.task.enqueue", payload), Random.Random, random)
      assert.deepStrictEqual(counts, { metrics: 2, trace: 0, log: 1, all: 2, subscriber: 2 })
    }).pipe(Effect.provide(layerOf([EventRouter.override("task.start_requested", { samplingRate: 0 })]))))

  it.effect("publishes a program's event by its definition, to trace and log", () =>
    Effect.gen(function*() {
      const counts = yield* counting
      const seen: Array<unknown> = []
      const bus = yield* EventBus.EventBus
      yield* bus.register({
        name: "seen",
        signal: "log",
        handle: ({ name, payload, sequence }, _, definition) => void seen.push([name, payload, sequence, definition])
      })
      yield* bus.publish(Sold, { orderId: "o-1", items: 2 })
      assert.deepStrictEqual(seen, [["shop.sold", { orderId: "o-1", items: 2 }, 1, Sold]])
      assert.deepStrictEqual(counts, { metrics: 0, trace: 1, log: 1, all: 1, subscriber: 1 })
    }).pipe(Effect.provide(layerOf([]))))

  it.effect("offers a sink the names it accepts, asked once per name", () =>
    Effect.gen(function*() {
      const asked: Array<string> = []
      const seen: Array<string> = []
      const bus = yield* EventBus.EventBus
      const sink: EventBus.EventSink = {
        name: "choosy",
        signal: "all",
        accepts: (name) => {
          asked.push(name)
          return name.startsWith("task.")
        },
        handle: ({ name }) => void seen.push(name)
      }
      yield* bus.register(sink)
      for (let number = 0; number < 2; number++) {
        yield* bus.publish("task.start_requested", start)
        yield* bus.publish(Sold, { orderId: "o-1", items: 1 })
      }
      assert.deepStrictEqual(asked, ["task.start_requested", "shop.sold"])
      assert.deepStrictEqual(seen, ["task.start_requested", "task.start_requested"])
    }).pipe(Effect.provide(layerOf([]))))

  it.effect("counts a name that nobody declared and a definition that imitates ours, and goes on", () =>
    Effect.gen(function*() {
      const counts = yield* counting
      yield* EventBus.publish("task.complet" as "task.completed", start as never)
      yield* EventBus.publish(EventDefinition.make("task.completed", Sold), { orderId: "o-1", items: 1 })
      yield* EventBus.publish(EventDefinition.make("task.mine", Sold), { orderId: "o-1", items: 1 })
      assert.strictEqual(counts.all, 0)
      assert.deepStrictEqual(yield* TestTelemetry.selfCounts, ["tasker_sink_errors_total{unknown event} 3"])
      yield* EventBus.publish(EventCatalog.catalog["task.start_requested"], start)
      assert.strictEqual(counts.all, 1)
    }).pipe(Effect.provide(layerOf([]))))

  it.effect("gives its events as a stream from the moment the stream starts", () =>
    Effect.gen(function*() {
      yield* EventBus.publish(Sold, { orderId: "o-0", items: 0 })
      const fiber = yield* Effect.forkChild(
        EventBus.stream.pipe(
          Stream.take(2),
          Stream.map(({ name, sequence }) => `${name} ${sequence}`),
          Stream.runCollect
        ),
        { startImmediately: true }
      )
      yield* recorder.quiet
      yield* EventBus.publish(Sold, { orderId: "o-1", items: 1 })
      yield* EventBus.publish("task.start_requested", start)
      yield* EventBus.publish(Sold, { orderId: "o-2", items: 1 })
      assert.deepStrictEqual(yield* Fiber.join(fiber), ["shop.sold 2", "task.start_requested 3"])
    }).pipe(Effect.provide(layerOf([]))))
})
