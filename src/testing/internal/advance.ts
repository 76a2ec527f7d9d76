/**
 * Moves the time in tests.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as TestClock from "effect/testing/TestClock"
import type { DurationSuchAs } from "../../internal/typeMessages.ts"

/** How often every fiber gets its turn. A run takes a few turns for each step. */
const turns = 200

/** Lets every fiber run until it waits for time. */
const settle = Effect.repeat(Effect.yieldNow, { times: turns })

/**
 * Moves the test clock. Before and after, it lets every fiber run until it waits for time.
 *
 * **When to use**
 *
 * Use it in a test in place of `TestClock.adjust`, which moves the clock at once. A run that has not reached its first
 * back-off or time-out would begin to sleep after that, and wait for ever.
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
