import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Redacted } from "effect"
import * as MetricsRoute from "../../src/http/MetricsRoute.ts"
import { MetricStore } from "../../src/metrics/MetricStore.ts"
import * as TelemetryConfig from "../../src/TelemetryConfig.ts"
import * as server from "./server.ts"
import { order, ProcessOrder } from "./tasks.ts"

const tasks = [ProcessOrder] as const
const token = "scrape-me"

/** Every line is a comment or a sample, and every sample belongs to a declared family. */
const samplesOf = (text: string) => {
  const families = new Set<string>()
  const samples = new Map<string, number>()
  for (const line of text.trimEnd().split("\n")) {
    const comment = /^# (?:HELP|TYPE) ([a-z_:][a-z0-9_:]*) .+$/.exec(line)
    if (comment !== null) {
      families.add(comment[1]!)
      continue
    }
    const sample = /^([a-z_:][a-z0-9_:]*)(\{.*\})? (\S+)$/.exec(line)
    assert.isNotNull(sample, line)
    const [, name = "", labels = "", value] = sample ?? []
    assert.isTrue(families.has(name) || families.has(name.replace(/_(?:bucket|sum|count)$/, "")), line)
    assert.isFalse(samples.has(name + labels), line)
    samples.set(name + labels, Number(value))
  }
  return samples
}

describe("GET /metrics", () => {
  it.effect("gives the metrics of the tasks in the text format", () =>
    Effect.gen(function*() {
      const { body } = yield* server.post("/tasker/tasks", { name: "process_order", context: order })
      yield* server.awaitStatus(body.taskId, "complete")
      const answer = yield* server.get("/tasker/metrics")
      assert.strictEqual(answer.status, 200)
      assert.strictEqual(answer.headers["content-type"], "text/plain; version=0.0.4; charset=utf-8")
      assert.strictEqual(answer.headers["cache-control"], "no-store")
      assert.isTrue(answer.text.endsWith("\n"))
      const samples = samplesOf(answer.text)
      const total = [...samples].find(([name]) => name.startsWith("tasker_tasks_total{") && name.includes("complete"))
      assert.strictEqual(total?.[1], 1)
      assert.notInclude(answer.text, body.taskId)
    }).pipe(Effect.provide(server.layer(tasks))))

  it.effect("answers HEAD without a body", () =>
    Effect.gen(function*() {
      const answer = yield* server.send("HEAD", "/tasker/metrics")
      assert.deepStrictEqual([answer.status, answer.text], [200, ""])
    }).pipe(Effect.provide(server.layer(tasks))))

  it.effect.each([
    { metrics: { enabled: false } },
    { enabled: false }
  ])("answers 404 under %j", (options) =>
    Effect.gen(function*() {
      const answer = yield* server.get("/tasker/metrics")
      assert.strictEqual(answer.status, 404)
      assert.deepStrictEqual(answer.body, { error: "metrics_disabled" })
    }).pipe(Effect.provide(server.layer(tasks, options))))

  it.effect("needs the token where the configuration says so", () =>
    Effect.gen(function*() {
      for (const authorization of ["", "Bearer", "Bearer scrape-m", "Bearer scrape-mee", "Basic scrape-me"]) {
        const refused = yield* server.get("/tasker/metrics", { authorization })
        assert.strictEqual(refused.status, 401, authorization)
        assert.strictEqual(refused.headers["www-authenticate"], "Bearer")
        assert.strictEqual(refused.text, "")
        assert.notInclude(JSON.stringify(refused.headers), token)
      }
      assert.strictEqual((yield* server.get("/tasker/metrics")).status, 401)
      assert.strictEqual((yield* server.get("/tasker/metrics", { authorization: `bearer ${token}` })).status, 200)
    }).pipe(Effect.provide(server.layer(tasks, { http: { token }, metrics: { authRequired: true } }))))

  it.effect("does not tell those without the token whether there are metrics", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* server.get("/tasker/metrics")).status, 401)
      assert.strictEqual((yield* server.get("/tasker/metrics", { authorization: `Bearer ${token}` })).status, 404)
    }).pipe(
      Effect.provide(server.layer(tasks, { http: { token }, metrics: { authRequired: true, enabled: false } }))
    ))

  it.effect("is open where a token is set and not required", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* server.get("/tasker/metrics")).status, 200)
    }).pipe(Effect.provide(server.layer(tasks, { http: { token } }))))

  const handMade = (token: Redacted.Redacted<string> | undefined) =>
    Layer.effect(
      TelemetryConfig.Current,
      Effect.map(TelemetryConfig.make(), (config) => ({
        ...config,
        metrics: { ...config.metrics, authRequired: true },
        http: { token }
      }))
    )

  it.effect.each([undefined, Redacted.make("")])(
    "lets nobody in if the required token is %s",
    (token) =>
      Effect.gen(function*() {
        for (const authorization of ["", "Bearer ", "Bearer undefined"]) {
          assert.strictEqual((yield* server.get("/metrics", { authorization })).status, 401)
        }
      }).pipe(Effect.provide(
        server.serve(MetricsRoute.layer).pipe(Layer.provide([MetricStore.layerNoop, handMade(token)]))
      ))
  )

  const broken = Layer.effect(
    MetricStore,
    Effect.map(MetricStore, (store) => MetricStore.of({ ...store, snapshot: Effect.die(new Error("out of order")) }))
  ).pipe(Layer.provide(MetricStore.layerNoop))

  it.effect("answers a broken store with 500 and a line in the log", () =>
    Effect.gen(function*() {
      const answer = yield* server.get("/metrics")
      assert.deepStrictEqual([answer.status, answer.text], [500, "{\"error\":\"internal_error\"}"])
      assert.lengthOf(yield* server.logged("a request could not be handled"), 1)
    }).pipe(Effect.provide(
      server.serve(MetricsRoute.layer.pipe(
        Layer.provide(broken)
      )).pipe(Layer.provideMerge(server.telemetry()))
    )))
})
