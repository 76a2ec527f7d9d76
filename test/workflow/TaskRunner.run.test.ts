import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Schema } from "effect"
import { TestClock } from "effect/testing"
import * as Step from "../../src/workflow/Step.ts"
import * as Task from "../../src/workflow/Task.ts"
import * as TaskRunner from "../../src/workflow/TaskRunner.ts"
import { TaskStore } from "../../src/workflow/TaskStore.ts"
import * as recorder from "../support/recorder.ts"

const Order = Schema.Struct({ orderId: Schema.String, quantity: Schema.FiniteFromString })

const fetch = Step.make("fetch", {
  input: Order,
  run: ({ input }) => Effect.as(Effect.sleep("1 second"), { order: input.orderId, quantity: input.quantity })
})
const price = Step.make("price", {
  dependsOn: [fetch],
  run: ({ results }) => Effect.as(Effect.sleep("2 seconds"), results.fetch.quantity * 10)
})
const reserve = Step.make("reserve", {
  dependsOn: [fetch],
  run: ({ results }) => Effect.as(Effect.sleep("3 seconds"), `reserved ${results.fetch.order}`)
})
const charge = Step.make("charge", {
  dependsOn: [price, reserve],
  run: ({ attempt, results }) => Effect.succeed({ total: results.price, note: results.reserve, attempt })
})
const Diamond = Task.make("diamond", { input: Order, namespace: "shop", steps: [charge, reserve, price, fetch] })

