import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Schema, Tracer } from "effect"
import { TestClock } from "effect/testing"
import type * as TelemetryConfig from "../../../src/config/TelemetryConfig.ts"
import { PlanOperation } from "../../../src/Conventions.ts"
import * as EventBus from "../../../src/events/EventBus.ts"
import * as EventCatalog from "../../../src/events/EventCatalog.ts"
import * as TraceEventSink from "../../../src/tracing/internal/TraceEventSink.ts"
import * as Step from "../../../src/workflow/Step.ts"
import * as Task from "../../../src/workflow/Task.ts"
import * as TaskRunner from "../../../src/workflow/TaskRunner.ts"
import * as TaskStore from "../../../src/workflow/TaskStore.ts"
import * as spans from "../../support/spans.ts"

const layer = (options: TelemetryConfig.Options = {}) =>
  TraceEventSink.layer.pipe(Layer.provideMerge(EventBus.layer), Layer.provideMerge(spans.layer(options)))

const step = { taskId: "t-1", taskName: "order", stepId: "s-1", stepName: "charge", attempt: 2 }

const publishBoth = Effect.gen(function*() {
  const bus = yield* EventBus.EventBus
  yield* TestClock.adjust("2 seconds")
  yield* bus.publish("step.failed", {
    ...step,
    fromState: "in_progress",
    toState: "error",
    queueSeconds: 0.25,
    durationSeconds: 2,
    totalSeconds: 4,
    errorType: "Declined",
    errorMessage: "no",
    final: false,
    timedOut: undefined
  })
  yield* bus.publish("observability.step.backoff", { ...step, backoffSeconds: 1, backoffType: "exponential" })
})

const failed = {
  "tasker.event": "step.failed",
  "tasker.event.queue_seconds": 0.25,
  "tasker.event.duration_seconds": 2,
  "tasker.event.total_seconds": 4,
  "tasker.event.error_type": "Declined",
  "tasker.event.error_message": "no",
  "tasker.event.final": false,
  "tasker.state.from": "in_progress",
  "tasker.state.to": "error"
}
const backoff = {
  name: "observability.step.backoff",
  timeNanos: 2_000_000_000n,
  attributes: {
    "tasker.event": "observability.step.backoff",
    "tasker.event.backoff_seconds": 1,
    "tasker.event.backoff_type": "exponential"
  },
  droppedAttributes: 0
}

const Emptied = EventCatalog.define("shop.cart_emptied", {
  description: "A customer emptied the cart.",
  fires: "once per click",
  payload: Schema.Struct({})
})

const own = Effect.flatMap(EventBus.EventBus, (bus) => bus.publish(Emptied, {}))

/** The transitions of the first span of a name. */
const transitionsOf = (name: string) =>
  Effect.map(spans.recorded, (all) =>
    (all.find((span) => span.name === name)?.events ?? [])
      .filter((event) => event.name === "tasker.state.transition")
      .map(({ attributes }) => attributes["tasker.state.to"]))

/** Runs steps, each of which publishes so many events of its own and then ends. */
const busySteps = (count: number, publishes: number, end: Effect.Effect<unknown, string>) =>
  TaskRunner.run(
    Task.make("busy", {
      input: Schema.Void,
      steps: Array.from({ length: count }, (_, index) =>
        Step.make(`s${index}`, {
          retry: { maximumAttempts: 1 },
          run: () => Effect.andThen(Effect.replicateEffect(own, publishes, { discard: true }), end)
        }))
    }),
    undefined
  ).pipe(Effect.exit)

const layerRunner = TaskRunner.layer.pipe(Layer.provide(TaskStore.layerMemory), Layer.provideMerge(layer()))

