/**
 * Runs and their store: the run does not wait for it, and no fault of the store becomes one of the run.
 */
import { assert, describe, it } from "@effect/vitest"
import { Context, Deferred, Effect, Exit, Fiber, Layer, Logger, Option, Schema } from "effect"
import { Step, Task, TaskRunner, TaskStore } from "tasker-telemetry"
import type { TaskSnapshot } from "tasker-telemetry/workflow/TaskStore"
import * as recorder from "../support/recorder.ts"
import * as suite from "./TaskStoreTest.ts"

type Store = TaskStore.TaskStore["Service"]

const first = Step.make("first", { run: () => Effect.succeed(1) })
const second = Step.make("second", { dependsOn: [first], run: ({ results }) => Effect.succeed(results.first + 1) })
const Sum = Task.make("sum", { input: Schema.Struct({}), steps: [first, second] })

/** The messages of the warnings that a layer's programs log. */
const warnings = () => {
  const messages: Array<unknown> = []
  const layer = Logger.layer([
    Logger.make(({ logLevel, message }) => {
      if (logLevel === "Warn") messages.push(Array.isArray(message) ? message[0] : message)
    })
  ])
  return { messages, layer }
}

/** A store whose every call does the same. */
const uniform = (call: () => never): Store => ({
  saveTask: call,
  updateTask: call,
  updateStep: call,
  get: call,
  list: call,
  search: call,
  counts: Effect.suspend(call)
})

const faults: ReadonlyArray<readonly [what: string, call: () => unknown]> = [
  ["dies", () => Effect.die("no disk")],
  ["fails against its type", () => Effect.fail("no disk")],
  ["interrupts itself", () => Effect.interrupt],
  ["throws", () => {
    throw new Error("no disk")
  }],
  ["gives no effect", () => undefined],
  ["gives a promise", () => Promise.resolve()],
  ["gives a promise that is rejected", () => Promise.reject(new Error("no disk"))],
  ["never answers", () => Effect.never],
  ["never answers and cannot be interrupted", () => Effect.uninterruptible(Effect.never)]
]

const tick = recorder.advance("50 millis")

/** Runs the task with a store; gives its result, and how many seconds it took. */
const timed = <T extends Task.Any>(task: T, store: Layer.Layer<TaskStore.TaskStore>, options = {}) =>
  Effect.gen(function*() {
    const start = yield* recorder.nowSeconds
    const run = yield* Effect.forkChild(
      Effect.andThen(
        Effect.exit(TaskRunner.run(task, {} as never)),
        (exit) => Effect.map(recorder.nowSeconds, (end) => ({ exit, seconds: end - start }))
      )
    )
    while (run.pollUnsafe() === undefined) {
      yield* tick
    }
    return yield* Fiber.join(run)
  }).pipe(Effect.provide(recorder.layer({ execution: { concurrency: 100 }, ...options }, { store })))

/** The memory store behind calls that take so many milliseconds. */
const slow = (millis: (call: number) => number, note: (what: string, phase: "start" | "end") => void = () => {}) =>
  Layer.effect(
    TaskStore.TaskStore,
    Effect.map(TaskStore.TaskStore, (store) => {
      let calls = 0
      const late = <A>(what: string, effect: Effect.Effect<A>) =>
        Effect.suspend(() => {
          note(what, "start")
          return Effect.sleep(millis(calls++)).pipe(
            Effect.andThen(effect),
            Effect.tap(Effect.sync(() => note(what, "end")))
          )
        })
      return TaskStore.TaskStore.of({
        saveTask: (task, steps) => late(`save ${task.state}`, store.saveTask(task, steps)),
        updateTask: (task) => late(`task ${task.state}`, store.updateTask(task)),
        updateStep: (id, step) => late(`${step.name} ${step.state}`, store.updateStep(id, step)),
        get: store.get,
        list: store.list,
        search: store.search,
        counts: store.counts
      })
    })
  ).pipe(Layer.provide(TaskStore.layerMemory))

const failing = Task.make("failing", {
  input: Schema.Struct({}),
  steps: Array.from(
    { length: 100 },
    (_, index) =>
      Step.make(`s${index}`, {
        retry: { maximumAttempts: 3, delays: ["100 millis", "200 millis"], jitter: 0 },
        run: () => Effect.fail("no")
      })
  )
})

