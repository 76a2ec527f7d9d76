import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { TestClock } from "effect/testing"
import * as Correlation from "../../../src/Correlation.ts"
import * as EventBus from "../../../src/events/EventBus.ts"
import * as EventCatalog from "../../../src/events/EventCatalog.ts"
import * as logs from "../../support/logs.ts"

const step = { taskId: "t-1", taskName: "order", stepId: "s-1", stepName: "charge", attempt: 2 }

const publishThree = Effect.gen(function*() {
  const bus = yield* EventBus.EventBus
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
    timedOut: "step"
  })
  yield* bus.publish("observability.step.backoff", { ...step, backoffSeconds: 1, backoffType: "exponential" })
  yield* bus.publish("workflow.steps_execution_started", {
    taskId: "t-1",
    taskName: "order",
    namespace: "shop",
    version: "1.0.0",
    stepCount: 3
  })
})

const messages = Effect.map(logs.decoded, (lines) => lines.map(({ level, message }) => `${level} ${message}`))

const Seated = EventCatalog.define("cinema.guest_seated", {
  description: "A guest has a seat.",
  fires: "once per guest",
  payload: Schema.Struct({ event: Schema.String, taskId: Schema.String })
})

const Emptied = EventCatalog.define("shop.cart_emptied", {
  description: "A customer emptied the cart.",
  fires: "once per click",
  payload: Schema.Struct({})
})

const emptied = { level: "INFO", message: "shop cart emptied", component: "shop", event: "shop.cart_emptied" }

