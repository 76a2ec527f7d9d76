import { assert, describe, it } from "@effect/vitest"
import { Effect, Option } from "effect"
import * as TaskRunner from "../../src/workflow/TaskRunner.ts"
import * as TaskStore from "../../src/workflow/TaskStore.ts"
import * as recorder from "../support/recorder.ts"
import { step, suite, task } from "./TaskStoreTest.ts"

suite("layerMemory", TaskStore.layerMemory)
suite("layerMemory behind a wait", recorder.layerYieldingStore)

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
