/**
 * D8: the original's trace and log backends kept everything for ever, and wrote payloads unfiltered. Here what is kept
 * is bounded, and no secret of a payload is kept at all.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { Step, Task, TaskRunner } from "tasker-telemetry"
import { TelemetryTest } from "tasker-telemetry/testing"
import * as LogDestination from "../../src/logging/LogDestination.ts"

const input = Schema.Struct({ card: Schema.String })
const charge = Step.make("charge", {
  input,
  retry: { maximumAttempts: 1 },
  // @effect-diagnostics-next-line globalErrorInEffectFailure:off -- programs fail so
  run: ({ input }) => Effect.fail(new Error(`declined: token=hunter2 for ${input.card} ${"x".repeat(100_000)}`))
})
const Order = Task.make("order", { input, steps: [charge] })

describe("What is kept of a failure", () => {
  it.effect("has no secret in it and is bounded", () =>
    Effect.gen(function*() {
      yield* Effect.exit(TaskRunner.run(Order, { card: "4111111111111111" }))
      const { logs, spans } = yield* TelemetryTest
      const kept = [
        ...(yield* logs).map((line) => JSON.stringify(line)),
        ...(yield* spans).map(({ attributes, events, statusMessage }) =>
          JSON.stringify([...attributes, events.map(({ attributes }) => attributes), statusMessage])
        )
      ]
      assert.isTrue(kept.some((text) => text.includes("declined: token=[FILTERED] for [FILTERED]")))
      for (const text of kept) {
        assert.notInclude(text, "hunter2")
        assert.notInclude(text, "4111111111111111")
        assert.isAtMost(text.length, 70_000)
      }
    }).pipe(Effect.provide(TelemetryTest.layer())))

  it.effect("is the last of 250 000 lines only", () =>
    Effect.gen(function*() {
      const { write } = yield* LogDestination.LogDestination
      for (let number = 0; number < 250_000; number++) write("line", "Info", 0)
      assert.lengthOf(yield* (yield* LogDestination.LogMemory).lines, 100_000)
    }).pipe(Effect.provide(LogDestination.layerMemory)))
})
