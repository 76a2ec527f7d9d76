import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Layer, Schema, Scope } from "effect"
import { LogDestination, Step, Task, TaskRunner, Telemetry } from "tasker-telemetry"

const wait = Step.make("wait", { run: () => Effect.never })
const Endless = Task.make("endless", { input: Schema.Struct({}), steps: [wait] })

describe("Telemetry.layer", () => {
  it.effect("still sees how started tasks are cancelled when it closes", () =>
    Effect.gen(function*() {
      const lines: Array<string> = []
      const scope = yield* Scope.make()
      const context = yield* Layer.buildWithScope(
        Telemetry.layer({}, { logDestination: LogDestination.layer((line) => void lines.push(line)) }),
        scope
      )
      yield* Effect.provide(TaskRunner.start(Endless, {}), context)
      yield* Effect.yieldNow
      yield* Scope.close(scope, Exit.void)
      const events = lines.map((line) => (JSON.parse(line) as { readonly event: string }).event)
      assert.deepStrictEqual(events.slice(-2), ["step.cancelled", "task.cancelled"])
    }))
})
