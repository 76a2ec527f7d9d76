import { assert, describe, it } from "@effect/vitest"
import { Context, Deferred, Effect, Exit, Fiber, Layer, Schema } from "effect"
import { Step, Task, TaskRunner } from "tasker-telemetry"
import { Expect, TelemetryTest } from "tasker-telemetry/testing"
import * as recorder from "../support/recorder.ts"

const Order = Schema.Struct({ total: Schema.Finite })

const fetch = Step.make("fetch", { input: Order, run: ({ input }) => Effect.succeed(input.total) })
const discount = Step.make("discount", {
  input: Order,
  dependsOn: [fetch],
  skipWhen: ({ input, results }) => input.total < 100 && results.fetch < 100,
  whenSkipped: ({ results }) => `none on ${results.fetch}`,
  run: ({ results }) => Effect.succeed(results.fetch / 10)
})
const charge = Step.make("charge", { dependsOn: [discount], run: ({ results }) => Effect.succeed(results.discount) })
const Shop = Task.make("shop", { input: Order, steps: [fetch, discount, charge] })

const ofSteps = <const Steps extends ReadonlyArray<Step.Step<string, unknown, unknown, unknown, void>>>(steps: Steps) =>
  Task.make("t", { input: Schema.Void, steps })

class Flags extends Context.Service<Flags, { readonly isOff: Effect.Effect<boolean, "flags"> }>()("test/Flags") {}