describe("TaskRunner", () => {
  for (const [what, call] of faults) {
    it.effect(`runs a task to its end, with one warning, although its store ${what}`, () => {
      const { layer, messages } = warnings()
      return Effect.gen(function*() {
        const { exit, seconds } = yield* timed(Sum, Layer.succeed(TaskStore.TaskStore, uniform(call as () => never)))
        assert.deepStrictEqual(Exit.isSuccess(exit) && exit.value.results, { first: 1, second: 2 })
        assert.isAtMost(seconds, 2)
        assert.deepStrictEqual(messages, ["the task store could not be written; the run goes on"])
      }).pipe(Effect.provide(layer))
    })
  }

  it.effect("takes no longer than its steps, but for what is left at the end, with a slow store", () =>
    Effect.gen(function*() {
      const quick = yield* timed(failing, TaskStore.layerMemory)
      const behind = yield* timed(failing, slow(() => 50))
      assert.strictEqual(quick.seconds, 0.3)
      assert.approximately(behind.seconds, 0.4, 0.001)
    }))

  it.effect("has everything in a slow store when it has ended", () =>
    Effect.gen(function*() {
      const run = yield* Effect.forkChild(Effect.exit(TaskRunner.run(failing, {})))
      while (run.pollUnsafe() === undefined) yield* tick
      const store = yield* TaskStore.TaskStore
      const [record] = yield* store.list()
      const { state, steps } = Option.getOrThrow(yield* store.get(record?.id ?? ""))
      assert.strictEqual(state, "error")
      assert.deepStrictEqual(new Set(steps.map((step) => `${step.state} ${step.attempts}`)), new Set(["error 3"]))
    }).pipe(Effect.provide(recorder.layer({ execution: { concurrency: 100 } }, { store: slow(() => 50) }))))

  it.effect("writes the records of a step in order, one at a time, whatever each call takes", () => {
    const calls: Array<string> = []
    const store = slow((call) => 100 - 9 * (call % 11), (what, phase) => calls.push(`${phase} ${what}`))
    return Effect.gen(function*() {
      const a = Step.make("a", {
        retry: { maximumAttempts: 3, delays: ["1 second"], jitter: 0 },
        run: ({ attempt }) => Effect.delay(attempt < 3 ? Effect.fail("no") : Effect.void, "500 millis")
      })
      const { exit } = yield* timed(Task.make("t", { input: Schema.Struct({}), steps: [a, first] }), store)
      assert.isTrue(Exit.isSuccess(exit))
      const ofA = calls.filter((call) => call.includes(" a "))
      assert.deepStrictEqual(
        ofA,
        [
          "in_progress",
          "error",
          "error",
          "pending",
          "in_progress",
          "error",
          "error",
          "pending",
          "in_progress",
          "complete"
        ]
          .flatMap((state) => [`start a ${state}`, `end a ${state}`]).filter((call) => ofA.includes(call))
          .slice(0, ofA.length)
      )
      assert.deepStrictEqual(calls.slice(0, 4), [
        "start save pending",
        "end save pending",
        "start task in_progress",
        "end task in_progress"
      ])
      assert.deepStrictEqual(calls.slice(-3), ["end a complete", "start task complete", "end task complete"])
    })
  })

  it.effect("has at most 64 calls at once, and one record of a step waiting", () => {
    let [now, most, all] = [0, 0, 0]
    const store = slow(() => 400, (_, phase) => {
      if (phase === "start") all++
      now += phase === "start" ? 1 : -1
      most = Math.max(most, now)
    })
    return Effect.gen(function*() {
      const { exit } = yield* timed(failing, store)
      assert.isTrue(Exit.isFailure(exit))
      assert.isAtMost(most, 64)
      assert.isAtMost(all, 70)
    })
  })

  it.effect("saves the whole task at its end when the store was away at its start", () => {
    let isAway = true
    const store = Layer.effect(
      TaskStore.TaskStore,
      Effect.map(TaskStore.TaskStore, (inner) => {
        const away = <A>(effect: Effect.Effect<A>) => Effect.suspend(() => isAway ? Effect.die("away") : effect)
        return TaskStore.TaskStore.of({
          ...inner,
          saveTask: (task, steps) => away(inner.saveTask(task, steps)),
          updateTask: (task) => away(inner.updateTask(task)),
          updateStep: (id, step) => away(inner.updateStep(id, step))
        })
      })
    ).pipe(Layer.provide(TaskStore.layerMemory))
    const back = Step.make("back", { run: () => Effect.sync(() => void (isAway = false)) })
    const after = Step.make("after", { dependsOn: [back], run: () => Effect.void })
    return Effect.gen(function*() {
      yield* TaskRunner.run(Task.make("t", { input: Schema.Void, steps: [back, after] }), undefined)
      const inner = yield* TaskStore.TaskStore
      const [record] = yield* inner.list()
      const { state, steps } = Option.getOrThrow(yield* inner.get(record?.id ?? ""))
      assert.deepStrictEqual([state, ...steps.map((step) => step.state)], ["complete", "complete", "complete"])
    }).pipe(Effect.provide(recorder.layer({}, { store })))
  })

  it.effect("writes to a store that is an instance of a class", () => {
    class Kept {
      readonly #snapshots = new Map<string, TaskSnapshot>()
      saveTask(task: Parameters<Store["saveTask"]>[0], steps: Parameters<Store["saveTask"]>[1]) {
        return Effect.sync(() => void this.#snapshots.set(task.id, { ...task, steps }))
      }
      updateTask(task: Parameters<Store["updateTask"]>[0]) {
        return this.#change(task.id, (snapshot) => ({ ...snapshot, ...task }))
      }
      updateStep(id: string, step: Parameters<Store["updateStep"]>[1]) {
        return this.#change(id, (snapshot) => ({
          ...snapshot,
          steps: snapshot.steps.map((known) => known.name === step.name ? step : known)
        }))
      }
      get(id: string) {
        return Effect.sync(() => Option.fromUndefinedOr(this.#snapshots.get(id)))
      }
      list() {
        return Effect.sync(() => [...this.#snapshots.values()])
      }
      search() {
        return Effect.sync(() => ({ tasks: [...this.#snapshots.values()], cursor: undefined }))
      }
      get counts() {
        return Effect.sync(() => ({ complete: this.#snapshots.size }))
      }
      #change(id: string, change: (snapshot: TaskSnapshot) => TaskSnapshot) {
        return Effect.sync(() => {
          const known = this.#snapshots.get(id)
          if (known !== undefined) this.#snapshots.set(id, change(known))
        })
      }
    }
    return Effect.gen(function*() {
      yield* TaskRunner.run(Sum, {})
      const [snapshot] = yield* (yield* TaskStore.TaskStore).list()
      const { state, steps } = yield* TaskRunner.inspect(snapshot?.id ?? "")
      assert.deepStrictEqual([state, ...steps.map((step) => step.state)], ["complete", "complete", "complete"])
    }).pipe(Effect.provide(recorder.layer({}, { store: Layer.succeed(TaskStore.TaskStore, new Kept()) })))
  })

  it.effect("can be cancelled, inspected and resolved while it is still being saved", () =>
    Effect.gen(function*() {
      const saving = yield* Deferred.make<string>()
      const store = Layer.succeed(TaskStore.TaskStore, {
        ...uniform(() => Effect.void as never),
        saveTask: (task) => Effect.andThen(Deferred.succeed(saving, task.id), Effect.sleep("1 second"))
      })
      const slowly = Step.make("slowly", { run: () => Effect.sleep("1 hour") })
      const last = Step.make("last", { dependsOn: [slowly], run: () => Effect.void })
      yield* Effect.gen(function*() {
        const { fiber } = yield* TaskRunner.start(
          Task.make("t", { input: Schema.Void, steps: [slowly, last] }),
          undefined
        )
        const id = yield* Deferred.await(saving)
        assert.strictEqual((yield* TaskRunner.inspect(id)).state, "in_progress")
        yield* TaskRunner.resolveStep(id, last, undefined)
        const cancelling = yield* Effect.forkChild(TaskRunner.cancel(id))
        yield* recorder.advance("1 second")
        const { state } = yield* Fiber.join(cancelling)
        assert.strictEqual(state, "cancelled")
        assert.isTrue(Exit.isFailure(yield* Fiber.await(fiber)))
      }).pipe(Effect.provide(recorder.layer({}, { store })))
    }))

  it.effect("says that a store could not be read", () =>
    Effect.gen(function*() {
      for (const [what, call] of faults) {
        const reason = yield* Effect.gen(function*() {
          const asking = yield* Effect.forkChild(Effect.flip(TaskRunner.inspect("1")))
          yield* recorder.advance("2 seconds")
          return (yield* Fiber.join(asking)).reason
        }).pipe(
          Effect.provide(
            recorder.layer({}, { store: Layer.succeed(TaskStore.TaskStore, uniform(call as () => never)) })
          )
        )
        assert.strictEqual(reason._tag, "StoreFailed", what)
      }
    }).pipe(Effect.provide(warnings().layer)))

  it.effect("says that a resolution after the end could not be written", () =>
    Effect.gen(function*() {
      const snapshot: TaskSnapshot = { ...suite.task("1", "error"), steps: [suite.step("1", "first", "error")] }
      const store = Layer.succeed(TaskStore.TaskStore, {
        ...uniform(() => Effect.die("full") as never),
        get: () => Effect.succeedSome(snapshot)
      })
      const { reason } = yield* Effect.flip(TaskRunner.resolveStep("1", first, 1)).pipe(
        Effect.provide(recorder.layer({}, { store }))
      )
      assert.strictEqual(reason._tag, "StoreFailed")
    }).pipe(Effect.provide(warnings().layer)))

  it.effect("leaves a task alone that the store knows as running and that does not run here", () =>
    Effect.gen(function*() {
      const store = yield* TaskStore.TaskStore
      for (const state of ["pending", "in_progress"] as const) {
        yield* store.saveTask(suite.task("1", state), [suite.step("1", "first", "error")])
        const cancelled = yield* Effect.flip(TaskRunner.cancel("1"))
        const resolved = yield* Effect.flip(TaskRunner.resolveStep("1", first, 1))
        assert.deepStrictEqual([cancelled.reason._tag, resolved.reason._tag], ["NotRunning", "NotRunning"])
        assert.include(cancelled.message, `"${state}" but does not run in this process`)
      }
    }).pipe(Effect.provide(recorder.layer())))

  it.effect("finds a step by its name, before the end and after it", () =>
    Effect.gen(function*() {
      const make = (name: string) =>
        Step.make(name, { retry: { maximumAttempts: 1 }, run: () => Effect.fail<string>("no") })
      const task = Task.make("t", {
        input: Schema.Void,
        steps: [make("a"), make("b"), Step.make("slow", { run: () => Effect.sleep("1 second") })]
      })
      const { fiber, taskId } = yield* TaskRunner.start(task, undefined)
      yield* recorder.advance("0 seconds")
      yield* TaskRunner.resolveStep(taskId, make("a"), undefined as never)
      const before = yield* Effect.flip(TaskRunner.resolveStep(taskId, make("c"), undefined as never))
      yield* recorder.advance("1 second")
      yield* Fiber.await(fiber)
      const { state } = yield* TaskRunner.resolveStep(taskId, make("b"), undefined as never)
      const after = yield* Effect.flip(TaskRunner.resolveStep(taskId, make("c"), undefined as never))
      assert.strictEqual(state, "resolved_manually")
      assert.deepStrictEqual([before.message, after.message], Array(2).fill(`task ${taskId} has no step "c"`))
    }).pipe(Effect.provide(recorder.layer())))

  it.effect("warns once where the context has another store than the runner", () => {
    const { layer, messages } = warnings()
    return Effect.gen(function*() {
      const other = yield* Layer.build(Layer.fresh(TaskStore.layerMemory))
      const store = Context.get(other, TaskStore.TaskStore)
      yield* Effect.repeat(Effect.provideService(TaskRunner.run(Sum, {}), TaskStore.TaskStore, store), { times: 2 })
      yield* TaskRunner.run(Sum, {})
      assert.lengthOf(messages, 1)
      assert.include(String(messages[0]), "the part taskStore")
    }).pipe(Effect.scoped, Effect.provide(Layer.merge(recorder.layer(), layer)))
  })
})
