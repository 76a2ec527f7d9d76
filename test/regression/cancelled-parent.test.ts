/**
 * D33: a cancelled step blocked its dependants for ever and the task never ended.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Schema } from "effect"
import * as Step from "../../src/workflow/Step.ts"
import * as Task from "../../src/workflow/Task.ts"
import * as TaskRunner from "../../src/workflow/TaskRunner.ts"
import * as recorder from "../support/recorder.ts"

const stopped = Step.make("stopped", { run: () => Effect.andThen(Effect.sleep("1 second"), Effect.interrupt) })
const child = Step.make("child", { dependsOn: [stopped], run: () => Effect.void })
const grandchild = Step.make("grandchild", { dependsOn: [child], run: () => Effect.void })
const other = Step.make("other", { run: () => Effect.sleep("10 seconds") })
const bad = Step.make("bad", { retry: { maximumAttempts: 1 }, run: () => Effect.fail("no") })

const states = Effect.fnUntraced(function*(steps: ReadonlyArray<Step.Step<string, unknown, unknown, never, void>>) {
  const { fiber, taskId } = yield* TaskRunner.start(Task.make("t", { input: Schema.Void, steps }), undefined)
  yield* recorder.advance("1 minute")
  const snapshot = yield* TaskRunner.inspect(taskId)
  return {
    exit: yield* Fiber.await(fiber),
    states: [snapshot.state, ...snapshot.steps.map((step) => `${step.name} ${step.state}`)]
  }
})

describe("D33 cancelled parent", () => {
  it.effect("cancels what waits for a step that interrupts itself, and nothing else", () =>
    Effect.gen(function*() {
      const outcome = yield* states([stopped, child, grandchild, other])
      assert.deepStrictEqual(outcome.states, [
        "cancelled",
        "stopped cancelled",
        "child cancelled",
        "grandchild cancelled",
        "other complete"
      ])
      assert.isTrue(Exit.hasInterrupts(outcome.exit))
      assert.deepStrictEqual(yield* recorder.secondsOf("step.cancelled"), ["stopped@1", "child@1", "grandchild@1"])
      const [ended] = yield* recorder.named("task.cancelled")
      assert.deepStrictEqual([ended?.payload.reason, ended?.payload.durationSeconds], ["interrupted", 10])
    }).pipe(Effect.provide(recorder.layer())))

  it.effect("ends the task in error if another step failed", () =>
    Effect.gen(function*() {
      const outcome = yield* states([stopped, child, bad])
      assert.deepStrictEqual(outcome.exit, Exit.fail("no"))
      assert.deepStrictEqual(outcome.states, ["error", "stopped cancelled", "child cancelled", "bad error"])
    }).pipe(Effect.provide(recorder.layer())))
})
