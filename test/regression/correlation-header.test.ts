/**
 * D4: the functions that read and write the correlation header were there and nothing called them. No request was
 * continued and no response had the header.
 */
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import * as server from "../http/server.ts"
import { order, ProcessOrder } from "../http/tasks.ts"

it.effect("a correlation id goes from the request into the task and back into the response", () =>
  Effect.gen(function*() {
    const created = yield* server.post(
      "/tasker/tasks",
      { name: "process_order", context: order },
      { "x-correlation-id": "req-from-outside" }
    )
    assert.strictEqual(created.headers["x-correlation-id"], "req-from-outside")
    assert.strictEqual(created.body.correlationId, "req-from-outside")
    const task = yield* server.awaitStatus(created.body.taskId, "complete")
    assert.strictEqual(task.body.correlationId, "req-from-outside")
    const lines = (yield* server.logged("")).filter((line) => line.task_id === created.body.taskId)
    assert.isAbove(lines.length, 0)
    for (const line of lines) assert.include(JSON.stringify(line), "req-from-outside")
  }).pipe(Effect.provide(server.layer([ProcessOrder]))))

it.effect("a request without a correlation id gets one, and its task has the same", () =>
  Effect.gen(function*() {
    const created = yield* server.post("/tasker/tasks", { name: "process_order", context: order })
    assert.match(created.body.correlationId, /^tsk_/)
    assert.strictEqual(created.headers["x-correlation-id"], created.body.correlationId)
  }).pipe(Effect.provide(server.layer([ProcessOrder]))))
