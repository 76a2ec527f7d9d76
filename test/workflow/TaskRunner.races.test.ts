/**
 * Two things at once: what happens between the moment a step is chosen, started or settled and the moment the loop
 * hears of it.
 */
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, Layer, Schema, Tracer } from "effect"
import { EventBus } from "../../src/events/EventBus.ts"
import { type EventEnvelope, isOfCatalog } from "../../src/events/EventEnvelope.ts"
import * as Step from "../../src/workflow/Step.ts"
import * as Task from "../../src/workflow/Task.ts"
import * as TaskRunner from "../../src/workflow/TaskRunner.ts"
import { TaskStore } from "../../src/workflow/TaskStore.ts"
import * as recorder from "../support/recorder.ts"

const sleeper = <const Name extends string>(name: Name, seconds: number) =>
  Step.make(name, { run: () => Effect.as(Effect.sleep(`${seconds} seconds`), name) })

/** Completes with the task's id at the first event that fits; what waits for it runs right after the publisher. */
const firstEvent = Effect.fnUntraced(function*(fits: (event: EventEnvelope) => boolean) {
  const seen = yield* Deferred.make<string>()
  const bus = yield* EventBus
  yield* bus.register({
    name: "first event",
    signal: "all",
    handle: (event) => {
      if (isOfCatalog(event) && "taskId" in event.payload && fits(event)) {
        Deferred.doneUnsafe(seen, Effect.succeed(event.payload.taskId))
      }
    }
  })
  return Deferred.await(seen)
})

