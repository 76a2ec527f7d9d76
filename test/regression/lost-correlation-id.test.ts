/**
 * D3: the correlation id lived in a thread local; pool threads made ids of their own and events carried none.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Schema } from "effect"
import * as Correlation from "../../src/Correlation.ts"
import * as Step from "../../src/workflow/Step.ts"
import * as Task from "../../src/workflow/Task.ts"
import * as TaskRunner from "../../src/workflow/TaskRunner.ts"
import * as recorder from "../support/recorder.ts"

describe("D3 lost correlation id", () => {
  it.effect("gives the caller's id to every fiber and every event of the task", () =>
    Effect.gen(function*() {
      const seen: Array<string | undefined> = []
      const note = Effect.map(Correlation.CorrelationId, (id) => void seen.push(id))
      const inner = Task.make("inner", { input: Schema.Void, steps: [Step.make("leaf", { run: () => note })] })
      const forking = Step.make("forking", {
        timeout: "1 minute",
        run: () =>
          Effect.gen(function*() {
            yield* note
            yield* Effect.forEach([1, 2], () => Effect.andThen(Effect.sleep("1 second"), note), { concurrency: 2 })
            yield* Fiber.join(yield* Effect.forkChild(note))
            yield* Fiber.join(yield* Effect.forkDetach(note))
          })
      })
      const nested = Step.make("nested", { dependsOn: [forking], run: () => TaskRunner.run(inner, undefined) })
      const flaky = Step.make("flaky", {
        run: ({ attempt }) => Effect.andThen(note, attempt === 1 ? Effect.fail("again") : Effect.void)
      })
      const outer = Task.make("outer", { input: Schema.Void, steps: [forking, nested, flaky] })
      const fiber = yield* Effect.forkChild(Correlation.withCorrelationId("req-42")(TaskRunner.run(outer, undefined)))
      yield* recorder.advance("1 minute")
      assert.strictEqual((yield* Fiber.join(fiber)).correlationId, "req-42")
      assert.deepStrictEqual(seen, Array.from({ length: 8 }, () => "req-42"))
      const { events } = yield* recorder.Recorder
      assert.deepStrictEqual(new Set(events.map(({ correlationId }) => correlationId)), new Set(["req-42"]))
    }).pipe(Effect.provide(recorder.layer())))

  it.effect("makes one id for a task whose caller has none, and leaves the caller without", () =>
    Effect.gen(function*() {
      const task = Task.make("t", {
        input: Schema.Void,
        steps: [Step.make("s", { run: () => Correlation.CorrelationId })]
      })
      const { correlationId, results, taskId } = yield* TaskRunner.run(task, undefined)
      assert.match(correlationId, /^tsk_/)
      assert.notStrictEqual(correlationId, taskId)
      assert.strictEqual(results.s, correlationId)
      assert.isUndefined(yield* Correlation.CorrelationId)
      const { events } = yield* recorder.Recorder
      assert.deepStrictEqual(new Set(events.map((event) => event.correlationId)), new Set([correlationId]))
    }).pipe(Effect.provide(recorder.layer())))
})
