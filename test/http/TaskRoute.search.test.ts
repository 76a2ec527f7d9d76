import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Schema } from "effect"
import { TestClock } from "effect/testing"
import * as TaskReport from "../../src/http/TaskReport.ts"
import * as TaskStore from "../../src/workflow/TaskStore.ts"
import { step, task } from "../workflow/TaskStoreTest.ts"
import * as server from "./server.ts"
import { Fail, ProcessOrder } from "./tasks.ts"

const tasks = [ProcessOrder, Fail] as const

const failure = { type: "Refused", message: "no" }

/** Three runs: one of them is tried again, one waits for a slot, one has ended. */
const fill = Effect.gen(function*() {
  const store = yield* TaskStore.TaskStore
  yield* TestClock.setTime(10_000)
  yield* store.saveTask(
    { ...task("1", "in_progress"), tags: { region: "eu", note: "a:b" }, instance: "shop-1", concurrency: 1 },
    [step("1", "a", "error", { nextAttemptAt: 20_000, error: failure }), step("1", "b")]
  )
  yield* store.saveTask({ ...task("2", "in_progress"), createdAt: 9000, instance: "shop-2", concurrency: 1 }, [
    step("2", "a", "in_progress"),
    step("2", "b")
  ])
  yield* store.saveTask({
    ...task("3", "error"),
    name: "mail",
    version: "2",
    tags: { region: "us" },
    durationSeconds: 4,
    error: failure
  }, [])
})

const decode = <A>(schema: Schema.Codec<A, unknown>, body: unknown) =>
  Effect.orDie(Schema.decodeUnknownEffect(schema, { onExcessProperty: "error", errors: "all" })(body))

const ask = Effect.fnUntraced(function*(query: string) {
  const answer = yield* server.get(`/tasker/tasks${query}`)
  assert.strictEqual(answer.status, 200, answer.text)
  return yield* decode(TaskReport.Tasks, answer.body)
})

const found = (query: string) => Effect.map(ask(query), ({ tasks }) => tasks.map(({ taskId }) => taskId).join(""))

const filled = <A, E>(effect: Effect.Effect<A, E, server.Target>) =>
  Effect.andThen(fill, effect).pipe(Effect.provide(server.layer(tasks)))