describe("TaskRunner races", () => {
  it.effect("goes on when a step is resolved between its discovery and its start", () =>
    Effect.gen(function*() {
      const a = sleeper("a", 1)
      const b = sleeper("b", 1)
      const c = Step.make("c", { dependsOn: [a], run: ({ results }) => Effect.succeed(`after ${results.a}`) })
      const discovered = yield* firstEvent((event) => event.name === "workflow.viable_steps_discovered")
      const resolver = yield* Effect.forkChild(
        Effect.flatMap(discovered, (taskId) => TaskRunner.resolveStep(taskId, a, "by hand" as never)),
        { startImmediately: true }
      )
      const run = yield* Effect.forkChild(
        TaskRunner.run(Task.make("t", { input: Schema.Void, steps: [a, b, c] }), undefined)
      )
      yield* recorder.advance("10 seconds")
      yield* Fiber.join(resolver)
      assert.deepStrictEqual((yield* Fiber.join(run)).results, { a: "by hand", b: "b", c: "after by hand" })
    }).pipe(Effect.provide(recorder.layer({ execution: { concurrency: 2 } }))))

  it.effect("starts no dependant early when a failed step is resolved before the loop hears of its failure", () =>
    Effect.gen(function*() {
      const a = Step.make("a", { run: () => Effect.fail("no") })
      const slow = sleeper("slow", 5)
      const join = Step.make("join", {
        dependsOn: [a, slow],
        run: ({ results }) => Effect.succeed([results.a, results.slow])
      })
      const failed = yield* firstEvent((event) => event.name === "step.failed")
      yield* Effect.forkChild(
        Effect.flatMap(failed, (taskId) => TaskRunner.resolveStep(taskId, a, "by hand" as never)),
        { startImmediately: true }
      )
      const run = yield* Effect.forkChild(
        TaskRunner.run(Task.make("t", { input: Schema.Void, steps: [a, slow, join] }), undefined)
      )
      yield* recorder.advance("10 seconds")
      assert.deepStrictEqual((yield* Fiber.join(run)).results.join, ["by hand", "slow"] as never)
      assert.deepStrictEqual(yield* recorder.secondsOf("step.execution_requested"), ["a@0", "slow@0", "join@5"])
    }).pipe(Effect.provide(recorder.layer())))

  it.effect("does not end while the news of a resolution is on its way", () =>
    Effect.gen(function*() {
      const a = sleeper("a", 1)
      const b = Step.make("b", { dependsOn: [a], run: ({ results }) => Effect.succeed(`after ${results.a}`) })
      const started = yield* firstEvent((event) => event.name === "task.start_requested")
      yield* Effect.forkChild(
        Effect.flatMap(started, (taskId) => TaskRunner.resolveStep(taskId, a, "by hand" as never)),
        { startImmediately: true }
      )
      const run = yield* Effect.forkChild(
        TaskRunner.run(Task.make("t", { input: Schema.Void, steps: [a, b] }), undefined)
      )
      yield* recorder.advance("10 seconds")
      assert.deepStrictEqual((yield* Fiber.join(run)).results, { a: "by hand", b: "after by hand" })
    }).pipe(Effect.provide(recorder.layer({}, { store: recorder.layerYieldingStore }))))

  it.effect("settles a step once when its time-out and its success fall on the same instant", () =>
    Effect.gen(function*() {
      const a = Step.make("a", {
        timeout: "2 seconds",
        retry: { maximumAttempts: 1 },
        run: () => Effect.sleep("2 seconds")
      })
      const run = yield* Effect.forkChild(
        Effect.exit(TaskRunner.run(Task.make("t", { input: Schema.Void, steps: [a] }), undefined))
      )
      yield* recorder.advance("2 seconds")
      const exit = yield* Fiber.join(run)
      const settled = (yield* recorder.transitions).filter((line) => line.includes(" a in_progress→"))
      assert.lengthOf(settled, 1)
      assert.strictEqual(settled[0]?.startsWith("step.completed"), Exit.isSuccess(exit))
    }).pipe(Effect.provide(recorder.layer())))

  it.effect("keeps the other steps of a batch when one interrupts its own fiber", () =>
    Effect.gen(function*() {
      const suicidal = Step.make("suicidal", {
        run: () =>
          Effect.withFiber((fiber) => {
            fiber.interruptUnsafe()
            return Effect.never
          })
      })
      const other = sleeper("other", 1)
      const { fiber, taskId } = yield* TaskRunner.start(
        Task.make("t", { input: Schema.Void, steps: [suicidal, other] }),
        undefined
      )
      yield* recorder.advance("2 seconds")
      yield* Fiber.await(fiber)
      const { state, steps } = yield* TaskRunner.inspect(taskId)
      assert.deepStrictEqual([state, ...steps.map((step) => `${step.name} ${step.state}`)], [
        "cancelled",
        "suicidal cancelled",
        "other complete"
      ])
    }).pipe(Effect.provide(recorder.layer())))

  it.effect("interrupts all running steps at once, not one after the other", () =>
    Effect.gen(function*() {
      const finished: Array<string> = []
      const stubborn = (name: string, after: Step.Any) =>
        Step.make(name, {
          dependsOn: [after],
          run: () =>
            Effect.sleep("3 seconds").pipe(
              Effect.tap(Effect.sync(() => finished.push(name))),
              Effect.onInterrupt(() => Effect.sleep("5 seconds"))
            )
        })
      const [x, y, z] = [sleeper("x", 1), sleeper("y", 2), sleeper("z", 3)]
      const steps = [x, y, z, stubborn("after x", x), stubborn("after y", y), stubborn("after z", z)]
      const { taskId } = yield* TaskRunner.start(Task.make("t", { input: Schema.Void, steps }), undefined)
      yield* recorder.advance("3500 millis")
      const cancelling = yield* Effect.forkChild(TaskRunner.cancel(taskId))
      yield* recorder.advance("5 seconds")
      assert.strictEqual((yield* Fiber.join(cancelling)).state, "cancelled")
      assert.deepStrictEqual(finished, [])
    }).pipe(Effect.provide(recorder.layer())))

  it.effect("ends no span of a run that succeeds by interruption", () =>
    Effect.gen(function*() {
      const spans: Array<Tracer.NativeSpan> = []
      const tracer = Tracer.make({
        span: (options) => {
          const span = new Tracer.NativeSpan(options)
          spans.push(span)
          return span
        }
      })
      const [a, b] = [sleeper("a", 1), sleeper("b", 1)]
      const c = Step.make("c", { dependsOn: [a, b], run: () => Effect.void })
      const run = yield* Effect.forkChild(
        Effect.withTracer(
          TaskRunner.run(Task.make("t", { input: Schema.Void, steps: [a, b, c] }), undefined),
          tracer
        )
      )
      yield* recorder.advance("2 seconds")
      yield* Fiber.join(run)
      assert.deepStrictEqual(
        spans.map(({ name, status }) => `${name} ${status._tag === "Ended" ? status.exit._tag : status._tag}`),
        [
          "tasker.task.execution Success",
          "tasker.workflow.orchestration Success",
          "tasker.batch.execution Success",
          "tasker.step.execution Success",
          "tasker.step.execution Success",
          "tasker.batch.execution Success",
          "tasker.step.execution Success"
        ]
      )
    }).pipe(Effect.provide(recorder.layer())))

  it.effect("ends no span of the last batch by interruption", () =>
    Effect.gen(function*() {
      const batches: Array<Tracer.NativeSpan> = []
      const tracer = Tracer.make({
        span: (options) => {
          const span = new Tracer.NativeSpan(options)
          if (options.name === "tasker.batch.execution") batches.push(span)
          return span
        }
      })
      const task = Task.make("t", { input: Schema.Void, steps: [sleeper("a", 1), sleeper("b", 2), sleeper("c", 2)] })
      const run = yield* Effect.forkChild(Effect.withTracer(TaskRunner.run(task, undefined), tracer))
      yield* recorder.advance("2 seconds")
      yield* Fiber.join(run)
      assert.deepStrictEqual(batches.map(({ status }) => status._tag === "Ended" && status.exit._tag), ["Success"])
    }).pipe(Effect.provide(recorder.layer({}, { store: recorder.layerYieldingStore }))))

  it.effect("leaves no pending record when the caller is interrupted while the record is saved", () =>
    Effect.gen(function*() {
      const saving = yield* Deferred.make<string>()
      const saved = yield* Deferred.make<void>()
      const states = new Map<string, string>()
      const store = Layer.succeed(TaskStore, {
        saveTask: (task) =>
          Effect.sync(() => {
            states.set(task.id, task.state)
            Deferred.doneUnsafe(saving, Effect.succeed(task.id))
          }).pipe(Effect.andThen(Deferred.await(saved))),
        updateTask: (task) => Effect.sync(() => void states.set(task.id, task.state)),
        updateStep: (_, step) => Effect.sync(() => void states.set(step.name, step.state)),
        get: () => Effect.succeedNone,
        list: () => Effect.succeed([]),
        search: () => Effect.succeed({ tasks: [], cursor: undefined }),
        counts: Effect.succeed({})
      })
      const task = Task.make("t", { input: Schema.Void, steps: [sleeper("a", 1)] })
      const run = yield* Effect.forkChild(
        Effect.provide(TaskRunner.run(task, undefined), recorder.layer({}, { store }))
      )
      const taskId = yield* Deferred.await(saving)
      const interrupting = yield* Effect.forkChild(Fiber.interrupt(run), { startImmediately: true })
      yield* Deferred.succeed(saved, undefined)
      yield* Fiber.join(interrupting)
      assert.deepStrictEqual(states, new Map([[taskId, "cancelled"], ["a", "cancelled"]]))
    }))
})
