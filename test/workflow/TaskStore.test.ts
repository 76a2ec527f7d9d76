import { assert, describe, it } from "@effect/vitest"
import { Effect, Option } from "effect"
import * as TaskRunner from "../../src/workflow/TaskRunner.ts"
import * as TaskStore from "../../src/workflow/TaskStore.ts"
import * as recorder from "../support/recorder.ts"
import * as TestTelemetry from "../support/TestTelemetry.ts"
import { step, suite, task } from "./TaskStoreTest.ts"

suite("layerMemory", TaskStore.layerMemory)
suite("layerMemory behind a wait", recorder.layerYieldingStore)

describe("TaskStore.layerMemory, execution.storedSteps", () => {
  const bounded = <A, E>(effect: Effect.Effect<A, E, TaskStore.TaskStore>) =>
    Effect.provide(effect, TestTelemetry.layer(TaskStore.layerMemory, { execution: { storedSteps: 5 } }))
  const save = (store: TaskStore.TaskStore["Service"], id: string, steps: number, state: "complete" | "pending") =>
    store.saveTask(task(id, state), Array.from({ length: steps }, (_, index) => step(id, `s${index}`)))
  const ids = Effect.map(
    Effect.flatMap(TaskStore.TaskStore, (store) => store.list()),
    (tasks) => tasks.map(({ id }) => id)
  )

  it.effect("drops the tasks that ended first until the others have few enough steps", () =>
    bounded(Effect.gen(function*() {
      const store = yield* TaskStore.TaskStore
      yield* save(store, "1", 2, "complete")
      yield* save(store, "2", 2, "complete")
      yield* save(store, "3", 1, "complete")
      assert.deepStrictEqual(yield* ids, ["3", "2", "1"])
      yield* save(store, "4", 3, "complete")
      assert.deepStrictEqual(yield* ids, ["4", "3"])
      assert.deepStrictEqual(yield* store.counts, { complete: 2 })
    })))

  it.effect("keeps running tasks, and the last one that ended, whatever their size", () =>
    bounded(Effect.gen(function*() {
      const store = yield* TaskStore.TaskStore
      yield* save(store, "running", 9, "pending")
      yield* save(store, "1", 1, "complete")
      yield* save(store, "large", 9, "complete")
      assert.deepStrictEqual(yield* ids, ["large", "running"])
      yield* store.updateTask(task("running", "complete"))
      assert.deepStrictEqual(yield* ids, ["running"])
    })))

  it.effect("counts a task once that is saved or resolved after its end", () =>
    bounded(Effect.gen(function*() {
      const store = yield* TaskStore.TaskStore
      yield* save(store, "1", 3, "complete")
      for (let round = 0; round < 3; round++) yield* save(store, "2", 2, "complete")
      yield* store.updateTask(task("2", "resolved_manually"))
      assert.deepStrictEqual(yield* ids, ["2", "1"])
      yield* save(store, "2", 1, "complete")
      yield* save(store, "3", 1, "complete")
      assert.deepStrictEqual(yield* ids, ["3", "2", "1"])
    })))
})

describe("TaskStore.layerNoop", () => {
  it.effect("keeps nothing", () =>
    Effect.gen(function*() {
      const store = yield* TaskStore.TaskStore
      yield* store.saveTask(task("1"), [step("1", "a")])
      yield* store.updateTask(task("1", "complete"))
      assert.deepStrictEqual(yield* store.get("1"), Option.none())
      assert.deepStrictEqual(yield* store.list(), [])
      assert.deepStrictEqual(yield* store.counts, {})
      assert.strictEqual((yield* Effect.flip(TaskRunner.inspect("1"))).reason._tag, "TaskNotFound")
    }).pipe(Effect.provide(recorder.layer({}, { store: TaskStore.layerNoop }))))
})
