/**
 * D32: the original turned every attribute into text, and put what it knew about the end of a task or step on an event
 * of the span alone. Here attributes keep their types as far as the receiver, and the span itself says how it ended.
 */
import { assert, describe, it } from "@effect/vitest"
import { Data, Effect, Fiber, Schema } from "effect"
import { TestClock } from "effect/testing"
import { Step, Task, TaskRunner } from "tasker-telemetry"
import { TelemetryTest } from "tasker-telemetry/testing"
import type * as Otlp from "../../src/delivery/Otlp.ts"
import * as OtlpSpans from "../../src/tracing/internal/OtlpSpans.ts"
import * as otlpDecoder from "../support/otlpDecoder.ts"

/** A receiver sees whole numbers as 64-bit integers. */
const seen = {
  text: "7",
  whole: 7n,
  fraction: 0.5,
  flag: true,
  large: 2n ** 53n + 1n,
  texts: ["a", "b"],
  numbers: [1n, 2.5]
}
const given = {
  ...seen,
  whole: 7,
  numbers: [1, 2.5]
}

class Declined extends Data.TaggedError("Declined")<{}> {}

const annotated = Step.make("annotated", {
  run: () => Effect.andThen(Effect.annotateCurrentSpan(given), Effect.sleep("1500 millis"))
})
const refused = Step.make("refused", {
  retry: { maximumAttempts: 1 },
  run: () => Effect.delay(Effect.fail(new Declined()), "2500 millis")
})
const Order = Task.make("order", { input: Schema.Struct({}), steps: [annotated, refused] })

/** What a receiver reads on the spans of a run, by span and step. */
const received = Effect.fnUntraced(function*(protocol: Otlp.Protocol) {
  const fiber = yield* Effect.forkChild(Effect.exit(TaskRunner.run(Order, {})))
  yield* TestClock.adjust("10 seconds")
  yield* Fiber.join(fiber)
  const { spans } = yield* TelemetryTest
  const body = OtlpSpans.encoder(protocol, { name: "shop", version: undefined, attributes: {} })(yield* spans)
  const decoded = otlpDecoder.decode(protocol === "http/json" ? new TextDecoder().decode(body) : body)
  return new Map(decoded.spans.map(({ attributes, name }) => {
    const values = otlpDecoder.values(attributes)
    return [`${name} ${(values["tasker.step.name"] ?? "") as string}`.trim(), values]
  }))
})

const endings = (values: Readonly<Record<string, unknown>> | undefined, ...names: ReadonlyArray<string>) =>
  names.map((name) => values?.[name])

describe.each<Otlp.Protocol>(["http/json", "http/protobuf"])("attributes in %s", (protocol) => {
  it.effect("keep their types", () =>
    Effect.gen(function*() {
      const step = (yield* received(protocol)).get("tasker.step.execution annotated")
      assert.deepStrictEqual(endings(step, ...Object.keys(seen)), Object.values(seen))
      assert.strictEqual(step?.["tasker.step.attempt"], 1n)
    }).pipe(Effect.provide(TelemetryTest.layer())))

  it.effect("say on the span itself how a task and its steps ended", () =>
    Effect.gen(function*() {
      const spans = yield* received(protocol)
      const names = ["tasker.step.status", "tasker.step.work_seconds", "error.type"]
      assert.deepStrictEqual(endings(spans.get("tasker.step.execution annotated"), ...names), [
        "complete",
        1.5,
        undefined
      ])
      assert.deepStrictEqual(endings(spans.get("tasker.step.execution refused"), ...names), [
        "error",
        2.5,
        "Declined"
      ])
      assert.deepStrictEqual(endings(spans.get("tasker.task.execution"), "tasker.task.status", "error.type"), [
        "error",
        "Declined"
      ])
    }).pipe(Effect.provide(TelemetryTest.layer())))
})
