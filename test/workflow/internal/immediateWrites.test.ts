import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Option, Schema } from "effect"
import * as immediateWrites from "../../../src/workflow/internal/immediateWrites.ts"
import * as Step from "../../../src/workflow/Step.ts"
import * as Task from "../../../src/workflow/Task.ts"
import * as TaskRunner from "../../../src/workflow/TaskRunner.ts"
import * as TaskStore from "../../../src/workflow/TaskStore.ts"
import * as recorder from "../../support/recorder.ts"
import { step, task } from "../TaskStoreTest.ts"

const Only = Task.make("only", { input: Schema.Void, steps: [Step.make("one", { run: () => Effect.void })] })

describe("immediateWrites", () => {
  it.effect("are those of the effects of the memory store, which do nothing before they run", () =>
    Effect.gen(function*() {
      const store = yield* TaskStore.TaskStore
      const save = store.saveTask(task("1"), [step("1", "a")])
      assert.deepStrictEqual(yield* store.get("1"), Option.none())
      yield* save
      immediateWrites.find(store)?.updateStep("1", step("1", "a", "complete"))
      immediateWrites.find(store)?.updateTask(task("1", "complete"))
      assert.deepStrictEqual(
        yield* store.get("1"),
        Option.some({ ...task("1", "complete"), steps: [step("1", "a", "complete")] })
      )
    }).pipe(Effect.provide(recorder.layer())))

  it.effect("belong to the memory store, not to a store that is made of it", () =>
    Effect.gen(function*() {
      const calls: Array<string> = []
      const made = Layer.provide(
        Layer.effect(
          TaskStore.TaskStore,
          Effect.map(TaskStore.TaskStore, (memory) =>
            TaskStore.TaskStore.of({
              ...memory,
              updateStep: (taskId, record) =>
                Effect.andThen(Effect.sync(() => calls.push(record.state)), memory.updateStep(taskId, record))
            }))
        ),
        TaskStore.layerMemory
      )
      const inheriting = Layer.provide(
        Layer.effect(TaskStore.TaskStore, Effect.map(TaskStore.TaskStore, (memory) => Object.create(memory))),
        TaskStore.layerMemory
      )
      yield* Effect.provide(TaskRunner.run(Only, undefined), recorder.layer({}, { store: made }))
      assert.deepStrictEqual(calls, ["in_progress", "complete"])
      const store = yield* Effect.provide(TaskStore.TaskStore, recorder.layer({}, { store: inheriting }))
      assert.isUndefined(immediateWrites.find(store))
    }))
})
