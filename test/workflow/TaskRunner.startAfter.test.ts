/**
 * Runs that wait for their start, and what may be changed of them meanwhile.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Layer, Option, Schema, Scope } from "effect"
import { Attribute } from "../../src/Conventions.ts"
import * as Step from "../../src/workflow/Step.ts"
import * as Task from "../../src/workflow/Task.ts"
import type { TaskError } from "../../src/workflow/TaskError.ts"
import * as TaskRunner from "../../src/workflow/TaskRunner.ts"
import { TaskStore } from "../../src/workflow/TaskStore.ts"
import * as recorder from "../support/recorder.ts"
import { recorded as spans } from "../support/spans.ts"
import * as TestTelemetry from "../support/TestTelemetry.ts"

const send = Step.make("send", { run: () => Effect.succeed("sent") })
const Report = Task.make("report", { input: Schema.Void, steps: [send] })

const refusal = <A>(effect: Effect.Effect<A, TaskError, TaskRunner.TaskRunner>) =>
  Effect.map(Effect.flip(effect), ({ message, reason }) => [reason._tag, message])

describe("a run with startAfter", () => {
  it.effect("is pending until then, and starts with its time in the record", () =>
    Effect.gen(function*() {
      const { fiber, taskId } = yield* TaskRunner.start(Report, undefined, { startAfter: "10 minutes" })
      yield* recorder.advance("9 minutes")
      const waiting = yield* TaskRunner.inspect(taskId)
      assert.deepStrictEqual(
        [waiting.state, waiting.scheduledFor, waiting.startedAt, waiting.steps[0]?.state],
        ["pending", 600_000, undefined, "pending"]
      )
      assert.deepStrictEqual(yield* recorder.transitions, [])
      yield* recorder.advance("1 minute")
      assert.deepStrictEqual((yield* Fiber.join(fiber)).results, { send: "sent" })
      const ended = yield* TaskRunner.inspect(taskId)
      assert.deepStrictEqual([ended.state, ended.startedAt, ended.durationSeconds], ["complete", 600_000, 0])
      const [completed] = yield* recorder.named("task.completed")
      assert.strictEqual(completed?.payload.durationSeconds, 0)
    }).pipe(Effect.provide(recorder.layer())))

  it.effect("waits in the fiber of its caller, too", () =>
    Effect.gen(function*() {
      const fiber = yield* Effect.forkChild(TaskRunner.run(Report, undefined, { startAfter: 1000 }))
      yield* recorder.advance("999 millis")
      assert.isUndefined(fiber.pollUnsafe())
      yield* recorder.advance("1 millis")
      assert.strictEqual((yield* Fiber.join(fiber)).results.send, "sent")
    }).pipe(Effect.provide(recorder.layer())))

  it.effect("starts no step if it is cancelled meanwhile", () =>
    Effect.gen(function*() {
      const { fiber, taskId } = yield* TaskRunner.start(Report, undefined, { startAfter: "10 minutes" })
      yield* recorder.advance("1 minute")
      const record = yield* TaskRunner.cancel(taskId)
      assert.deepStrictEqual(
        [record.state, record.startedAt, record.endedAt, record.durationSeconds],
        ["cancelled", undefined, 60_000, 0]
      )
      assert.deepStrictEqual(yield* recorder.transitions, [
        "task.initialize_requested ∅→pending",
        "step.initialize_requested send ∅→pending",
        "step.cancelled send pending→cancelled",
        "task.cancelled pending→cancelled"
      ])
      assert.isTrue(Exit.isFailure(yield* Fiber.await(fiber)))
      assert.lengthOf(yield* recorder.named("step.execution_requested"), 0)
      assert.strictEqual((yield* recorder.named("task.cancelled"))[0]?.payload.reason, "requested")
    }).pipe(Effect.provide(recorder.layer())))

  it.effect("has no span and is never active if it is cancelled or interrupted meanwhile", () =>
    Effect.gen(function*() {
      const { taskId } = yield* TaskRunner.start(Report, undefined, { startAfter: "10 minutes" })
      const { fiber } = yield* TaskRunner.start(Report, undefined, { startAfter: "10 minutes" })
      yield* TaskRunner.cancel(taskId)
      yield* Fiber.interrupt(fiber)
      assert.isTrue(Exit.hasInterrupts(yield* Fiber.await(fiber)))
      assert.deepStrictEqual((yield* recorder.named("task.cancelled")).map(({ payload }) => payload.reason), [
        "requested",
        "interrupted"
      ])
      assert.notInclude((yield* spans).map(({ name }) => name), "tasker.task.execution")
    }).pipe(Effect.provide(
      TestTelemetry.layer(
        Layer.mergeAll(recorder.Recorder.layer, TestTelemetry.tracing).pipe(Layer.provideMerge(TestTelemetry.runner()))
      )
    )))

  it.effect("starts no step if its layer closes meanwhile, and is cancelled in the store", () =>
    Effect.gen(function*() {
      const store = yield* TaskStore
      const scope = yield* Scope.make()
      const context = yield* Layer.buildWithScope(Layer.fresh(TaskRunner.layer), scope)
      const { taskId } = yield* Effect.provide(
        TaskRunner.start(Report, undefined, { startAfter: "10 minutes" }),
        context
      )
      yield* recorder.advance("1 minute")
      yield* Scope.close(scope, Exit.void)
      assert.strictEqual(Option.getOrThrow(yield* store.get(taskId)).state, "cancelled")
      assert.lengthOf(yield* recorder.named("step.execution_requested"), 0)
      assert.strictEqual((yield* recorder.named("task.cancelled"))[0]?.payload.reason, "interrupted")
    }).pipe(Effect.provide(recorder.layer())))

  it.effect("counts for the tasks that may be started, and cannot have its steps resolved", () =>
    Effect.gen(function*() {
      const { taskId } = yield* TaskRunner.start(Report, undefined, { startAfter: "10 minutes" })
      assert.deepStrictEqual((yield* refusal(TaskRunner.start(Report, undefined)))[0], "TooManyTasks")
      assert.deepStrictEqual(yield* refusal(TaskRunner.resolveStep(taskId, send, "by hand")), [
        "TransitionRefused",
        "task in state \"pending\" cannot take \"resolved_manually\""
      ])
    }).pipe(Effect.provide(recorder.layer({ execution: { startedTasks: 1 } }))))

  it.effect("does not wait for less than no time, and refuses what is no time", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* TaskRunner.run(Report, undefined, { startAfter: 0 })).durationSeconds, 0)
      for (const startAfter of ["soon", "Infinity", "200000000 days"] as const) {
        const exit = yield* Effect.exit(TaskRunner.start(Report, undefined, { startAfter: startAfter as "1 hour" }))
        assert.isTrue(Exit.hasDies(exit), startAfter)
      }
      yield* TaskRunner.start(Report, undefined)
    }).pipe(Effect.provide(recorder.layer({ execution: { startedTasks: 1 } }))))
})

describe("TaskRunner.amend", () => {
  it.effect("changes tags and reason of a run that waits, in its record, its event and its span", () =>
    Effect.gen(function*() {
      const store = yield* TaskStore
      const { fiber, taskId } = yield* TaskRunner.start(Report, undefined, {
        startAfter: "10 minutes",
        reason: "month end",
        initiator: "ada",
        tags: { region: "eu", tier: "gold" }
      })
      const amended = yield* TaskRunner.amend(taskId, { tags: { region: "us" } })
      assert.deepInclude(amended, { tags: { region: "us" }, reason: "month end", initiator: "ada", state: "pending" })
      yield* TaskRunner.amend(taskId, { reason: "audit" })
      const { steps: _, ...kept } = Option.getOrThrow(yield* store.get(taskId))
      assert.deepInclude(kept, { tags: { region: "us" }, reason: "audit", initiator: "ada" })
      yield* recorder.advance("10 minutes")
      yield* Fiber.join(fiber)
      const [initialized] = yield* recorder.named("task.initialize_requested")
      assert.deepInclude(initialized?.payload, { tags: { region: "us" }, reason: "audit", initiator: "ada" })
      const task = (yield* spans).find(({ name }) => name === "tasker.task.execution")
      const attributes = Object.fromEntries(task?.attributes ?? [])
      assert.deepInclude(attributes, {
        [Attribute.reason]: "audit",
        [Attribute.initiator]: "ada",
        "tasker.tag.region": "us"
      })
      assert.notProperty(attributes, "tasker.tag.tier")
    }).pipe(Effect.provide(
      TestTelemetry.layer(
        Layer.mergeAll(recorder.Recorder.layer, TestTelemetry.tracing).pipe(Layer.provideMerge(TestTelemetry.runner()))
      )
    )))

  it.effect("takes tags and the reason away", () =>
    Effect.gen(function*() {
      const { taskId } = yield* TaskRunner.start(Report, undefined, {
        startAfter: "1 hour",
        reason: "month end",
        tags: { region: "eu" }
      })
      assert.notProperty(yield* TaskRunner.amend(taskId, { tags: {} }), "tags")
      assert.notProperty(yield* TaskRunner.amend(taskId, { reason: "" }), "reason")
    }).pipe(Effect.provide(recorder.layer())))

  it.effect("refuses a run that has started or ended, one that is not known, and one that waits elsewhere", () =>
    Effect.gen(function*() {
      const store = yield* TaskStore
      const endless = Task.make("endless", {
        input: Schema.Void,
        steps: [Step.make("wait", { run: () => Effect.never })]
      })
      const running = yield* TaskRunner.start(endless, undefined)
      const ended = yield* TaskRunner.start(Report, undefined)
      yield* Fiber.join(ended.fiber)
      const { steps, ...record } = yield* TaskRunner.inspect(ended.taskId)
      yield* store.saveTask({ ...record, id: "elsewhere", state: "pending" }, steps)
      const refused = (taskId: string) => refusal(TaskRunner.amend(taskId, { reason: "audit" }))
      assert.deepStrictEqual(yield* refused(running.taskId), [
        "TransitionRefused",
        "task in state \"in_progress\" cannot take \"amended\""
      ])
      assert.deepStrictEqual(yield* refused(ended.taskId), [
        "TransitionRefused",
        "task in state \"complete\" cannot take \"amended\""
      ])
      assert.strictEqual((yield* refused("nobody"))[0], "TaskNotFound")
      assert.strictEqual((yield* refused("elsewhere"))[0], "NotRunning")
    }).pipe(Effect.provide(recorder.layer())))
})

describe("reason and initiator", () => {
  it.effect("are kept without secrets, cut, and left out if they are no texts", () =>
    Effect.gen(function*() {
      const { taskId } = yield* TaskRunner.start(Report, undefined, {
        reason: "why ".repeat(200),
        initiator: `Bearer ${"a".repeat(40)}`
      })
      const { initiator, reason = "" } = yield* TaskRunner.inspect(taskId)
      assert.isAtMost(reason.length, 500)
      assert.isTrue(reason.startsWith("why why"))
      assert.notInclude(initiator, "aaa")
      const other = yield* TaskRunner.start(Report, undefined, { reason: "", initiator: 7 as never })
      const record = yield* TaskRunner.inspect(other.taskId)
      assert.notProperty(record, "reason")
      assert.notProperty(record, "initiator")
    }).pipe(Effect.provide(recorder.layer())))
})

describe("TaskRunner.resolveStepNamed", () => {
  it.effect("resolves the step of a run that has only its name", () =>
    Effect.gen(function*() {
      const flaky = Step.make("flaky", { run: (): Effect.Effect<string, string> => Effect.fail("no") })
      const after = Step.make("after", {
        dependsOn: [flaky],
        run: ({ results }) => Effect.succeed(`${results.flaky}!`)
      })
      const { fiber, taskId } = yield* TaskRunner.start(
        Task.make("t", { input: Schema.Void, steps: [flaky, after] }),
        undefined
      )
      const refused = yield* refusal(TaskRunner.resolveStepNamed(taskId, "nothing", 1))
      assert.strictEqual(refused[0], "StepNotFound")
      yield* TaskRunner.resolveStepNamed(taskId, "flaky", "by hand")
      assert.deepStrictEqual((yield* Fiber.join(fiber)).results, { flaky: "by hand", after: "by hand!" })
    }).pipe(Effect.provide(recorder.layer())))
})
