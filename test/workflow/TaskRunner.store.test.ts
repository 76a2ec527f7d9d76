import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Schema } from "effect"
import { Step, Task, TaskRunner, TaskStore } from "tasker-telemetry"
import * as recorder from "../support/recorder.ts"

const first = Step.make("first", { run: () => Effect.succeed(1) })
const second = Step.make("second", { dependsOn: [first], run: ({ results }) => Effect.succeed(results.first + 1) })
const Sum = Task.make("sum", { input: Schema.Struct({}), steps: [first, second] })

const broken = Layer.succeed(TaskStore, {
  saveTask: () => Effect.die("no disk"),
  updateTask: () => Effect.die("no disk"),
  updateStep: () => Effect.die("no disk"),
  get: () => Effect.succeedNone,
  list: () => Effect.succeed([]),
  counts: Effect.succeed({})
})

describe("TaskRunner", () => {
  it.effect("runs a task to its end although its store dies at every write", () =>
    Effect.gen(function*() {
      const { results, steps } = yield* TaskRunner.run(Sum, {})
      assert.deepStrictEqual(results, { first: 1, second: 2 })
      assert.deepStrictEqual(steps.map((step) => step.state), ["complete", "complete"])
    }).pipe(Effect.provide(recorder.layer({}, { store: broken }))))
})
