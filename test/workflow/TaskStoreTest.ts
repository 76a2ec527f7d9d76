/**
 * What every task store does. A store that keeps nothing is not one of them.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, type Layer, Option } from "effect"
import { type StepRecord, type TaskRecord, TaskStore } from "../../src/workflow/TaskStore.ts"
import * as TestTelemetry from "../support/TestTelemetry.ts"

export const task = (id: string, state: TaskRecord["state"] = "pending"): TaskRecord => ({
  id,
  name: "order",
  namespace: "default",
  version: "0.1.0",
  correlationId: `c-${id}`,
  state,
  createdAt: 1,
  startedAt: undefined,
  endedAt: undefined,
  durationSeconds: undefined,
  error: undefined
})

export const step = (taskId: string, name: string, state: StepRecord["state"] = "pending"): StepRecord => ({
  id: `${taskId}/${name}`,
  name,
  dependsOn: [],
  state,
  attempts: 0,
  maximumAttempts: 3,
  queueSeconds: 0,
  workSeconds: 0,
  backoffSeconds: 0,
  startedAt: undefined,
  endedAt: undefined,
  nextAttemptAt: undefined,
  error: undefined
})

/** Runs the contract against a store that keeps the three tasks that ended last. */
export const suite = (name: string, layer: Layer.Layer<TaskStore>) => {
  const bounded = <A, E>(effect: Effect.Effect<A, E, TaskStore>) =>
    effect.pipe(
      Effect.provide(layer, { local: true }),
      Effect.provide(TestTelemetry.settings({ execution: { storedTasks: 3 } }))
    )

  describe(`TaskStore: ${name}`, () => {
    it.effect("gives back what was saved, steps in their order", () =>
      bounded(Effect.gen(function*() {
        const store = yield* TaskStore
        yield* store.saveTask(task("1"), [step("1", "b"), step("1", "a")])
        assert.deepStrictEqual(
          yield* store.get("1"),
          Option.some({ ...task("1"), steps: [step("1", "b"), step("1", "a")] })
        )
        assert.deepStrictEqual(yield* store.get("2"), Option.none())
      })))

    it.effect("replaces a task and a step without moving it", () =>
      bounded(Effect.gen(function*() {
        const store = yield* TaskStore
        yield* store.saveTask(task("1"), [step("1", "b"), step("1", "a")])
        yield* store.updateTask(task("1", "in_progress"))
        yield* store.updateStep("1", step("1", "b", "complete"))
        assert.deepStrictEqual(
          yield* store.get("1"),
          Option.some({ ...task("1", "in_progress"), steps: [step("1", "b", "complete"), step("1", "a")] })
        )
      })))

    it.effect("replaces a task with all its steps where it is saved once more, without moving it", () =>
      bounded(Effect.gen(function*() {
        const store = yield* TaskStore
        yield* store.saveTask(task("1"), [step("1", "a")])
        yield* store.saveTask(task("2"), [])
        yield* store.saveTask(task("1", "complete"), [step("1", "a", "complete"), step("1", "b", "complete")])
        assert.deepStrictEqual(
          yield* store.get("1"),
          Option.some({ ...task("1", "complete"), steps: [step("1", "a", "complete"), step("1", "b", "complete")] })
        )
        assert.deepStrictEqual((yield* store.list()).map(({ id }) => id), ["2", "1"])
      })))

    it.effect("takes the records of different steps at the same time", () =>
      bounded(Effect.gen(function*() {
        const store = yield* TaskStore
        const names = Array.from({ length: 64 }, (_, index) => `s${index}`)
        yield* store.saveTask(task("1"), names.map((name) => step("1", name)))
        yield* Effect.forEach(names, (name) => store.updateStep("1", step("1", name, "complete")), {
          concurrency: "unbounded"
        })
        assert.deepStrictEqual(
          Option.getOrThrow(yield* store.get("1")).steps,
          names.map((name) => step("1", name, "complete"))
        )
      })))

    it.effect("has at once what it was told, for every reader", () =>
      bounded(Effect.gen(function*() {
        const store = yield* TaskStore
        yield* store.saveTask(task("1"), [step("1", "a")])
        for (const state of ["in_progress", "error", "pending", "in_progress", "complete"] as const) {
          yield* store.updateStep("1", step("1", "a", state))
          assert.strictEqual(Option.getOrThrow(yield* store.get("1")).steps[0]?.state, state)
        }
        yield* store.updateTask(task("1", "complete"))
        assert.deepStrictEqual([(yield* store.list())[0]?.state, yield* store.counts], ["complete", { complete: 1 }])
      })))

    it.effect("ignores an update of a task that is not there", () =>
      bounded(Effect.gen(function*() {
        const store = yield* TaskStore
        yield* store.updateTask(task("1", "complete"))
        yield* store.updateStep("1", step("1", "a"))
        assert.deepStrictEqual(yield* store.get("1"), Option.none())
        assert.deepStrictEqual(yield* store.list(), [])
      })))

    it.effect("is not changed by what is done to a snapshot", () =>
      bounded(Effect.gen(function*() {
        const store = yield* TaskStore
        yield* store.saveTask(task("1"), [step("1", "a")])
        const first = Option.getOrThrow(yield* store.get("1"))
        yield* store.updateStep("1", step("1", "a", "complete"))
        assert.strictEqual(first.steps[0]?.state, "pending")
        ;(first.steps as Array<StepRecord>).pop()
        assert.lengthOf(Option.getOrThrow(yield* store.get("1")).steps, 1)
      })))

    it.effect("lists the newest first, in pages of 20", () =>
      bounded(Effect.gen(function*() {
        const store = yield* TaskStore
        for (let index = 1; index <= 30; index++) yield* store.saveTask(task(String(index)), [])
        const ids = (tasks: ReadonlyArray<TaskRecord>) => tasks.map(({ id }) => Number(id))
        assert.deepStrictEqual(ids(yield* store.list()), Array.from({ length: 20 }, (_, index) => 30 - index))
        assert.deepStrictEqual(ids(yield* store.list({ limit: 2, offset: 1 })), [29, 28])
        assert.deepStrictEqual(ids(yield* store.list({ offset: 28 })), [2, 1])
        assert.notProperty((yield* store.list())[0], "steps")
      })))

    it.effect("counts tasks by state", () =>
      bounded(Effect.gen(function*() {
        const store = yield* TaskStore
        yield* store.saveTask(task("1"), [])
        yield* store.saveTask(task("2", "in_progress"), [])
        yield* store.saveTask(task("3"), [])
        yield* store.updateTask(task("1", "complete"))
        assert.deepStrictEqual(yield* store.counts, { complete: 1, in_progress: 1, pending: 1 })
      })))

    it.effect("keeps every running task and those that ended last", () =>
      bounded(Effect.gen(function*() {
        const store = yield* TaskStore
        for (let index = 1; index <= 10; index++) yield* store.saveTask(task(String(index)), [])
        for (const index of [5, 1, 2, 3, 4]) yield* store.updateTask(task(String(index), "complete"))
        assert.deepStrictEqual((yield* store.list()).map(({ id, state }) => `${id} ${state}`), [
          "10 pending",
          "9 pending",
          "8 pending",
          "7 pending",
          "6 pending",
          "4 complete",
          "3 complete",
          "2 complete"
        ])
      })))

    it.effect("does not let go of a task that ended once and runs again", () =>
      bounded(Effect.gen(function*() {
        const store = yield* TaskStore
        yield* store.saveTask(task("again", "error"), [])
        yield* store.saveTask(task("again", "pending"), [])
        for (let index = 1; index <= 5; index++) yield* store.saveTask(task(String(index), "complete"), [])
        assert.isTrue(Option.isSome(yield* store.get("again")))
      })))
  })
}
