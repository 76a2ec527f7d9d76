/**
 * Bodies that are small and cost much: deep ones, and ones with many mistakes.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import * as Step from "../../src/workflow/Step.ts"
import * as Task from "../../src/workflow/Task.ts"
import * as server from "./server.ts"
import { Hang } from "./tasks.ts"

interface Tree {
  readonly child?: Tree
  readonly children?: ReadonlyArray<Tree>
}
const Tree = Schema.Struct({
  child: Schema.optionalKey(Schema.suspend((): Schema.Codec<Tree> => Tree)),
  children: Schema.optionalKey(Schema.Array(Schema.suspend((): Schema.Codec<Tree> => Tree)))
})
const Walk = Task.make("walk", { input: Tree, steps: [Step.make("walk", { run: () => Effect.void })] })
const Anything = Task.make("anything", {
  input: Schema.Unknown,
  steps: [Step.make("take", { run: () => Effect.void })]
})

const nest = (start: string, end: string, times: number, inner = "") =>
  `${start.repeat(times)}${inner}${end.repeat(times)}`

describe("POST /tasks", () => {
  it.effect.each(
    [
      ["objects of a recursive schema", "walk", nest("{\"child\":", "}", 100_000, "{}")],
      ["lists of a recursive schema", "walk", nest("{\"children\":[", "]}", 60_000)],
      ["lists in lists of any type", "anything", nest("[", "]", 500_000)],
      ["objects of any type", "anything", nest("{\"\":", "}", 200_000, "1")],
      ["a list one level too deep", "anything", nest("[", "]", 100)]
    ] as const
  )("answers 400 to %s", ([, name, context]) =>
    Effect.gen(function*() {
      const refused = yield* server.post("/tasker/tasks", `{"name":"${name}","context":${context}}`)
      assert.strictEqual(refused.status, 400)
      assert.deepStrictEqual(refused.body, {
        error: "invalid_request",
        message: "correct what the issues name and send it again",
        issues: [{ path: "", message: "the body has more than 100 levels of lists and objects" }]
      })
    }).pipe(Effect.provide(server.layer([Walk, Anything]))))

  it.effect("takes a body of a hundred levels", () =>
    Effect.gen(function*() {
      for (const context of [nest("[", "]", 99), nest("{\"child\":", "}", 98, "{}")]) {
        const name = context.startsWith("[") ? "anything" : "walk"
        const created = yield* server.post("/tasker/tasks", `{"name":"${name}","context":${context}}`)
        assert.strictEqual(created.status, 201, created.text)
      }
    }).pipe(Effect.provide(server.layer([Walk, Anything]))))

  it.effect("names the first twenty of many mistakes, and says how many others there are", () =>
    Effect.gen(function*() {
      const Numbers = Task.make("numbers", {
        input: Schema.Struct({ all: Schema.Array(Schema.Int) }),
        steps: [Step.make("add", { run: () => Effect.void })]
      })
      yield* Effect.gen(function*() {
        const refused = yield* server.post(
          "/tasker/tasks",
          `{"name":"numbers","context":{"all":[${Array(340_000).fill("\"\"").join(",")}]}}`
        )
        assert.strictEqual(refused.status, 400)
        assert.lengthOf(refused.body.issues, 21)
        assert.strictEqual(refused.body.issues[19].path, "context.all.19")
        assert.deepStrictEqual(refused.body.issues[20], {
          path: "context",
          message: "339980 further mistakes are left out"
        })
        const few = yield* server.post("/tasker/tasks", {
          name: "numbers",
          context: { all: Array(20).fill("") }
        })
        assert.lengthOf(few.body.issues, 20)
      }).pipe(Effect.provide(server.layer([Numbers])))
    }))

  it.effect("cuts the path of a mistake that a stranger's keys make long", () =>
    Effect.gen(function*() {
      const Counts = Task.make("counts", {
        input: Schema.Record(Schema.String, Schema.Record(Schema.String, Schema.Int)),
        steps: [Step.make("add", { run: () => Effect.void })]
      })
      yield* Effect.gen(function*() {
        const refused = yield* server.post("/tasker/tasks", {
          name: "counts",
          context: { ["k".repeat(400_000)]: Object.fromEntries(Array.from({ length: 50 }, (_, at) => [`n${at}`, "x"])) }
        })
        assert.strictEqual(refused.status, 400)
        assert.lengthOf(refused.body.issues, 21)
        assert.isBelow(refused.bytes.length, 10_000)
      }).pipe(Effect.provide(server.layer([Counts])))
    }))

  it.effect("answers 503 with Retry-After where as many tasks run as may", () =>
    Effect.gen(function*() {
      const start = server.post("/tasker/tasks", { name: "hang", context: {} })
      assert.strictEqual((yield* start).status, 201)
      const refused = yield* start
      assert.deepStrictEqual([refused.status, refused.headers["retry-after"]], [503, "5"])
      assert.deepStrictEqual(refused.body, {
        error: "too_many_tasks",
        message: "as many started tasks run as execution.startedTasks allows; try again later",
        limit: 1
      })
    }).pipe(Effect.provide(server.layer([Hang], { execution: { startedTasks: 1 } }))))
})
