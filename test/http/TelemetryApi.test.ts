/**
 * A typed client reads every answer with the schemas of the declaration, so what the document promises is what comes.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Schedule } from "effect"
import { FetchHttpClient, HttpClient, HttpClientRequest } from "effect/http"
import { HttpApiClient } from "effect/http-api"
import { TestClock } from "effect/testing"
import { TelemetryApi } from "../../src/http/TelemetryApi.ts"
import * as server from "./server.ts"
import { Hang, order, ProcessOrder } from "./tasks.ts"

const tasks = [ProcessOrder, Hang] as const

const client = Effect.flatMap(server.Target, ({ host, port }) =>
  HttpApiClient.make(TelemetryApi, {
    baseUrl: `http://${host}:${port}/tasker`,
    transformClient: HttpClient.mapRequest(HttpClientRequest.bearerToken("let-me-in"))
  }))

const layer = Layer.merge(
  server.layer(tasks, { http: { token: "let-me-in" }, logging: { runtimeLevels: true } }),
  FetchHttpClient.layer
)

describe("a client of TelemetryApi", () => {
  it.effect("starts, finds, shows and cancels runs", () =>
    Effect.gen(function*() {
      const { tasks } = yield* client
      const started = yield* tasks.start({ payload: { name: "process_order", context: order } })
      const run = yield* Effect.repeat(tasks.show({ params: { id: started.taskId } }), {
        until: ({ status }) => status === "complete",
        schedule: Schedule.recurs(2000)
      })
      assert.deepStrictEqual([run.name, run.correlationId], ["process_order", started.correlationId])
      assert.isAbove(run.steps.length, 0)
      const page = yield* tasks.list({ query: { task: "process_order", state: ["complete", "error"], limit: 5 } })
      assert.deepStrictEqual(page.tasks.map(({ taskId }) => taskId), [started.taskId])
      const hanging = yield* tasks.start({ payload: { name: "hang", context: {} } })
      const cancelled = yield* tasks.cancel({ params: { id: hanging.taskId } })
      assert.strictEqual(cancelled.status, "cancelled")
    }).pipe(Effect.provide(layer)))

  it.effect("reads the answers of all other routes", () =>
    Effect.gen(function*() {
      const { analytics, exports, health, logging, metrics, pages, tasks } = yield* client
      const { taskId } = yield* tasks.start({ payload: { name: "process_order", context: order } })
      yield* server.awaitStatus(taskId, "complete")
      assert.isTrue((yield* health.live()).alive)
      assert.deepStrictEqual((yield* health.ready()).checks["task_store"]?.status, "healthy")
      assert.strictEqual((yield* health.status()).tasks?.complete, 1)
      assert.strictEqual((yield* logging.show()).changeable, true)
      assert.strictEqual((yield* logging.change({ payload: { level: "Debug", for: "1 minute" } })).level, "Debug")
      assert.strictEqual((yield* analytics.performance({ query: { period: "1 hour" } })).runs, 1)
      assert.strictEqual((yield* analytics.bottlenecks({ query: {} })).runs, 1)
      assert.strictEqual((yield* analytics.run({ params: { id: taskId } })).state, "complete")
      assert.deepStrictEqual((yield* exports.status()).targets, [])
      assert.strictEqual((yield* exports.sync()).outcome, "not_shared")
      assert.include(yield* metrics.scrape(), "tasker_tasks_total")
      assert.property(yield* pages.document(), "paths")
      assert.include(yield* pages.docs(), "<h2 id=\"tasks\">")
      yield* TestClock.adjust("1 minute")
    }).pipe(Effect.provide(layer)))

  it.effect("fails with the refusal", () =>
    Effect.gen(function*() {
      const { tasks } = yield* client
      const refused = yield* Effect.flip(tasks.show({ params: { id: "none" } }))
      assert.deepInclude(refused, { error: "task_not_found" })
      const wrong = yield* Effect.flip(tasks.start({ payload: { name: "process_order", context: {} } }))
      assert.deepInclude(wrong, { error: "invalid_request" })
      assert.isAbove("issues" in wrong ? wrong.issues?.length ?? 0 : 0, 0)
    }).pipe(Effect.provide(layer)))
})
