import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Schema } from "effect"
import * as Step from "../../src/workflow/Step.ts"
import * as Task from "../../src/workflow/Task.ts"
import * as TaskRunner from "../../src/workflow/TaskRunner.ts"
import * as recorder from "../support/recorder.ts"

const slow = Step.make("slow", { run: () => Effect.as(Effect.sleep("10 seconds"), "slow") })
const fail = (name: string): Effect.Effect<string, string> => Effect.fail(name)
const bad = Step.make("bad", { retry: { maximumAttempts: 1 }, run: () => fail("bad") })
const worse = Step.make("worse", { retry: { maximumAttempts: 1 }, run: () => fail("worse") })
const flaky = Step.make("flaky", { run: () => fail("flaky") })
const afterFlaky = Step.make("after_flaky", {
  dependsOn: [flaky],
  run: ({ results }) => Effect.succeed(`${results.flaky}!`)
})

const states = (taskId: string) =>
  Effect.map(TaskRunner.inspect(taskId), ({ state, steps }) => [
    state,
    ...steps.map((step) => `${step.name} ${step.state}`)
  ])

describe("TaskRunner.resolveStep", () => {
  it.effect("gives the dependants of a step that backs off the given result, at once", () =>
    Effect.gen(function*() {
      const task = Task.make("t", { input: Schema.Void, steps: [flaky, afterFlaky] })
      const { fiber, taskId } = yield* TaskRunner.start(task, undefined)
      yield* recorder.advance("500 millis")
      const snapshot = yield* TaskRunner.resolveStep(taskId, flaky, "by hand")
      assert.deepStrictEqual(snapshot.steps.map((step) => [step.state, step.error, step.nextAttemptAt]), [
        ["resolved_manually", undefined, undefined],
        ["pending", undefined, undefined]
      ])
      const result = yield* Fiber.join(fiber)
      assert.deepStrictEqual(result.results, { flaky: "by hand", after_flaky: "by hand!" })
      assert.strictEqual(result.durationSeconds, 0.5)
      assert.deepStrictEqual(yield* states(taskId), ["complete", "flaky resolved_manually", "after_flaky complete"])
    }).pipe(Effect.provide(recorder.layer())))

  it.effect("ends the run without waiting for a back-off that nobody needs any more", () =>
    Effect.gen(function*() {
      const task = Task.make("t", { input: Schema.Void, steps: [flaky] })
      const { fiber, taskId } = yield* TaskRunner.start(task, undefined)
      yield* recorder.advance("500 millis")
      yield* TaskRunner.resolveStep(taskId, flaky, "by hand")
      assert.strictEqual((yield* Fiber.join(fiber)).durationSeconds, 0.5)
    }).pipe(Effect.provide(recorder.layer())))

  it.effect("passes over a step that waits for its turn", () =>
    Effect.gen(function*() {
      const queued = Step.make("queued", { run: () => Effect.die("must not run") })
      const after = Step.make("after", { dependsOn: [queued], run: ({ results }) => Effect.succeed(results.queued) })
      const task = Task.make("t", { input: Schema.Void, steps: [slow, queued, after] })
      const { fiber, taskId } = yield* TaskRunner.start(task, undefined)
      yield* recorder.advance("1 second")
      yield* TaskRunner.resolveStep(taskId, queued, "by hand" as never)
      yield* recorder.advance("9 seconds")
      const { results } = yield* Fiber.join(fiber)
      assert.deepStrictEqual(results, { slow: "slow", queued: "by hand", after: "by hand" })
    }).pipe(Effect.provide(recorder.layer({ execution: { concurrency: 1 } }))))

  it.effect("passes over a step whose dependencies are not complete", () =>
    Effect.gen(function*() {
      const blocked = Step.make("blocked", { dependsOn: [slow], run: () => Effect.die("must not run") })
      const after = Step.make("after", { dependsOn: [blocked], run: () => Effect.sleep("1 second") })
      const task = Task.make("t", { input: Schema.Void, steps: [slow, blocked, after] })
      const { fiber, taskId } = yield* TaskRunner.start(task, undefined)
      yield* recorder.advance("1 second")
      yield* TaskRunner.resolveStep(taskId, blocked, undefined as never)
      yield* recorder.advance("20 seconds")
      yield* Fiber.join(fiber)
      assert.deepStrictEqual(yield* recorder.secondsOf("step.completed"), ["after@2", "slow@10"])
    }).pipe(Effect.provide(recorder.layer())))

  it.effect("goes on after a step that failed for good while another branch still runs", () =>
    Effect.gen(function*() {
      const afterBad = Step.make("after_bad", {
        dependsOn: [bad],
        run: ({ results }) => Effect.succeed(`${results.bad}!`)
      })
      const task = Task.make("t", { input: Schema.Void, steps: [bad, afterBad, slow] })
      const { fiber, taskId } = yield* TaskRunner.start(task, undefined)
      yield* recorder.advance("1 second")
      yield* TaskRunner.resolveStep(taskId, bad, "by hand")
      yield* recorder.advance("9 seconds")
      assert.deepStrictEqual((yield* Fiber.join(fiber)).results, {
        bad: "by hand",
        after_bad: "by hand!",
        slow: "slow"
      })
    }).pipe(Effect.provide(recorder.layer())))

  it.effect("resolves a task that ended in error with its last unsettled step", () =>
    Effect.gen(function*() {
      const after = Step.make("after", { dependsOn: [bad], run: () => Effect.void })
      const task = Task.make("t", { input: Schema.Void, steps: [bad, worse, after] })
      const { fiber, taskId } = yield* TaskRunner.start(task, undefined)
      assert.isTrue(Exit.isFailure(yield* Fiber.await(fiber)))
      assert.strictEqual((yield* TaskRunner.resolveStep(taskId, bad, "1")).state, "error")
      assert.strictEqual((yield* TaskRunner.resolveStep(taskId, after, undefined)).state, "error")
      assert.strictEqual((yield* TaskRunner.resolveStep(taskId, worse, "2")).state, "resolved_manually")
      assert.deepStrictEqual((yield* recorder.transitions).slice(-4), [
        "step.resolved_manually bad error→resolved_manually",
        "step.resolved_manually after pending→resolved_manually",
        "step.resolved_manually worse error→resolved_manually",
        "task.resolved_manually error→resolved_manually"
      ])
      const { correlationId } = yield* TaskRunner.inspect(taskId)
      const resolved = yield* recorder.named("task.resolved_manually")
      assert.deepStrictEqual(resolved.map((event) => event.correlationId), [correlationId])
    }).pipe(Effect.provide(recorder.layer())))

  it.effect("refuses a step whose state does not allow it and changes nothing", () =>
    Effect.gen(function*() {
      const done = Step.make("done", { run: () => Effect.void })
      const task = Task.make("t", { input: Schema.Void, steps: [done, slow] })
      const { fiber, taskId } = yield* TaskRunner.start(task, undefined)
      yield* recorder.advance("1 second")
      const before = (yield* recorder.lines).length
      const running = yield* Effect.flip(TaskRunner.resolveStep(taskId, slow, "by hand"))
      const complete = yield* Effect.flip(TaskRunner.resolveStep(taskId, done, undefined))
      assert.deepStrictEqual([running.message, complete.message], [
        "step in state \"in_progress\" cannot take \"resolved_manually\"",
        "step in state \"complete\" cannot take \"resolved_manually\""
      ])
      assert.lengthOf(yield* recorder.lines, before)
      yield* recorder.advance("9 seconds")
      assert.strictEqual((yield* Fiber.join(fiber)).results.slow, "slow")
    }).pipe(Effect.provide(recorder.layer())))

  it.effect("refuses a step that the task does not have, running or ended", () =>
    Effect.gen(function*() {
      const task = Task.make("t", { input: Schema.Void, steps: [slow] })
      const { taskId } = yield* TaskRunner.start(task, undefined)
      yield* recorder.quiet
      const running = yield* Effect.flip(TaskRunner.resolveStep(taskId, bad, ""))
      yield* recorder.advance("10 seconds")
      const ended = yield* Effect.flip(TaskRunner.resolveStep(taskId, bad, ""))
      assert.deepStrictEqual([running.message, ended.message], [
        `task ${taskId} has no step "bad"`,
        `task ${taskId} has no step "bad"`
      ])
    }).pipe(Effect.provide(recorder.layer())))
})