describe("GET /tasks with filters", () => {
  it.effect("finds runs by what they are and by what they do", () =>
    filled(Effect.gen(function*() {
      const expected: ReadonlyArray<readonly [query: string, ids: string]> = [
        ["", "321"],
        ["?task=order", "21"],
        ["?version=2", "3"],
        ["?state=in_progress", "21"],
        ["?state=error&state=pending", "3"],
        ["?tag=region:eu", "1"],
        ["?tag=region:eu&tag=region:eu", "1"],
        ["?tag=region:eu&tag=note:a:b", "1"],
        ["?tag=region:eu&tag=note:a", ""],
        ["?errorType=Refused", "31"],
        ["?instance=shop-2", "2"],
        ["?olderThan=2%20seconds", "31"],
        ["?newerThan=2000", "2"],
        ["?retrying=true", "1"],
        ["?retrying=false", "32"],
        ["?waiting=true", "2"],
        ["?sort=oldest", "123"],
        ["?sort=slowest&limit=1", "3"],
        ["?sort=fastest&limit=1", "3"],
        ["?sort=state", "213"],
        ["?task=order&state=in_progress&waiting=false", "1"]
      ]
      for (const [query, ids] of expected) assert.strictEqual(yield* found(query), ids, query)
    })))

  it.effect("shows tags, instance and concurrency, in the list and alone", () =>
    filled(Effect.gen(function*() {
      const shown = { tags: { region: "eu", note: "a:b" }, instance: "shop-1", concurrency: 1 }
      assert.deepInclude((yield* ask("?tag=region:eu")).tasks[0], shown)
      const alone = yield* decode(TaskReport.TaskWithSteps, (yield* server.get("/tasker/tasks/1")).body)
      assert.deepInclude(alone, shown)
      assert.deepInclude(alone.steps[0], { errorType: "Refused", nextAttemptAt: "1970-01-01T00:00:20.000Z" })
      assert.deepStrictEqual((yield* ask("?instance=shop-2")).tasks[0]?.tags, {})
    })))

  it.effect("gives pages by a cursor", () =>
    filled(Effect.gen(function*() {
      const first = yield* ask("?limit=2")
      assert.deepStrictEqual(first.tasks.map(({ taskId }) => taskId), ["3", "2"])
      const second = yield* ask(`?limit=2&cursor=${encodeURIComponent(first.cursor ?? "")}`)
      assert.deepStrictEqual([second.tasks.map(({ taskId }) => taskId), second.cursor], [["1"], undefined])
    })))

  it.effect("shows the tags that a run is started with, and no secret in a tag", () =>
    Effect.gen(function*() {
      const store = yield* TaskStore.TaskStore
      yield* store.saveTask({ ...task("1"), tags: { password: "hunter2", note: "token=hunter2" } }, [])
      const { text } = yield* server.get("/tasker/tasks")
      assert.notInclude(text, "hunter2")
      assert.include(text, "[FILTERED]")
    }).pipe(Effect.provide(server.layer(tasks))))

  it.effect.each(
    [
      ["state=done", "state", "pending, in_progress, complete, error, cancelled, resolved_manually"],
      ["state=pending&state=done", "state", "pending, in_progress"],
      ["tag=region", "tag", "region:eu"],
      ["tag=:eu", "tag", "region:eu"],
      ["tag=region:eu&tag=region:us", "tag", "one value for each tag"],
      ["retrying=yes", "retrying", "true, false"],
      ["waiting=", "waiting", "true, false"],
      ["sort=size", "sort", "newest, oldest, slowest, fastest, latest_start, earliest_start, state"],
      ["olderThan=soon", "olderThan", "1 hour"],
      ["newerThan=0", "newerThan", "1 hour"],
      ["task=", "task", ""],
      ["cursor=7", "cursor", "the same sort"],
      ["sort=oldest&cursor=newest~1~1~1", "cursor", "the same sort"],
      ["tags=region:eu", "tags", "errorType, instance, initiator, reason, olderThan"],
      ["__proto__=1", "__proto__", "expected one of task"]
    ] as const
  )("answers 400 to %s, with what is allowed", ([query, path, allowed]) =>
    Effect.gen(function*() {
      const { body, status } = yield* server.get(`/tasker/tasks?${query}`)
      assert.strictEqual(status, 400)
      const [issue] = body.issues
      assert.strictEqual(String(issue.path).split(".")[0], path)
      assert.include(issue.message, allowed)
    }).pipe(Effect.provide(server.layer(tasks))))

  it.effect("needs the token where metrics do", () =>
    Effect.gen(function*() {
      for (const path of ["/tasker/tasks", "/tasker/tasks/1"]) {
        assert.strictEqual((yield* server.get(path)).status, 401)
        const allowed = yield* server.get(path, { authorization: "Bearer see-tasks" })
        assert.notStrictEqual(allowed.status, 401)
      }
    }).pipe(Effect.provide(server.layer(tasks, { http: { token: "see-tasks" }, metrics: { authRequired: true } }))))

  it.effect("answers 503 if the store fails", () =>
    Effect.gen(function*() {
      const { body, status } = yield* server.get("/tasker/tasks?task=order")
      assert.deepStrictEqual([status, body.error], [503, "task_store_failed"])
    }).pipe(Effect.provide(
      server.layer(tasks).pipe(Layer.provide(
        Layer.effect(
          TaskStore.TaskStore,
          Effect.map(TaskStore.TaskStore, (store) => ({
            ...store,
            search: () => Effect.die("no disk")
          }))
        ).pipe(Layer.provide(TaskStore.layerMemory))
      ))
    )))
})