describe("LogEventSink", () => {
  it.effect("keeps the name of an event whose payload has fields that lines have too", () =>
    Effect.gen(function*() {
      yield* EventBus.publish(Seated, { event: "premiere", taskId: "7" })
      assert.deepStrictEqual(yield* logs.decoded, [{
        level: "INFO",
        message: "cinema guest seated",
        component: "cinema",
        event: "cinema.guest_seated",
        "fields.event": "premiere",
        "fields.task_id": "7"
      }])
    }).pipe(Effect.provide(logs.layer())))

  it.effect("says of a failure what its event says of it: fields, causes, reasons and stack", () =>
    Effect.gen(function*() {
      yield* EventBus.publish(EventCatalog.catalog["task.failed"], {
        taskId: "t-1",
        taskName: "order",
        namespace: "shop",
        version: "1.0.0",
        fromState: "in_progress",
        toState: "error",
        durationSeconds: 1,
        totalSteps: 1,
        completedSteps: 0,
        failedSteps: ["charge"],
        errorType: "Declined",
        errorMessage: "no",
        error: {
          type: "Declined",
          message: "no",
          kind: "defect",
          fields: { code: 51, cvc: "[FILTERED]" },
          causes: [{ type: "Error", message: "refused" }],
          reasons: [{ kind: "defect", type: "Declined", message: "no" }, { kind: "failure", type: "A", message: "b" }],
          stack: "Declined: no\n    at charge (charge.ts:1:1)"
        }
      })
      const [{ attempt: _, ...line } = {}] = yield* logs.decoded
      assert.deepStrictEqual(line, {
        level: "ERROR",
        message: "task failed",
        component: "workflow",
        task_id: "t-1",
        task_name: "order",
        event: "task.failed",
        namespace: "shop",
        version: "1.0.0",
        from_state: "in_progress",
        to_state: "error",
        total_steps: 1,
        completed_steps: 0,
        failed_steps: ["charge"],
        duration_ms: 1000,
        "error.type": "Declined",
        "exception.type": "Declined",
        "exception.message": "no",
        "exception.kind": "defect",
        "exception.code": 51,
        "exception.cvc": "[FILTERED]",
        "exception.causes": [{ type: "Error", message: "refused" }],
        "exception.reasons": [{ kind: "defect", type: "Declined", message: "no" }, {
          kind: "failure",
          type: "A",
          message: "b"
        }],
        "exception.stacktrace": "Declined: no\n    at charge (charge.ts:1:1)"
      })
    }).pipe(Effect.provide(logs.layer())))

  it.effect("writes an event as one line with the ids of its payload and its fields in snake case", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(1_700_000_000_000)
      yield* publishThree.pipe(
        Correlation.withCorrelationId("req-1"),
        Effect.provideService(Correlation.CurrentWorkflow, { taskId: "other", taskName: "other" })
      )
      assert.strictEqual(
        (yield* logs.lines)[0],
        "{\"timestamp\":\"2023-11-14T22:13:20.000Z\",\"level\":\"WARN\",\"severity_number\":13,\"message\":\"step failed\",\"component\":\"workflow\"," +
          "\"correlation_id\":\"req-1\",\"task_id\":\"t-1\",\"task_name\":\"order\",\"step_id\":\"s-1\"," +
          "\"step_name\":\"charge\",\"attempt\":2,\"service.name\":\"tasker\",\"event\":\"step.failed\",\"from_state\":\"in_progress\"," +
          "\"to_state\":\"error\",\"queue_seconds\":0.25,\"total_seconds\":4,\"final\":false,\"timed_out\":\"step\",\"duration_ms\":2000," +
          "\"error.type\":\"Declined\",\"exception.message\":\"no\"}"
      )
    }).pipe(Effect.provide(logs.layer())))

  for (
    const [level, expected] of [
      ["Debug", ["WARN step failed", "INFO step backs off", "DEBUG batch started"]],
      ["Info", ["WARN step failed", "INFO step backs off"]],
      ["Warn", ["WARN step failed"]],
      ["Error", []],
      ["None", []]
    ] as const
  ) {
    it.effect(`writes ${expected.length} of three events with level ${level}`, () =>
      Effect.gen(function*() {
        yield* publishThree
        assert.deepStrictEqual(yield* messages, [...expected])
      }).pipe(Effect.provide(logs.layer({ logging: { level } }))))
  }

  it.effect("marks a payload field that cannot be read and keeps the others", () =>
    Effect.gen(function*() {
      yield* EventBus.publish(Emptied, {
        items: 1,
        get bad(): number {
          throw new Error("hostile")
        },
        more: 2
      })
      assert.deepStrictEqual(yield* logs.decoded, [{ ...emptied, items: 1, bad: "[unreadable]", more: 2 }])
    }).pipe(Effect.provide(logs.layer())))

  it.effect("writes a line for any payload that a program without types may publish", () =>
    Effect.gen(function*() {
      const payloads: ReadonlyArray<unknown> = [
        null,
        undefined,
        7,
        new Proxy({}, {
          ownKeys: () => {
            throw new Error("hostile")
          }
        }),
        JSON.parse("{\"__proto__\":{\"a\":1}}")
      ]
      for (const payload of payloads) yield* EventBus.publish(Emptied, payload as never)
      yield* EventBus.publish("task.completed", {
        taskName: "order",
        durationSeconds: 1n,
        get taskId(): string {
          throw new Error("hostile")
        }
      } as never)
      assert.deepStrictEqual(yield* logs.decoded, [
        emptied,
        emptied,
        emptied,
        emptied,
        Object.fromEntries([...Object.entries(emptied), ["__proto__", { a: 1 }]]),
        {
          level: "INFO",
          message: "task completed",
          component: "workflow",
          task_id: "[unreadable]",
          task_name: "order",
          event: "task.completed",
          duration_ms: "1"
        }
      ])
    }).pipe(Effect.provide(logs.layer())))

  it.effect("writes each of several fields that have one name in snake case, the one called so under that name", () =>
    Effect.gen(function*() {
      yield* EventBus.publish(Emptied, { fooBar: 1, foo_bar: 2, FooBar: 3, items: 4, fooBaz: 5 })
      yield* EventBus.publish(Emptied, { "fields.event": 1, event: 2, Event: 3 })
      assert.deepStrictEqual(yield* logs.decoded, [
        { ...emptied, foo_bar_2: 1, foo_bar: 2, foo_bar_3: 3, items: 4, foo_baz: 5 },
        { ...emptied, "fields.event": 1, "fields.event_2": 2, "fields.event_3": 3 }
      ])
    }).pipe(Effect.provide(logs.layer())))

  it.effect("masks a field that has another's name in snake case as it masks the other", () =>
    Effect.gen(function*() {
      yield* EventBus.publish(Emptied, {
        pinCode: 1,
        pin_code: 2,
        user: { phone: "3" },
        User: { phone: "4", name: "n" }
      })
      assert.deepStrictEqual(yield* logs.decoded, [{
        ...emptied,
        pin_code_2: "[FILTERED]",
        pin_code: "[FILTERED]",
        user: { phone: "[FILTERED]" },
        user_2: { phone: "[FILTERED]", name: "n" }
      }])
    }).pipe(Effect.provide(logs.layer({ redaction: { keys: ["=pin_code"], paths: ["user.phone"] } }))))

  it.effect("masks at the places that the payload's own names lead to", () =>
    Effect.gen(function*() {
      yield* publishThree
      yield* EventBus.publish(Emptied, { customerCard: { number: "1", name: "n" }, event: { note: "2" } })
      const lines = yield* logs.decoded
      assert.strictEqual(lines[0]?.["exception.message"], "[FILTERED]")
      assert.deepStrictEqual(lines.at(-1), {
        ...emptied,
        customer_card: { number: "[FILTERED]", name: "n" },
        "fields.event": { note: "[FILTERED]" }
      })
    }).pipe(Effect.provide(logs.layer({
      redaction: { paths: ["customerCard.number", "errorMessage", "event.note"] }
    }))))

  it.effect("masks payload fields with a sensitive name", () =>
    Effect.gen(function*() {
      yield* publishThree
      assert.strictEqual((yield* logs.decoded)[0]?.["exception.message"], "[FILTERED]")
    }).pipe(Effect.provide(logs.layer({ redaction: { keys: ["exception.message"] } }))))
})
