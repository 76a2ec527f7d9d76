/**
 * Races with the loop, at every turn: a small budget of operations makes the fibers of a run yield in the middle of all
 * that they do. A person steps in after a number of turns, another number each time, and is not held up.
 */
import { assert, describe, it } from "@effect/vitest"
import { Cause, Deferred, Effect, Exit, Fiber, Option, References, Schema, type Scope, Tracer } from "effect"
import { TestClock } from "effect/testing"
import * as Correlation from "../../src/Correlation.ts"
import { EventBus } from "../../src/events/EventBus.ts"
import { type EventEnvelope, isOfCatalog } from "../../src/events/EventEnvelope.ts"
import * as Step from "../../src/workflow/Step.ts"
import * as Task from "../../src/workflow/Task.ts"
import * as TaskRunner from "../../src/workflow/TaskRunner.ts"
import type { StepRecord } from "../../src/workflow/TaskStore.ts"
import { TaskStore } from "../../src/workflow/TaskStore.ts"
import * as recorder from "../support/recorder.ts"

const budgets = [3, 4, 7, 2048]
const turns = Array.from({ length: 30 }, (_, index) => index)

const unhurried = 1_000_000

/** Runs without yielding where it does not wait. */
const atOnce = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.provideService(effect, References.MaxOpsBeforeYield, unhurried)

/** Runs a program once for every budget and number of turns, each in a runner of its own. */
const atEveryTurn = <A, E>(
  program: (
    wait: Effect.Effect<void>
  ) => Effect.Effect<A, E, TaskRunner.TaskRunner | TaskStore | EventBus | recorder.Recorder | Scope.Scope>,
  layer: (budget: number) => ReturnType<typeof recorder.layer> = () => recorder.layer()
) =>
  Effect.forEach(
    budgets.flatMap((budget) => turns.map((turn) => [budget, turn] as const)),
    ([budget, turn]) =>
      program(atOnce(Effect.repeat(Effect.yieldNow, { times: turn }))).pipe(
        Effect.andThen(isConsistent),
        Effect.scoped,
        Effect.provide(layer(budget)),
        Effect.provideService(References.MaxOpsBeforeYield, budget),
        Effect.catchCause((cause) =>
          Effect.die(new Error(`budget ${budget}, turn ${turn}`, { cause: Cause.squash(cause) }))
        )
      ),
    { discard: true }
  )

/** The transitions of each subject follow from each other, and the store has the state of the last. */
const isConsistent = Effect.gen(function*() {
  const { events } = yield* recorder.Recorder
  const states = new Map<string, string | undefined>()
  for (const { payload } of events) {
    if (!("toState" in payload)) continue
    const subject = "stepId" in payload ? payload.stepId : payload.taskId
    assert.strictEqual(payload.fromState, states.get(subject))
    states.set(subject, payload.toState)
  }
  const store = yield* TaskStore
  for (const { id } of yield* store.list()) {
    const { steps, ...task } = Option.getOrThrow(yield* store.get(id))
    for (const record of [task, ...steps]) assert.strictEqual(record.state, states.get(record.id), record.id)
  }
})

/** Completes with the task's id at the first event that fits. */
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
  return seen
})

/** Lets time pass until something has happened. */
const clockUntil = (seen: Deferred.Deferred<string>) =>
  atOnce(Effect.repeat(TestClock.adjust("1 second"), { until: () => Deferred.isDone(seen) }))

const input = Schema.Void
const by = "by hand" as never
const flaky = (name: string) =>
  Step.make(name, {
    retry: { maximumAttempts: 3, delays: ["1 second"] },
    run: ({ attempt }) => attempt === 1 ? Effect.fail("no") : Effect.succeed<string>(`attempt ${attempt}`)
  })

