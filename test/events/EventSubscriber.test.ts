import { assert, describe, it } from "@effect/vitest"
import { Cause, Deferred, Effect, Exit, Fiber, Layer, Logger, Schema, Scope } from "effect"
import { TestClock } from "effect/testing"
import { runInNewContext } from "node:vm"
import * as Correlation from "../../src/Correlation.ts"
import * as EventBus from "../../src/events/EventBus.ts"
import * as EventCatalog from "../../src/events/EventCatalog.ts"
import * as EventSubscriber from "../../src/events/EventSubscriber.ts"
import * as recorder from "../support/recorder.ts"
import * as TestTelemetry from "../support/TestTelemetry.ts"

const Sold = EventCatalog.define("shop.sold", {
  description: "Something was sold.",
  fires: "once per sale",
  payload: Schema.Struct({ orderId: Schema.String })
})

const layer = TestTelemetry.layer(EventBus.layer)

const payload = { taskId: "t-1", taskName: "t", namespace: "default", version: "0.1.0" }
const batch = (stepCount: number) => EventBus.publish("workflow.steps_execution_started", { ...payload, stepCount })
const enqueue = EventBus.publish("observability.task.enqueue", { ...payload, totalSteps: 1 })

/** Builds a subscriber that lives until the returned scope closes. */
const living = Effect.fnUntraced(function*<R>(subscriber: Layer.Layer<never, never, R>) {
  const scope = yield* Scope.make()
  yield* Layer.buildWithScope(subscriber, scope)
  return scope
})

