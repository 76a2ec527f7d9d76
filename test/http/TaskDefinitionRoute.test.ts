/**
 * The definitions of the served tasks over HTTP.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import * as TaskReport from "../../src/http/TaskReport.ts"
import * as server from "./server.ts"
import { Hang, ProcessOrder } from "./tasks.ts"

const tasks = [ProcessOrder, Hang] as const

const options = {
  execution: { concurrency: 3, maximumAttempts: 4 },
  backoff: { delays: ["1 second"], multiplier: 2, maximum: "1 minute", jitter: 0 }
} as const

const decode = <A>(schema: Schema.Codec<A, unknown>, body: unknown) =>
  Effect.orDie(Schema.decodeUnknownEffect(schema, { onExcessProperty: "error", errors: "all" })(body))

describe("GET /task-definitions", () => {
  it.effect("lists the tasks that are served", () =>
    Effect.gen(function*() {
      const { body, status } = yield* server.get("/tasker/task-definitions")
      assert.strictEqual(status, 200)
      yield* decode(TaskReport.Definitions, body)
      assert.deepStrictEqual(body, {
        definitions: [
          { name: "hang", namespace: "default", version: "0.1.0", steps: 1 },
          { name: "process_order", namespace: "default", version: "0.1.0", steps: 2 }
        ]
      })
    }).pipe(Effect.provide(server.layer(tasks))))

  it.effect("shows one with its graph, its concurrency and its retries", () =>
    Effect.gen(function*() {
      const { body, status } = yield* server.get("/tasker/task-definitions/process_order")
      assert.strictEqual(status, 200)
      yield* decode(TaskReport.Definition, body)
      const retry = { maximumAttempts: 4, delaysSeconds: [1], multiplier: 2, maximumSeconds: 60, jitter: 0 }
      assert.deepStrictEqual(body, {
        name: "process_order",
        namespace: "default",
        version: "0.1.0",
        concurrency: 3,
        nodes: [
          { name: "load", level: 0, dependsOn: [], skippable: false, retry },
          { name: "charge", level: 1, dependsOn: ["load"], skippable: false, retry }
        ],
        edges: [{ from: "load", to: "charge" }]
      })
    }).pipe(Effect.provide(server.layer(tasks, options))))

  it.effect("answers 404 for a task that is not served, with those that are", () =>
    Effect.gen(function*() {
      const { body, status } = yield* server.get("/tasker/task-definitions/nothing")
      assert.deepStrictEqual([status, body.error, body.known], [404, "unknown_task", ["hang", "process_order"]])
    }).pipe(Effect.provide(server.layer(tasks))))
})
