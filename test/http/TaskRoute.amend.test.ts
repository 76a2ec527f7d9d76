/**
 * What a client says about a run when it starts it, and what it changes while the run waits.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import * as server from "./server.ts"
import { Hang, order, ProcessOrder } from "./tasks.ts"

const tasks = [ProcessOrder, Hang] as const

const start = (more: Readonly<Record<string, unknown>>) =>
  server.post("/tasker/tasks", { name: "process_order", context: order, ...more })

const patch = (taskId: string, body: unknown) =>
  server.send("PATCH", `/tasker/tasks/${taskId}`, { body, headers: { "content-type": "application/json" } })

const found = (query: string) =>
  Effect.map(server.get(`/tasker/tasks?${query}`), ({ body }) => body.tasks.map(({ taskId }: any) => taskId))

describe("POST /tasks", () => {
  it.effect("keeps tags, reason and initiator, by which runs are found", () =>
    Effect.gen(function*() {
      const { body } = yield* start({ tags: { region: "eu" }, reason: "month end", initiator: "ada" })
      const run = yield* server.awaitStatus(body.taskId, "complete")
      assert.deepInclude(run.body, { tags: { region: "eu" }, reason: "month end", initiator: "ada" })
      yield* start({})
      assert.deepStrictEqual(yield* found("initiator=ada"), [body.taskId])
      assert.deepStrictEqual(yield* found("reason=month%20end&tag=region:eu"), [body.taskId])
      assert.deepStrictEqual(yield* found("initiator=bob"), [])
    }).pipe(Effect.provide(server.layer(tasks))))

  it.effect("starts a run later", () =>
    Effect.gen(function*() {
      const { body } = yield* start({ startAfter: 600_000 })
      assert.strictEqual(body.status, "pending")
      const waiting = yield* server.get(`/tasker/tasks/${body.taskId}`)
      assert.strictEqual(waiting.body.scheduledFor, "1970-01-01T00:10:00.000Z")
      yield* TestClock.adjust("10 minutes")
      yield* server.awaitStatus(body.taskId, "complete")
    }).pipe(Effect.provide(server.layer(tasks))))

  it.effect("answers 400 for tags, texts and times that are none, and for fields that it does not know", () =>
    Effect.gen(function*() {
      const many = Object.fromEntries(Array.from({ length: 11 }, (_, index) => [`t${index}`, "x"]))
      for (
        const more of [
          { tags: { region: 7 } },
          { tags: ["eu"] },
          { tags: many },
          { tags: { region: "x".repeat(201) } },
          { tags: { "": "x" } },
          { tags: { ["x".repeat(101)]: "y" } },
          { reason: "" },
          { reason: "x".repeat(501) },
          { initiator: 7 },
          { startAfter: "soon" }
        ]
      ) {
        const refused = yield* start(more)
        assert.deepStrictEqual([refused.status, refused.body.error], [400, "invalid_request"], JSON.stringify(more))
      }
    }).pipe(Effect.provide(server.layer(tasks))))
})

describe("PATCH /tasks/:id", () => {
  it.effect("changes tags and reason of a run that waits, and answers 409 once it runs", () =>
    Effect.gen(function*() {
      const { body } = yield* start({ startAfter: "1 hour", tags: { region: "eu" }, initiator: "ada" })
      const amended = yield* patch(body.taskId, { tags: { region: "us" }, reason: "audit" })
      assert.strictEqual(amended.status, 200, amended.text)
      assert.deepInclude(amended.body, {
        status: "pending",
        tags: { region: "us" },
        reason: "audit",
        initiator: "ada"
      })
      yield* TestClock.adjust("1 hour")
      yield* server.awaitStatus(body.taskId, "complete")
      const refused = yield* patch(body.taskId, { reason: "late" })
      assert.deepStrictEqual([refused.status, refused.body.error, refused.body.status], [
        409,
        "already_started",
        "complete"
      ])
      assert.strictEqual((yield* patch("nobody", { reason: "late" })).status, 404)
    }).pipe(Effect.provide(server.layer(tasks))))

  it.effect("takes nothing else", () =>
    Effect.gen(function*() {
      const { body } = yield* start({ startAfter: "1 hour" })
      for (const change of [{}, { initiator: "ada" }, { status: "complete" }, { tags: { region: null } }]) {
        const refused = yield* patch(body.taskId, change)
        assert.strictEqual(refused.status, 400, JSON.stringify(change))
      }
      const cancelled = yield* server.send("DELETE", `/tasker/tasks/${body.taskId}`)
      assert.strictEqual(cancelled.body.status, "cancelled")
    }).pipe(Effect.provide(server.layer(tasks))))
})
