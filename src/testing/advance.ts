/**
 * Time in specs.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as TestClock from "effect/testing/TestClock"
import type { DurationSuchAs } from "../internal/typeMessages.ts"

/** Turns that every fiber gets; a run takes a few for each of its steps. */
const turns = 200

/** Lets every fiber run as far as it can without time passing. */
const settle = Effect.repeat(Effect.yieldNow, { times: turns })

/**
 * Moves the test clock on, after everything that happens now and before
 * everything that happens then has been done.
 *
 * **When to use**
 *
 * Use in a spec instead of `TestClock.adjust`, which moves the clock at once: a
 * run that has not reached its first sleep, such as a back-off or a time-out, then
 * starts to sleep after the adjustment and waits forever.
 *
 * **Example** (A step that is tried again after five seconds)
 *
 * ```ts
 * import { assert, it } from "@effect/vitest"
 * import * as Effect from "effect/Effect"
 * import * as Fiber from "effect/Fiber"
 * import * as Schema from "effect/Schema"
 * import { Step, Task, TaskRunner } from "tasker-telemetry"
 * import { advance, TelemetryTest } from "tasker-telemetry/testing"
 *
 * const charge = Step.make("charge", {
 *   retry: { maximumAttempts: 2, delays: ["5 seconds"], jitter: 0 },
 *   run: ({ attempt }) => attempt === 1 ? Effect.fail("declined") : Effect.succeed("paid")
 * })
 * const Order = Task.make("order", { input: Schema.Struct({}), steps: [charge] })
 *
 * it.effect("charges again after five seconds", () =>
 *   Effect.gen(function*() {
 *     const run = yield* Effect.forkChild(TaskRunner.run(Order, {}))
 *     yield* advance("5 seconds")
 *     assert.strictEqual((yield* Fiber.join(run)).results.charge, "paid")
 *   }).pipe(Effect.provide(TelemetryTest.layer())))
 * ```
 *
 * @param duration how far, as in `"5 seconds"`; a number is milliseconds
 * @category utilities
 * @since 0.1.0
 */
export const advance = (duration: DurationSuchAs<"5 seconds">): Effect.Effect<void> =>
  settle.pipe(Effect.andThen(TestClock.adjust(duration)), Effect.andThen(settle))
