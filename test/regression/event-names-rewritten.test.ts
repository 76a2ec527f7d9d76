/**
 * D5: the original turned `_` into `.` when it subscribed to an event by name, so that names with an underscore were
 * never found, and it drew the sampling lot up to three times for one event. Here a name is an opaque key, and there is
 * one draw per event, which trace and log share.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Random } from "effect"
import * as EventBus from "../../src/events/EventBus.ts"
import * as EventCatalog from "../../src/events/EventCatalog.ts"
import * as EventRouter from "../../src/events/EventRouter.ts"
import * as EventSubscriber from "../../src/events/EventSubscriber.ts"
import * as recorder from "../support/recorder.ts"
import * as TestTelemetry from "../support/TestTelemetry.ts"

const busOf = (samplingRate: number) =>
  TestTelemetry.layer(
    Layer.provide(
      EventBus.layer,
      Layer.succeed(EventRouter.Overrides, [EventRouter.override("*", { samplingRate })])
    )
  )

describe("D5 event names and sampling", () => {
  it.effect.each(EventCatalog.names)("delivers %s under the name it is published with", (name) => {
    const seen: Array<string> = []
    const handlers: EventSubscriber.Handlers<never, never> = {
      [name]: () => Effect.sync(() => seen.push("subscriber"))
    }
    const subscriber = EventSubscriber.layer(handlers)
    return Effect.gen(function*() {
      const bus = yield* EventBus.EventBus
      for (const signal of ["metrics", "trace", "log"] as const) {
        yield* bus.register({ name: signal, signal, handle: (event) => void seen.push(`${signal} ${event.name}`) })
      }
      yield* bus.publish(name, yield* EventCatalog.example(EventCatalog.catalog[name]))
      yield* recorder.quiet
      const route = bus.router.routeOf(name)
      const routed = (["metrics", "trace", "log"] as const).filter((signal) => route[signal])
      assert.deepStrictEqual(seen, [...routed.map((signal) => `${signal} ${name}`), "subscriber"])
    }).pipe(Effect.provide(Layer.provideMerge(subscriber, busOf(1))))
  })

  it.effect("draws once per event, for trace and log together, and keeps the share it says", () =>
    Effect.gen(function*() {
      const bus = yield* EventBus.EventBus
      const [trace, log, metrics] = [Array<number>(), Array<number>(), Array<number>()]
      yield* bus.register({ name: "trace", signal: "trace", handle: ({ sequence }) => void trace.push(sequence) })
      yield* bus.register({ name: "log", signal: "log", handle: ({ sequence }) => void log.push(sequence) })
      yield* bus.register({ name: "metrics", signal: "metrics", handle: ({ sequence }) => void metrics.push(sequence) })
      const random = yield* Random.Random
      let draws = 0
      const counted: typeof random = {
        nextIntUnsafe: () => random.nextIntUnsafe(),
        nextDoubleUnsafe: () => {
          draws++
          return random.nextDoubleUnsafe()
        }
      }
      const payload = yield* EventCatalog.example(EventCatalog.catalog["task.completed"])
      const count = 10_000
      yield* Effect.repeat(bus.publish("task.completed", payload), { times: count - 1 }).pipe(
        Effect.provideService(Random.Random, counted)
      )
      assert.strictEqual(draws, count)
      assert.lengthOf(metrics, count)
      assert.deepStrictEqual(trace, log)
      // A tenth, not a hundredth: 4 standard deviations are 120.
      assert.approximately(trace.length, count / 10, 120)
    }).pipe(Random.withSeed("sampling"), Effect.provide(busOf(0.1))))
})