describe("Step.make({ skipWhen })", () => {
  it.effect("completes a step without an attempt and gives its dependants the substitute", () =>
    Effect.gen(function*() {
      const { results, steps } = yield* TaskRunner.run(Shop, { total: 20 })
      assert.deepStrictEqual(results, { fetch: 20, discount: "none on 20", charge: "none on 20" })
      const { attempts, endedAt, error, startedAt, state, workSeconds } = steps[1]!
      assert.deepStrictEqual(
        { attempts, endedAt, error, startedAt, state, workSeconds },
        { attempts: 0, endedAt: 0, error: undefined, startedAt: undefined, state: "complete", workSeconds: 0 }
      )
      assert.deepStrictEqual((yield* recorder.transitions).filter((line) => line.includes("discount")), [
        "step.initialize_requested discount ∅→pending",
        "observability.step.skip discount pending→complete"
      ])
      const [ended] = yield* recorder.named("task.completed")
      assert.strictEqual(ended?.payload.completedSteps, 3)
    }).pipe(Effect.provide(recorder.layer())))

  it.effect("runs the step where it says no", () =>
    Effect.gen(function*() {
      const { results } = yield* TaskRunner.run(Shop, { total: 200 })
      assert.deepStrictEqual(results, { fetch: 200, discount: 20, charge: 20 })
      assert.lengthOf(yield* recorder.named("observability.step.skip"), 0)
    }).pipe(Effect.provide(recorder.layer())))

  it.effect("opens no step span, measures no attempt, and counts the skip", () =>
    Effect.gen(function*() {
      const { metric, spans } = yield* TelemetryTest
      yield* TaskRunner.run(Shop, { total: 20 })
      const of = { task: "shop", step: "discount" }
      assert.strictEqual(yield* metric("tasker_steps_skipped_total", of), 1)
      assert.isUndefined(yield* metric("tasker_steps_total", { ...of, status: "complete" }))
      assert.isUndefined(yield* metric("tasker_steps_active", of))
      const all = yield* spans
      const steps = all.filter(({ name }) => name === "tasker.step.execution")
      assert.lengthOf(steps, 2, Expect.format(all))
    }).pipe(Effect.provide(TelemetryTest.layer())))

  it.effect("may ask a service, once per step and before the first attempt", () => {
    let asked = 0
    const step = Step.make("flagged", {
      retry: { maximumAttempts: 3 },
      skipWhen: () => Flags.use((flags) => flags.isOff),
      run: ({ attempt }) => attempt < 3 ? Effect.fail("again") : Effect.succeed(attempt)
    })
    const flags = Layer.succeed(Flags, {
      isOff: Effect.sync(() => {
        asked++
        return false
      })
    })
    return Effect.gen(function*() {
      const fiber = yield* Effect.forkChild(Effect.provide(TaskRunner.run(ofSteps([step]), undefined), flags))
      yield* recorder.advance("1 minute")
      assert.strictEqual((yield* Fiber.join(fiber)).results.flagged, 3)
      assert.strictEqual(asked, 1)
    }).pipe(Effect.provide(recorder.layer()))
  })

  it.effect("fails the attempt when asking fails, and asks again at the next", () => {
    let asked = 0
    const step = Step.make("flagged", {
      skipWhen: () => Effect.suspend(() => ++asked === 1 ? Effect.fail("unreachable") : Effect.succeed(true)),
      whenSkipped: () => "skipped",
      run: () => Effect.succeed("run")
    })
    return Effect.gen(function*() {
      const fiber = yield* Effect.forkChild(TaskRunner.run(ofSteps([step]), undefined))
      yield* recorder.advance("1 minute")
      const { results, steps } = yield* Fiber.join(fiber)
      assert.strictEqual(results.flagged, "skipped")
      assert.deepStrictEqual([steps[0]?.state, steps[0]?.error], ["complete", undefined])
      assert.deepStrictEqual((yield* recorder.transitions).filter((line) => line.includes("flagged")), [
        "step.initialize_requested flagged ∅→pending",
        "step.execution_requested flagged pending→in_progress",
        "step.failed flagged in_progress→error",
        "step.retry_requested flagged error→pending",
        "observability.step.skip flagged pending→complete"
      ])
    }).pipe(Effect.provide(recorder.layer()))
  })

  for (
    const [what, options] of [
      ["the question", {
        skipWhen: (): boolean => {
          throw new Error("boom")
        }
      }],
      ["the substitute", {
        skipWhen: () => true,
        whenSkipped: (): void => {
          throw new Error("boom")
        }
      }]
    ] as const
  ) {
    it.effect(`takes what ${what} throws for a defect of the attempt`, () =>
      Effect.gen(function*() {
        const step = Step.make("odd", { ...options, run: () => Effect.void })
        assert.deepStrictEqual(
          yield* Effect.exit(TaskRunner.run(ofSteps([step]), undefined)),
          Exit.die(new Error("boom"))
        )
        const [failed] = yield* recorder.named("step.failed")
        assert.deepStrictEqual([failed?.payload.attempt, failed?.payload.final], [1, true])
      }).pipe(Effect.provide(recorder.layer())))
  }

  it.effect("limits the question as it limits an attempt", () =>
    Effect.gen(function*() {
      const step = Step.make("slow", {
        timeout: "5 seconds",
        retry: { maximumAttempts: 1 },
        skipWhen: () => Effect.never,
        run: () => Effect.void
      })
      const fiber = yield* Effect.forkChild(Effect.exit(TaskRunner.run(ofSteps([step]), undefined)))
      yield* recorder.advance("1 minute")
      assert.isTrue(Exit.isFailure(yield* Fiber.join(fiber)))
      const [failed] = yield* recorder.named("step.failed")
      assert.strictEqual(failed?.payload.errorType, "StepTimedOut")
    }).pipe(Effect.provide(recorder.layer())))

  it.effect("cancels a step that is being asked, without an attempt", () =>
    Effect.gen(function*() {
      const step = Step.make("asked", { skipWhen: () => Effect.never, run: () => Effect.void })
      const { taskId } = yield* TaskRunner.start(ofSteps([step]), undefined)
      yield* recorder.advance("1 second")
      yield* TaskRunner.cancel(taskId)
      assert.deepStrictEqual((yield* recorder.transitions).slice(-2), [
        "step.cancelled asked pending→cancelled",
        "task.cancelled in_progress→cancelled"
      ])
    }).pipe(Effect.provide(recorder.layer())))

  it.effect("leaves a step alone that is resolved by hand while it is being asked", () =>
    Effect.gen(function*() {
      const gate = yield* Deferred.make<boolean>()
      const asked = Step.make("asked", {
        skipWhen: () => Deferred.await(gate),
        whenSkipped: () => "skipped",
        run: () => Effect.succeed("run")
      })
      const after = Step.make("after", { dependsOn: [asked], run: ({ results }) => Effect.succeed(results.asked) })
      const { fiber, taskId } = yield* TaskRunner.start(ofSteps([asked, after]), undefined)
      yield* recorder.quiet
      yield* TaskRunner.resolveStep(taskId, asked, "by hand")
      yield* Deferred.succeed(gate, true)
      yield* recorder.advance("1 second")
      assert.deepStrictEqual((yield* Fiber.join(fiber)).results, { asked: "by hand", after: "by hand" })
      assert.lengthOf(yield* recorder.named("observability.step.skip"), 0)
    }).pipe(Effect.provide(recorder.layer())))
})