describe("TaskRunner at every turn", () => {
  it.effect("runs no step again that is resolved after its failure", () =>
    atEveryTurn((wait) =>
      Effect.gen(function*() {
        const a = flaky("a")
        const b = Step.make("b", { dependsOn: [a], run: ({ results }) => Effect.succeed(results.a) })
        const failed = yield* firstEvent(({ name }) => name === "step.failed")
        const resolver = yield* Effect.forkChild(
          Effect.flatMap(
            Deferred.await(failed),
            (id) => atOnce(Effect.andThen(wait, TaskRunner.resolveStep(id, a, by)))
          ),
          { startImmediately: true }
        )
        const run = yield* Effect.forkChild(TaskRunner.run(Task.make("t", { input, steps: [a, b] }), undefined))
        yield* Fiber.join(resolver)
        const { results, steps } = yield* Fiber.join(run)
        assert.deepStrictEqual(results, { a: by, b: by })
        assert.deepStrictEqual(steps.map(({ attempts }) => attempts), [1, 1])
      })
    ))

  it.effect("goes on whether a person or the end of the back-off comes first", () =>
    atEveryTurn((wait) =>
      Effect.gen(function*() {
        const steps = [flaky("a"), flaky("b"), flaky("c")] as const
        const failed = yield* firstEvent(({ name }) => name === "step.failed")
        const retried = yield* firstEvent(({ name }) => name === "step.retry_requested")
        const resolver = yield* Effect.forkChild(
          Deferred.await(failed).pipe(
            Effect.tap(Deferred.await(retried)),
            Effect.flatMap((id) =>
              Effect.andThen(wait, Effect.forEach(steps, (step) => Effect.exit(TaskRunner.resolveStep(id, step, by))))
            ),
            atOnce
          ),
          { startImmediately: true }
        )
        const run = yield* Effect.forkChild(TaskRunner.run(Task.make("t", { input, steps }), undefined))
        yield* Fiber.join(yield* Effect.forkChild(clockUntil(retried)))
        const resolved = yield* Fiber.join(resolver)
        const { results } = yield* Fiber.join(run)
        assert.deepStrictEqual(
          steps.map(({ name }) => results[name]),
          resolved.map((exit) => Exit.isSuccess(exit) ? by : "attempt 2")
        )
      })
    ))

  it.effect("cancels what waits for a step that interrupted itself, but for what is resolved", () =>
    atEveryTurn((wait) =>
      Effect.gen(function*() {
        const suicidal = Step.make("suicidal", { run: () => Effect.interrupt })
        const waiting = ["x", "y", "z"].map((name) =>
          Step.make(name, { dependsOn: [suicidal], run: () => Effect.void })
        )
        const last = Step.make("last", { dependsOn: waiting, run: () => Effect.void })
        const cancelled = yield* firstEvent((event) =>
          event.name === "step.cancelled" && isOfCatalog(event) && event.payload.stepName === "x"
        )
        const resolver = yield* Effect.forkChild(
          Effect.flatMap(Deferred.await(cancelled), (id) =>
            atOnce(Effect.andThen(
              wait,
              Effect.forEach(waiting.toReversed(), (step) => Effect.exit(TaskRunner.resolveStep(id, step, undefined)))
            ))),
          { startImmediately: true }
        )
        const task = Task.make("t", { input, steps: [suicidal, ...waiting, last] })
        const run = yield* Effect.forkChild(Effect.exit(TaskRunner.run(task, undefined)))
        const exit = yield* Fiber.join(run)
        assert.isTrue(Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause) && exit.cause.reasons.length === 1)
        const resolved = yield* Fiber.join(resolver)
        const { state, steps } = yield* TaskRunner.inspect(yield* Deferred.await(cancelled))
        assert.strictEqual(state, "cancelled")
        assert.deepStrictEqual(
          steps.slice(1, -1).map((step) => step.state),
          resolved.toReversed().map((exit) => Exit.isSuccess(exit) ? "resolved_manually" : "cancelled")
        )
      })
    ))

  it.effect("has the result of a person or of the skip, never both", () =>
    atEveryTurn((wait) =>
      Effect.gen(function*() {
        const asked = yield* Deferred.make<string>()
        const a = Step.make("a", {
          skipWhen: () =>
            Correlation.CurrentWorkflow.pipe(
              Effect.flatMap((current) => Deferred.succeed(asked, current?.taskId ?? "")),
              Effect.andThen(Effect.yieldNow),
              Effect.as(true)
            ),
          whenSkipped: () => "skipped",
          run: () => Effect.succeed("run")
        })
        const resolver = yield* Effect.forkChild(
          Effect.flatMap(Deferred.await(asked), (id) =>
            atOnce(Effect.andThen(wait, Effect.exit(TaskRunner.resolveStep(id, a, by))))),
          { startImmediately: true }
        )
        const { results } = yield* TaskRunner.run(Task.make("t", { input, steps: [a] }), undefined)
        const isResolved = Exit.isSuccess(yield* Fiber.join(resolver))
        assert.strictEqual(results.a, isResolved ? by : "skipped")
      })
    ))

  it.effect("is cancelled, or had ended and says so", () =>
    atEveryTurn((wait) =>
      Effect.gen(function*() {
        const a = Step.make("a", { run: () => Effect.repeat(Effect.yieldNow, { times: 3 }) })
        const b = Step.make("b", { dependsOn: [a], run: () => Effect.void })
        const { fiber, taskId } = yield* TaskRunner.start(Task.make("t", { input, steps: [a, b] }), undefined)
        yield* wait
        const cancelled = yield* Effect.exit(atOnce(TaskRunner.cancel(taskId)))
        const exit = yield* Fiber.await(fiber)
        const { state } = yield* TaskRunner.inspect(taskId)
        assert.strictEqual(state, Exit.isSuccess(cancelled) ? "cancelled" : "complete")
        assert.strictEqual(exit._tag, Exit.isSuccess(cancelled) ? "Failure" : "Success")
      })
    ))

  it.effect("announces no discovery without a batch when the caller is interrupted", () =>
    atEveryTurn((wait) =>
      Effect.gen(function*() {
        const a = Step.make("a", { run: () => Effect.yieldNow })
        const b = Step.make("b", { dependsOn: [a], run: () => Effect.yieldNow })
        const c = Step.make("c", { dependsOn: [a], run: () => Effect.yieldNow })
        const run = yield* Effect.forkChild(
          TaskRunner.run(Task.make("t", { input, steps: [a, b, c] }), undefined),
          { startImmediately: true }
        )
        yield* wait
        yield* Fiber.interrupt(run)
        const discovered = yield* recorder.named("workflow.viable_steps_discovered")
        const started = yield* recorder.named("workflow.steps_execution_started")
        const completed = yield* recorder.named("workflow.steps_execution_completed")
        assert.deepStrictEqual(
          [started.length, completed.length],
          [discovered.length, discovered.length]
        )
      })
    ))

  it.effect("lets a person resolve a step of a run that is ending, before the end or after it", () =>
    atEveryTurn((wait) =>
      Effect.gen(function*() {
        const a = Step.make("a", { retry: { maximumAttempts: 1 }, run: () => Effect.fail("no") })
        const failed = yield* firstEvent(({ name }) => name === "step.failed")
        const resolver = yield* Effect.forkChild(
          Effect.flatMap(
            Deferred.await(failed),
            (id) => atOnce(Effect.andThen(wait, TaskRunner.resolveStep(id, a, by)))
          ),
          { startImmediately: true }
        )
        const exit = yield* Effect.exit(TaskRunner.run(Task.make("t", { input, steps: [a] }), undefined))
        yield* Fiber.join(resolver)
        const { state } = yield* TaskRunner.inspect(yield* Deferred.await(failed))
        assert.strictEqual(state, Exit.isSuccess(exit) ? "complete" : "resolved_manually")
      })
    ))

  it.effect("settles a task that has ended once, whoever of two people is first", () =>
    atEveryTurn((wait) =>
      Effect.gen(function*() {
        const failing = { retry: { maximumAttempts: 1 }, run: () => Effect.fail("no") }
        const [a, b] = [Step.make("a", failing), Step.make("b", failing)]
        const steps = [a, b]
        const { fiber, taskId } = yield* TaskRunner.start(Task.make("t", { input, steps }), undefined)
        yield* Fiber.await(fiber)
        const exits = yield* Effect.all([
          Effect.exit(TaskRunner.resolveStep(taskId, a, by)),
          atOnce(Effect.andThen(wait, Effect.exit(TaskRunner.resolveStep(taskId, b, by)))),
          atOnce(Effect.andThen(wait, Effect.exit(TaskRunner.resolveStep(taskId, b, by))))
        ], { concurrency: "unbounded" })
        assert.lengthOf(exits.filter(Exit.isSuccess), 2)
        const snapshot = yield* TaskRunner.inspect(taskId)
        assert.strictEqual(snapshot.state, "resolved_manually")
        assert.lengthOf(yield* recorder.named("step.resolved_manually"), 2)
        assert.lengthOf(yield* recorder.named("task.resolved_manually"), 1)
      }), () => recorder.layer({}, { store: recorder.layerYieldingStore })))
})