describe("TraceEventSink", () => {
  for (
    const [end, effect, state] of [
      ["success", Effect.void, "complete"],
      ["failure", Effect.fail("no"), "error"],
      ["defect", Effect.die("no"), "error"],
      ["interruption", Effect.interrupt, "cancelled"]
    ] as const
  ) {
    it.effect(`keeps every transition of a step that publishes more than its span holds and ends by ${end}`, () =>
      Effect.gen(function*() {
        yield* busySteps(1, 300, effect)
        assert.deepStrictEqual(yield* transitionsOf("tasker.step.execution"), ["in_progress", state])
        const span = (yield* spans.recorded).find(({ name }) => name === "tasker.step.execution")
        assert.lengthOf(span?.events ?? [], 128)
        const times = (span?.events ?? []).map(({ timeNanos }) => timeNanos)
        assert.deepStrictEqual(times, times.toSorted((left, right) => Number(left - right)))
      }).pipe(Effect.provide(layerRunner)))
  }

  it.effect("keeps the start and the end of a task with more steps than its span holds events", () =>
    Effect.gen(function*() {
      yield* busySteps(300, 0, Effect.void)
      const kept = (yield* transitionsOf("tasker.task.execution")).filter((state) => state !== "pending")
      assert.deepStrictEqual(kept, ["in_progress", "complete"])
    }).pipe(Effect.provide(layerRunner)))

  it.effect("makes a transition an event of the current span", () =>
    Effect.gen(function*() {
      yield* Effect.withSpan(publishBoth, "work")
      assert.deepStrictEqual((yield* spans.spanNamed("work")).events, [
        { name: "tasker.state.transition", timeNanos: 2_000_000_000n, attributes: failed, droppedAttributes: 0 },
        backoff
      ])
      assert.lengthOf(yield* spans.recorded, 1)
    }).pipe(Effect.provide(layer())))

  it.effect("also makes a span of an event that Tasker's plan looks for, if configured", () =>
    Effect.gen(function*() {
      const names = Object.keys(PlanOperation) as ReadonlyArray<keyof typeof PlanOperation>
      const publish = Effect.forEach(names, (name) => {
        const definition: EventCatalog.Any = EventCatalog.catalog[name]
        return Effect.flatMap(
          Effect.orDie(EventCatalog.example(definition)),
          (payload) => EventBus.publish(name, payload as never)
        )
      })
      yield* Effect.withSpan(publish, "work")
      const work = yield* spans.spanNamed("work")
      assert.strictEqual(work.events.length, 3)
      for (const [event, operation] of Object.entries(PlanOperation)) {
        const span = yield* spans.spanNamed(operation)
        assert.deepStrictEqual(
          [
            span.traceId,
            span.parentSpanId,
            span.attributes.get("tasker.event"),
            span.endTimeNanos - span.startTimeNanos
          ],
          [work.traceId, work.spanId, event, 0n]
        )
      }
    }).pipe(Effect.provide(layer({ tracing: { planOperations: true } }))))

  it.effect("makes a transition a span of its own if configured, and leaves other events events", () =>
    Effect.gen(function*() {
      yield* Effect.withSpan(publishBoth, "work")
      const work = yield* spans.spanNamed("work")
      assert.deepStrictEqual(work.events, [backoff])
      const transition = yield* spans.spanNamed("tasker.state.transition")
      assert.deepStrictEqual(
        [
          transition.traceId,
          transition.parentSpanId,
          transition.statusCode,
          transition.startTimeNanos,
          transition.endTimeNanos
        ],
        [work.traceId, work.spanId, "unset", 2_000_000_000n, 2_000_000_000n]
      )
      assert.deepStrictEqual(spans.attributesOf(transition), failed)
    }).pipe(Effect.provide(layer({ tracing: { stateTransitions: "span" } }))))

  it.effect("marks a payload field that cannot be read, and keeps each of several with one name in snake case", () =>
    Effect.gen(function*() {
      const publishing = EventBus.publish(Emptied, {
        fooBar: 1,
        get bad(): number {
          throw new Error("hostile")
        },
        foo_bar: 2,
        pinCode: 3,
        PinCode: 4
      })
      yield* Effect.withSpan(publishing, "work")
      assert.deepStrictEqual((yield* spans.spanNamed("work")).events, [{
        name: "shop.cart_emptied",
        timeNanos: 0n,
        droppedAttributes: 0,
        attributes: {
          "tasker.event": "shop.cart_emptied",
          "tasker.event.foo_bar_2": 1,
          "tasker.event.bad": "[unreadable]",
          "tasker.event.foo_bar": 2,
          "tasker.event.pin_code": "[FILTERED]",
          "tasker.event.pin_code_2": "[FILTERED]"
        }
      }])
    }).pipe(Effect.provide(layer({ redaction: { keys: ["=tasker.event.pin_code"] } }))))

  it.effect("masks at the places that the payload's own names lead to, and those that attributes have in their names", () =>
    Effect.gen(function*() {
      const publishing = EventBus.publish(Emptied, { customerCard: { number: "1", name: "n" }, buyer: { iban: "2" } })
      yield* Effect.withSpan(publishing, "work", { attributes: { "order.payment.iban": "3", "order.id": 4 } })
      const work = yield* spans.spanNamed("work")
      assert.deepStrictEqual(work.events[0]?.attributes, {
        "tasker.event": "shop.cart_emptied",
        "tasker.event.customer_card": { number: "[FILTERED]", name: "n" },
        "tasker.event.buyer": { iban: "[FILTERED]" }
      })
      assert.deepStrictEqual(spans.attributesOf(work), { "order.payment.iban": "[FILTERED]", "order.id": 4 })
    }).pipe(Effect.provide(layer({
      redaction: { paths: ["customerCard.number", "*.iban", "order.payment.iban"] }
    }))))

  it.effect("does nothing outside of a recorded span", () =>
    Effect.gen(function*() {
      yield* publishBoth
      const unsampled = Tracer.externalSpan({ traceId: "1".repeat(32), spanId: "2".repeat(16), sampled: false })
      yield* Effect.withSpan(publishBoth, "unsampled", { parent: unsampled })
      assert.deepStrictEqual(yield* spans.recorded, [])
    }).pipe(Effect.provide(layer({ tracing: { stateTransitions: "span" } }))))
})
