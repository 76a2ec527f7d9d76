import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, type Fiber, Schema } from "effect"
import { Step, Task, TaskRunner } from "tasker-telemetry"
import { advance, TelemetryTest } from "tasker-telemetry/testing"

const input = Schema.Struct({})
const retry = { maximumAttempts: 3, delays: ["5 seconds", "10 seconds"], jitter: 0 } as const

/** How a run has ended by now; `undefined` while it goes on. */
const poll = (fiber: Fiber.Fiber<unknown, unknown>) => fiber.pollUnsafe()?._tag

/** A step of no input that needs nothing. */
type Plain = Step.Step<string, unknown, unknown, never, any>

const run = (steps: ReadonlyArray<Plain>) => Effect.forkChild(TaskRunner.run(Task.make("timed", { input, steps }), {}))

describe("advance", () => {
  it.effect("wakes a run that had not begun to sleep", () =>
    Effect.gen(function*() {
      const fiber = yield* run([Step.make("wait", { run: () => Effect.sleep("1 hour") })])
      yield* advance("1 hour")
      assert.strictEqual(poll(fiber), "Success")
    }).pipe(Effect.provide(TelemetryTest.layer())))

  it.effect("lets a run be asleep until its time has come", () =>
    Effect.gen(function*() {
      const fiber = yield* run([Step.make("wait", { run: () => Effect.sleep("10 seconds") })])
      yield* advance("9999 millis")
      assert.isUndefined(poll(fiber))
      yield* advance(1)
      assert.strictEqual(poll(fiber), "Success")
      assert.strictEqual(yield* Clock.currentTimeMillis, 10_000)
    }).pipe(Effect.provide(TelemetryTest.layer())))

  it.effect("comes to every attempt of a step, in one move and in several", () =>
    Effect.gen(function*() {
      const flaky = Step.make("flaky", {
        retry,
        run: ({ attempt }) => attempt < 3 ? Effect.fail("no") : Effect.sleep("1 second")
      })
      const moves = [[16], [5, 10, 1], Array.from({ length: 16 }, () => 1)]
      for (const seconds of moves) {
        const fiber = yield* run([flaky])
        for (const each of seconds) yield* advance(each * 1000)
        assert.strictEqual(poll(fiber), "Success")
      }
    }).pipe(Effect.provide(TelemetryTest.layer())))

  it.effect("runs steps that wait for each other, each with a delay of its own", () =>
    Effect.gen(function*() {
      let before: ReadonlyArray<Plain> = []
      const steps = Array.from({ length: 20 }, (_, index) => {
        const step: Plain = Step.make(`step_${index}`, { dependsOn: before, run: () => Effect.sleep("1 second") })
        before = [step]
        return step
      })
      const fiber = yield* run(steps)
      yield* advance("19 seconds")
      assert.isUndefined(poll(fiber))
      yield* advance("1 second")
      assert.strictEqual(poll(fiber), "Success")
    }).pipe(Effect.provide(TelemetryTest.layer())))

  it.effect("runs into the time-out of a step and nothing before it", () =>
    Effect.gen(function*() {
      const fiber = yield* run([
        Step.make("slow", { timeout: "3 seconds", retry: { maximumAttempts: 1 }, run: () => Effect.never })
      ])
      yield* advance("2 seconds")
      assert.isUndefined(poll(fiber))
      yield* advance("1 second")
      assert.strictEqual(poll(fiber), "Failure")
    }).pipe(Effect.provide(TelemetryTest.layer())))

  it.effect("has the telemetry of the moment, without another wait", () =>
    Effect.gen(function*() {
      yield* run([Step.make("wait", { run: () => Effect.sleep("1 second") })])
      yield* advance("1 second")
      const { metric } = yield* TelemetryTest
      assert.strictEqual(yield* metric("tasker_tasks_total", { task: "timed", status: "complete" }), 1)
    }).pipe(Effect.provide(TelemetryTest.layer())))
})
