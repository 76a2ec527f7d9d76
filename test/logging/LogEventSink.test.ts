import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { TestClock } from "effect/testing"
import * as Correlation from "../../src/Correlation.ts"
import { EventBus } from "../../src/events/EventBus.ts"
import * as EventCatalog from "../../src/events/EventCatalog.ts"
import * as logs from "../support/logs.ts"

const step = { taskId: "t-1", taskName: "order", stepId: "s-1", stepName: "charge", attempt: 2 }

const publishThree = Effect.gen(function*() {
  const bus = yield* EventBus
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

  it.effect("masks payload fields with a sensitive name", () =>
    Effect.gen(function*() {
      yield* publishThree
      assert.strictEqual((yield* logs.decoded)[0]?.["exception.message"], "[FILTERED]")
    }).pipe(Effect.provide(logs.layer({ redaction: { keys: ["exception.message"] } }))))
})