describe("EventSubscriber", () => {
  it.effect("hands every event to the handlers whose pattern fits, in order, typed by name", () =>
    Effect.gen(function*() {
      const seen: Array<string> = []
      yield* living(EventSubscriber.layer({
        "workflow.steps_execution_started": ({ payload }) => Effect.sync(() => seen.push(`batch ${payload.stepCount}`)),
        "workflow.*": ({ name, payload }) => Effect.sync(() => seen.push(`${name} ${payload.taskName}`)),
        "shop.sold": ({ payload }) => Effect.sync(() => seen.push(`sold ${payload.orderId}`)),
        "*": ({ sequence }) => Effect.sync(() => seen.push(`any ${sequence}`))
      }, { events: EventCatalog.collect([Sold]) }))
      yield* batch(3)
      yield* enqueue
      yield* EventBus.publish(Sold, { orderId: "o-1" })
      yield* recorder.quiet
      assert.deepStrictEqual(seen, [
        "batch 3",
        "workflow.steps_execution_started t",
        "any 1",
        "any 2",
        "sold o-1",
        "any 3"
      ])
    }).pipe(Effect.provide(layer)))

  it.effect("works on a fiber of its own, with the publisher's correlation id", () =>
    Effect.gen(function*() {
      const gate = yield* Deferred.make<void>()
      const seen: Array<string | undefined> = []
      yield* living(EventSubscriber.layer({
        "observability.*": () =>
          Effect.andThen(
            Deferred.await(gate),
            Effect.map(Correlation.CorrelationId, (id) => seen.push(id))
          )
      }))
      yield* Correlation.withCorrelationId("req-1")(enqueue)
      yield* enqueue
      assert.deepStrictEqual(seen, [])
      yield* Deferred.succeed(gate, undefined)
      yield* recorder.quiet
      assert.deepStrictEqual(seen, ["req-1", undefined])
    }).pipe(Effect.provide(layer)))

  it.effect("goes on after failures of every kind, counts each, and reports once and then once a minute", () => {
    const reports: Array<unknown> = []
    const capture = Logger.make(({ message }) => void reports.push(message))
    return Effect.gen(function*() {
      const seen: Array<number> = []
      yield* living(EventSubscriber.layer({
        "workflow.steps_execution_started": ({ payload: { stepCount } }) => {
          if (stepCount === 1) throw new Error("thrown")
          if (stepCount === 2) return Effect.fail("failed")
          if (stepCount === 3) return Effect.die("died")
          if (stepCount === 4) return Effect.interrupt
          return Effect.sync(() => seen.push(stepCount))
        },
        "*": () => Effect.void
      }, { name: "fragile" }))
      const healthy: Array<number> = []
      yield* living(EventSubscriber.layer({
        "workflow.*": ({ sequence }) => Effect.sync(() => healthy.push(sequence))
      }, { name: "healthy" }))
      for (const count of [1, 2, 3, 4, 5]) yield* batch(count)
      yield* recorder.quiet
      assert.deepStrictEqual(seen, [5])
      assert.deepStrictEqual(healthy, [1, 2, 3, 4, 5])
      assert.deepStrictEqual(yield* TestTelemetry.selfCounts, ["tasker_subscriber_errors_total{fragile} 4"])
      assert.lengthOf(reports, 1)
      yield* TestClock.adjust("1 minute")
      yield* batch(1)
      yield* batch(1)
      yield* recorder.quiet
      assert.lengthOf(reports, 2)
    }).pipe(Effect.provide([layer, Logger.layer([capture])]))
  })

  it.effect("goes on after a handler that gives no Effect or throws at once, counts and reports each as a failure", () => {
    const reports: Array<unknown> = []
    const capture = Logger.make(({ cause, message }) =>
      void reports.push([message, Cause.pretty(cause).split("\n")[0]])
    )
    return Effect.gen(function*() {
      const given: ReadonlyArray<() => unknown> = [
        () => undefined,
        () => Promise.reject(new Error("nobody waits for it")),
        () => runInNewContext("Promise.reject(new Error('nobody waits for it'))") as unknown,
        () => 5,
        () => ({}),
        () => {
          throw new Error("thrown")
        },
        () =>
          new Proxy({}, {
            has: () => {
              throw new Error("hostile")
            }
          })
      ]
      const seen: Array<number> = []
      yield* living(EventSubscriber.layer({
        // A program without types may give anything.
        "workflow.steps_execution_started": ({ payload: { stepCount } }) =>
          (given[stepCount]?.() ?? undefined) as Effect.Effect<void>,
        "workflow.*": ({ payload }) => Effect.sync(() => "stepCount" in payload && seen.push(payload.stepCount))
      }, { name: "untyped" }))
      for (const stepCount of given.keys()) {
        yield* batch(stepCount)
        yield* recorder.quiet
        yield* TestClock.adjust("1 minute")
      }
      yield* recorder.quiet
      assert.deepStrictEqual(seen, [...given.keys()])
      assert.deepStrictEqual(yield* TestTelemetry.selfCounts, ["tasker_subscriber_errors_total{untyped} 7"])
      const gave = (what: string) => `TypeError: the handler gave ${what} where an Effect is expected`
      const promise = gave("a promise").concat("; wrap the call that makes it in Effect.tryPromise")
      assert.deepStrictEqual(
        reports,
        [
          gave("undefined"),
          promise,
          promise,
          gave("a number"),
          gave("an object"),
          "Error: thrown",
          "Error: hostile"
        ].map((
          text
        ) => [["event subscriber failed"], text])
      )
    }).pipe(Effect.provide([layer, Logger.layer([capture])]))
  })

  it.effect("goes on after an Effect that comes to something that is none", () =>
    Effect.gen(function*() {
      const seen: Array<number> = []
      yield* living(EventSubscriber.layer({
        "workflow.steps_execution_started": ({ payload: { stepCount } }) =>
          stepCount === 1
            ? Effect.flatMap(Effect.yieldNow, () => undefined as unknown as Effect.Effect<void>)
            : Effect.sync(() => seen.push(stepCount))
      }, { name: "untyped" }))
      yield* Effect.forEach([0, 1, 2], batch)
      yield* recorder.quiet
      assert.deepStrictEqual(seen, [0, 2])
      assert.deepStrictEqual(yield* TestTelemetry.selfCounts, ["tasker_subscriber_errors_total{untyped} 1"])
    }).pipe(Effect.provide([layer, Logger.layer([])])))

  const noEffect = (): Effect.Effect<void> => 42 as never
  const enders: ReadonlyArray<readonly [string, () => Effect.Effect<unknown>]> = [
    ["comes to something that is no Effect", () => Effect.flatMap(Effect.void, noEffect)],
    ["interrupts its fiber", () => Effect.withFiber((fiber) => Fiber.interrupt(fiber))],
    [
      "interrupts its fiber where it cannot be interrupted, and comes to no Effect",
      () =>
        Effect.withFiber((fiber) => {
          fiber.interruptUnsafe()
          return Effect.uninterruptible(Effect.flatMap(Effect.yieldNow, noEffect))
        })
    ]
  ]
  for (const [what, end] of enders) {
    it.effect(`hands the event to the handlers behind one that ${what}, counts it once and reports its correlation id`, () => {
      const reports: Array<unknown> = []
      const capture = Logger.make(({ fiber, message }) =>
        void reports.push([message, fiber.getRef(Correlation.CorrelationId)])
      )
      return Effect.gen(function*() {
        const seen: Array<string> = []
        const seeing = (name: string) => () => Effect.map(Correlation.CorrelationId, (id) => seen.push(`${name} ${id}`))
        yield* living(EventSubscriber.layer({
          "workflow.steps_execution_started": seeing("before"),
          "workflow.*": end,
          "*": seeing("after")
        }, { name: "broken" }))
        for (const id of ["a", "b", "c"]) yield* Correlation.withCorrelationId(id)(batch(1))
        yield* recorder.quiet
        assert.deepStrictEqual(seen, ["before a", "after a", "before b", "after b", "before c", "after c"])
        assert.deepStrictEqual(yield* TestTelemetry.selfCounts, ["tasker_subscriber_errors_total{broken} 3"])
        assert.deepStrictEqual(reports, [[["event subscriber failed"], "a"]])
      }).pipe(Effect.provide([layer, Logger.layer([capture])]))
    })
  }

  for (
    const [what, log] of [
      ["throws", () => {
        throw new Error("no log")
      }],
      ["interrupts who logs", ({ fiber }) => fiber.interruptUnsafe()]
    ] satisfies ReadonlyArray<[string, (options: Logger.Options<unknown>) => void]>
  ) {
    it.effect(`counts each failure once although the logger ${what}`, () =>
      Effect.gen(function*() {
        const seen: Array<number> = []
        yield* living(EventSubscriber.layer({
          "workflow.steps_execution_started": ({ payload: { stepCount } }) =>
            stepCount === 1 ? Effect.fail("failed") : Effect.flatMap(Effect.void, noEffect),
          "workflow.*": ({ sequence }) => Effect.sync(() => seen.push(sequence))
        }, { name: "broken" }))
        for (const kind of [1, 2]) {
          yield* batch(kind)
          yield* recorder.quiet
          yield* TestClock.adjust("1 minute")
        }
        assert.deepStrictEqual(seen, [1, 2])
        assert.deepStrictEqual(yield* TestTelemetry.selfCounts, ["tasker_subscriber_errors_total{broken} 2"])
      }).pipe(Effect.provide([layer, Logger.layer([Logger.make(log)])])))
  }

  it.effect("leaves what a handler forked running beyond the handler, until it closes", () =>
    Effect.gen(function*() {
      const ended: Array<string> = []
      const scope = yield* living(EventSubscriber.layer({
        "workflow.*": () =>
          Effect.forkChild(
            Effect.onInterrupt(
              Effect.andThen(Effect.sleep("2 seconds"), Effect.sync(() => ended.push("done"))),
              () => Effect.sync(() => ended.push("interrupted"))
            )
          )
      }))
      yield* batch(1)
      yield* recorder.advance("1 second")
      yield* batch(2)
      yield* recorder.advance("1 second")
      assert.deepStrictEqual(ended, ["done"])
      yield* Scope.close(scope, Exit.void)
      assert.deepStrictEqual(ended, ["done", "interrupted"])
    }).pipe(Effect.provide(layer)))

  it.effect("drops and counts what a full queue cannot hold, and never waits", () =>
    Effect.gen(function*() {
      const gate = yield* Deferred.make<void>()
      const seen: Array<number> = []
      yield* living(EventSubscriber.layer({
        "workflow.*": ({ sequence }) => Effect.andThen(Deferred.await(gate), Effect.sync(() => seen.push(sequence)))
      }, { name: "slow", capacity: 3 }))
      yield* recorder.quiet
      yield* batch(1)
      yield* recorder.quiet
      yield* Effect.forEach([2, 3, 4, 5, 6], batch)
      yield* Deferred.succeed(gate, undefined)
      yield* recorder.quiet
      assert.deepStrictEqual(seen, [1, 2, 3, 4])
      assert.deepStrictEqual(yield* TestTelemetry.selfCounts, ["tasker_subscriber_dropped_total{slow,full} 2"])
    }).pipe(Effect.provide(layer)))

  it("refuses a drainTimeout that is no duration", () => {
    assert.throws(
      () => EventSubscriber.layer({}, { name: "odd", drainTimeout: "5 sec" as never }),
      "expected a duration such as \"5 seconds\" at drainTimeout of subscriber \"odd\", got \"5 sec\""
    )
  })

  it.effect.each([0, -1, 1.5, Number.NaN, Infinity, "7"])(
    "refuses a capacity of %s",
    (capacity) =>
      Effect.gen(function*() {
        const refused = yield* Effect.exit(
          living(EventSubscriber.layer({ "*": () => Effect.void }, { name: "odd", capacity: capacity as number }))
        )
        assert.deepStrictEqual(
          refused,
          Exit.die(
            new RangeError(
              `subscriber "odd": expected a whole number of at least 1 at capacity, got ${
                typeof capacity === "string" ? `"${capacity}"` : capacity
              }`
            )
          )
        )
      }).pipe(Effect.provide(layer))
  )

  it.effect("handles what waits when it is closed, and nothing that comes later", () =>
    Effect.gen(function*() {
      const seen: Array<number> = []
      const scope = yield* living(EventSubscriber.layer({
        "workflow.*": ({ sequence }) => Effect.delay(Effect.sync(() => seen.push(sequence)), "1 second")
      }, { name: "slow" }))
      yield* Effect.forEach([1, 2, 3], batch)
      const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void))
      yield* recorder.quiet
      yield* batch(4)
      yield* recorder.advance("3 seconds")
      yield* Fiber.join(closing)
      yield* batch(5)
      assert.deepStrictEqual(seen, [1, 2, 3])
      assert.deepStrictEqual(yield* TestTelemetry.selfCounts, ["tasker_subscriber_dropped_total{slow,closed} 1"])
    }).pipe(Effect.provide(layer)))

  it.effect("gives up draining at its limit, and counts what is left", () =>
    Effect.gen(function*() {
      const seen: Array<number> = []
      const scope = yield* living(EventSubscriber.layer({
        "workflow.*": ({ sequence }) => Effect.delay(Effect.sync(() => seen.push(sequence)), "2 seconds")
      }, { name: "slow", drainTimeout: "3 seconds" }))
      yield* Effect.forEach([1, 2, 3, 4], batch)
      const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void))
      yield* recorder.advance("3 seconds")
      yield* Fiber.join(closing)
      assert.deepStrictEqual(seen, [1])
      assert.deepStrictEqual(yield* TestTelemetry.selfCounts, [
        "tasker_subscriber_dropped_total{slow,closed} 2",
        "tasker_subscriber_errors_total{slow} 1"
      ])
    }).pipe(Effect.provide(layer)))

  it.effect("closes although a handler can be neither finished nor interrupted", () =>
    Effect.gen(function*() {
      const scope = yield* living(EventSubscriber.layer({
        "workflow.*": () => Effect.uninterruptible(Effect.never)
      }, { name: "stuck", drainTimeout: "3 seconds" }))
      yield* Effect.forEach([1, 2], batch)
      const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void))
      yield* recorder.advance("3 seconds")
      yield* recorder.advance("3 seconds")
      yield* Fiber.join(closing)
      assert.deepStrictEqual(yield* TestTelemetry.selfCounts, ["tasker_subscriber_dropped_total{stuck,closed} 1"])
    }).pipe(Effect.provide(layer)))
})