describe("TaskRunner.run", () => {
  it.effect("runs a diamond in the order of its dependencies and gives the typed results", () =>
    Effect.gen(function*() {
      const fiber = yield* Effect.forkChild(
        TaskRunner.run(Diamond, { orderId: "o-1", quantity: "7" }, { correlationId: "req-1" })
      )
      yield* recorder.advance("10 seconds")
      const result = yield* Fiber.join(fiber)
      assert.deepStrictEqual(result.results, {
        fetch: { order: "o-1", quantity: 7 },
        price: 70,
        reserve: "reserved o-1",
        charge: { total: 70, note: "reserved o-1", attempt: 1 }
      })
      assert.strictEqual(result.correlationId, "req-1")
      assert.strictEqual(result.durationSeconds, 4)
      assert.deepStrictEqual(
        result.steps.map(({ name, state, queueSeconds, workSeconds }) => ({ name, state, queueSeconds, workSeconds })),
        [
          { name: "charge", state: "complete", queueSeconds: 0, workSeconds: 0 },
          { name: "reserve", state: "complete", queueSeconds: 0, workSeconds: 3 },
          { name: "price", state: "complete", queueSeconds: 0, workSeconds: 2 },
          { name: "fetch", state: "complete", queueSeconds: 0, workSeconds: 1 }
        ]
      )
      assert.deepStrictEqual(yield* recorder.secondsOf("step.execution_requested"), [
        "fetch@0",
        "reserve@1",
        "price@1",
        "charge@4"
      ])
    }).pipe(Effect.provide(recorder.layer())))

  it.effect("keeps the record of a task that ended", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(1_700_000_000_000)
      const fiber = yield* Effect.forkChild(TaskRunner.run(Diamond, { orderId: "o-1", quantity: "1" }))
      yield* recorder.advance("10 seconds")
      const { correlationId, taskId } = yield* Fiber.join(fiber)
      const { steps, ...task } = yield* TaskRunner.inspect(taskId)
      assert.deepStrictEqual(task, {
        id: taskId,
        name: "diamond",
        namespace: "shop",
        version: "0.1.0",
        correlationId,
        state: "complete",
        createdAt: 1_700_000_000_000,
        startedAt: 1_700_000_000_000,
        endedAt: 1_700_000_004_000,
        durationSeconds: 4,
        concurrency: 12,
        error: undefined
      })
      assert.deepStrictEqual(steps[1], {
        id: `${taskId}/reserve`,
        name: "reserve",
        dependsOn: ["fetch"],
        state: "complete",
        attempts: 1,
        maximumAttempts: 3,
        queueSeconds: 0,
        workSeconds: 3,
        backoffSeconds: 0,
        startedAt: 1_700_000_001_000,
        endedAt: 1_700_000_004_000,
        nextAttemptAt: undefined,
        error: undefined
      })
    }).pipe(Effect.provide(recorder.layer())))

  it.effect("shows states and times of a task that runs", () =>
    Effect.gen(function*() {
      const { taskId } = yield* TaskRunner.start(Diamond, { orderId: "o-1", quantity: "1" })
      yield* recorder.advance("3 seconds")
      const snapshot = yield* TaskRunner.inspect(taskId)
      assert.strictEqual(snapshot.state, "in_progress")
      assert.strictEqual(snapshot.endedAt, undefined)
      assert.deepStrictEqual(
        snapshot.steps.map(({ name, state, startedAt, endedAt }) => ({ name, state, startedAt, endedAt })),
        [
          { name: "charge", state: "pending", startedAt: undefined, endedAt: undefined },
          { name: "reserve", state: "in_progress", startedAt: 1000, endedAt: undefined },
          { name: "price", state: "complete", startedAt: 1000, endedAt: 3000 },
          { name: "fetch", state: "complete", startedAt: 0, endedAt: 1000 }
        ]
      )
    }).pipe(Effect.provide(recorder.layer())))

  it.effect("gives a step the results of its own dependencies and of no others", () =>
    Effect.gen(function*() {
      const seen: Array<unknown> = []
      const other = Step.make("other", { run: () => Effect.succeed("private") })
      const first = Step.make("first", { dependsOn: [other], run: () => Effect.succeed(1) })
      const second = Step.make("second", {
        dependsOn: [first],
        run: ({ results }) => Effect.sync(() => void seen.push({ ...results }))
      })
      yield* TaskRunner.run(Task.make("t", { input: Schema.Void, steps: [other, first, second] }), undefined)
      assert.deepStrictEqual(seen, [{ first: 1 }])
    }).pipe(Effect.provide(recorder.layer())))

  it.effect("leaves what a step acquires to the scope of the caller", () =>
    Effect.gen(function*() {
      const log: Array<string> = []
      const open = Step.make("open", { run: () => Effect.addFinalizer(() => Effect.sync(() => log.push("released"))) })
      yield* Effect.scoped(Effect.gen(function*() {
        yield* TaskRunner.run(Task.make("t", { input: Schema.Void, steps: [open] }), undefined)
        log.push("run returned")
      }))
      assert.deepStrictEqual(log, ["run returned", "released"])
    }).pipe(Effect.provide(recorder.layer())))

  it.effect("decodes the input before anything runs and names every mistake without its value", () =>
    Effect.gen(function*() {
      const canary = "hunter2-canary"
      const Input = Schema.Struct({
        customer: Schema.Struct({ age: Schema.Int }),
        items: Schema.Array(Schema.Struct({ sku: Schema.NonEmptyString })),
        kind: Schema.Literals(["a", "b"])
      })
      const step = Step.make("s", { run: () => Effect.die("must not run") })
      const error = yield* Effect.flip(
        TaskRunner.run(Task.make("strict", { input: Input, steps: [step] }), {
          customer: { age: canary as never },
          items: [{ sku: "ok" }, { sku: "" }],
          kind: canary as never
        })
      )
      assert.strictEqual(error.reason._tag, "InvalidInput")
      assert.deepStrictEqual(
        error.reason._tag === "InvalidInput" ? error.reason.issues.map(({ path }) => path) : [],
        ["customer.age", "items.1.sku", "kind"]
      )
      assert.notInclude(error.message, canary)
      assert.notInclude(JSON.stringify(error), canary)
      assert.deepStrictEqual(yield* recorder.lines, [])
      assert.deepStrictEqual(yield* Effect.flatMap(TaskStore, (store) => store.counts), {})
    }).pipe(Effect.provide(recorder.layer())))

  it.effect("inherits the caller's correlation id, and replaces one that is not valid", () =>
    Effect.gen(function*() {
      const task = Task.make("t", { input: Schema.Void, steps: [Step.make("s", { run: () => Effect.void })] })
      const replaced = yield* TaskRunner.run(task, undefined, { correlationId: "not valid!" })
      assert.match(replaced.correlationId, /^tsk_0_[A-Za-z0-9]{6}$/)
    }).pipe(Effect.provide(recorder.layer())))

  it.effect("refuses to look at, cancel or resolve a task that is not known", () =>
    Effect.gen(function*() {
      for (
        const effect of [
          TaskRunner.inspect("nobody"),
          TaskRunner.cancel("nobody"),
          TaskRunner.resolveStep("nobody", fetch, {
            order: "",
            quantity: 0
          })
        ]
      ) {
        const error = yield* Effect.flip<unknown, { readonly message: string }, TaskRunner.TaskRunner>(effect)
        assert.strictEqual(error.message, "no task nobody is known")
      }
    }).pipe(Effect.provide(recorder.layer())))
})