describe("TaskRunner with a step that ends at any operation", () => {
  it.effect.each([3, 7, 26, 27, 28, 29, 30, 31])(
    "ends a batch before the next one starts, with a budget of %s",
    (budget) =>
      Effect.gen(function*() {
        const ended: Array<string> = []
        const watched = Tracer.make({
          span: (options) => {
            const made = new Tracer.NativeSpan(options)
            const end = made.end.bind(made)
            made.end = (time, exit) => {
              if (options.name === "tasker.batch.execution") ended.push(exit._tag)
              end(time, exit)
            }
            return made
          }
        })
        for (let operations = 0; operations < 2 * budget; operations++) {
          const a = Step.make("a", { run: () => Effect.repeat(Effect.void, { times: operations }) })
          const b = Step.make("b", { dependsOn: [a], run: () => Effect.void })
          const lines = yield* TaskRunner.run(Task.make("t", { input, steps: [a, b] }), undefined).pipe(
            Effect.andThen(recorder.lines),
            Effect.withTracer(watched),
            Effect.provide(recorder.layer()),
            Effect.provideService(References.MaxOpsBeforeYield, budget)
          )
          assert.deepStrictEqual(
            lines.filter((line) => line.startsWith("workflow.steps_execution_")),
            ["started", "completed", "started", "completed"].map((end) => `workflow.steps_execution_${end}`),
            `${operations} operations`
          )
          assert.deepStrictEqual(ended.splice(0), ["Success", "Success"], `${operations} operations`)
        }
      })
  )
})

describe("TaskRunner", () => {
  it.effect("goes on while a person settles a thousand steps that fail together", () =>
    Effect.gen(function*() {
      const steps = Array.from({ length: 1000 }, (_, index) => flaky(`s${index}`))
      const { fiber, taskId } = yield* TaskRunner.start(Task.make("t", { input, steps }), undefined)
      yield* recorder.advance("0 seconds")
      const settling = yield* Effect.forkChild(
        Effect.andThen(
          Effect.sleep("1 second"),
          Effect.forEach(steps, (step) => Effect.exit(TaskRunner.resolveStep(taskId, step, by)), { concurrency: 10 })
        )
      )
      yield* recorder.advance("2 seconds")
      yield* recorder.advance("2 seconds")
      const resolved = yield* Fiber.join(settling)
      const { results, steps: records } = yield* Fiber.join(fiber)
      assert.deepStrictEqual(
        records.map(({ state }): StepRecord["state"] => state),
        resolved.map((exit) => Exit.isSuccess(exit) ? "resolved_manually" : "complete")
      )
      assert.lengthOf(Object.keys(results), 1000)
      yield* isConsistent
    }).pipe(Effect.provide(recorder.layer({ execution: { concurrency: 1000 } }))))

  it.effect("cancels a step that interrupts itself while it is asked whether to skip it", () =>
    Effect.gen(function*() {
      const suicidal = Step.make("suicidal", {
        skipWhen: () =>
          Effect.withFiber((fiber) => {
            fiber.interruptUnsafe()
            return Effect.never
          }),
        run: () => Effect.void
      })
      const after = Step.make("after", { dependsOn: [suicidal], run: () => Effect.void })
      const { fiber, taskId } = yield* TaskRunner.start(Task.make("t", { input, steps: [suicidal, after] }), undefined)
      yield* Fiber.await(fiber)
      const { state, steps } = yield* TaskRunner.inspect(taskId)
      assert.deepStrictEqual([state, ...steps.map((step) => step.state)], ["cancelled", "cancelled", "cancelled"])
    }).pipe(Effect.provide(recorder.layer())))
})
