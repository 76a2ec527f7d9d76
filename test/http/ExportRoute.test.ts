import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import type * as TelemetryConfig from "../../src/config/TelemetryConfig.ts"
import { ExportCoordinator } from "../../src/export/ExportCoordinator.ts"
import * as ExportLock from "../../src/export/ExportLock.ts"
import * as ExportTarget from "../../src/export/ExportTarget.ts"
import * as InstanceSync from "../../src/export/InstanceSync.ts"
import * as JsonFormat from "../../src/metrics/JsonFormat.ts"
import * as MetricSnapshot from "../../src/metrics/MetricSnapshot.ts"
import { quiet } from "../support/eventLoop.ts"
import * as exports from "../support/exports.ts"
import * as server from "./server.ts"

const layer = (options: TelemetryConfig.Options = {}) => server.layer([], options)

const add = (target: ExportTarget.ExportTarget) => ExportCoordinator.use((coordinator) => coordinator.add(target))

const path = "/tasker/metrics/export"

describe("POST /metrics/export", () => {
  it.live("answers with the metrics in a format", () =>
    Effect.gen(function*() {
      yield* exports.countJobs(4)
      const { headers, status, text } = yield* server.post(path, { format: "json" })
      assert.deepStrictEqual([status, headers["content-type"]], [200, JsonFormat.contentType])
      assert.match(String(headers["x-export-id"]), /^[0-9a-f-]{36}$/)
      const snapshot = yield* JsonFormat.decode(text)
      assert.strictEqual(MetricSnapshot.valueOf(snapshot, "jobs_total", { kind: "mail" }), 4)
    }).pipe(Effect.provide(layer())))

  it.live("exports to a target, and says what was exported", () =>
    Effect.gen(function*() {
      const target = ExportTarget.memory({ format: "csv" })
      yield* add(target)
      const { body, status } = yield* server.post(path, { target: "memory" })
      const [given] = yield* target.exports
      assert.strictEqual(status, 200)
      assert.deepInclude(body, {
        outcome: "exported",
        exportId: given!.exportId,
        target: "memory",
        format: "csv",
        exporter: "csv",
        bytes: given!.body.length
      })
    }).pipe(Effect.provide(layer())))

  it.live("says which formats and targets exist, what failed, and what is wrong with a request", () =>
    Effect.gen(function*() {
      yield* add(ExportTarget.make({ name: "broken", send: () => Effect.fail("no") }))
      const answers: Array<unknown> = []
      for (
        const request of [{ format: "xml" }, { target: "x" }, { target: "broken" }, { format: "json", target: "x" }, {}]
      ) {
        const { body, status } = yield* server.post(path, request)
        answers.push([status, body.error, body.supported ?? body.known ?? (status === 502 ? body.message : undefined)])
      }
      assert.deepStrictEqual(answers, [
        [404, "unsupported_format", ["csv", "json", "openmetrics", "otlp", "otlp_json", "prometheus"]],
        [404, "unknown_target", ["broken"]],
        [502, "export_failed", "target \"broken\" did not take the metrics: no"],
        [400, "invalid_request", undefined],
        [400, "invalid_request", undefined]
      ])
    }).pipe(Effect.provide(layer())))

  it.live("needs the token", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* server.post(path, { format: "json" })).status, 401)
      const authorization = { authorization: "Bearer secret" }
      assert.strictEqual((yield* server.post(path, { format: "json" }, authorization)).status, 200)
    }).pipe(Effect.provide(layer({ http: { token: "secret" } }))))

  it.live("is answered 404 if metrics are off", () =>
    Effect.gen(function*() {
      const { body, status } = yield* server.post(path, { format: "json" })
      assert.deepStrictEqual([status, body.error], [404, "metrics_disabled"])
    }).pipe(Effect.provide(layer({ metrics: { enabled: false } }))))
})

describe("POST /metrics/sync", () => {
  it.live("shares the metrics with the other instances, and says how that went", () =>
    Effect.gen(function*() {
      const { body, status } = yield* server.post("/tasker/metrics/sync", {})
      assert.strictEqual(status, 200)
      assert.deepInclude(body, { outcome: "synced", strategy: "local", success: true })
      const { body: after } = yield* server.get("/tasker/metrics/status")
      assert.deepInclude(after.instances, {
        strategy: "local",
        state: "synced",
        problem: null,
        reason: "the program provides a layer of this store"
      })
      assert.match(after.instances.instances[0].written, /^\d{4}-\d\d-\d\dT/)
      assert.deepStrictEqual(after.lock, { strategy: "local", reason: "the program provides a layer of this store" })
    }).pipe(Effect.provide(
      Layer.provideMerge(layer(), Layer.merge(InstanceSync.layerMemory(), ExportLock.layerMemory()))
    )))

  it.live("says that nothing is shared", () =>
    Effect.gen(function*() {
      const { body, status } = yield* server.post("/tasker/metrics/sync", {})
      assert.deepStrictEqual([status, body], [200, { outcome: "not_shared" }])
    }).pipe(Effect.provide(layer())))

  it.live("needs the token", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* server.post("/tasker/metrics/sync", {})).status, 401)
    }).pipe(Effect.provide(layer({ http: { token: "secret" } }))))
})

describe("GET /metrics/status", () => {
  it.live("says when a target is exported next that must be before its metrics expire, and why then", () =>
    Effect.gen(function*() {
      yield* add(ExportTarget.memory({ strategy: { beforeExpiry: true, onShutdown: false } }))
      yield* quiet
      const { body } = yield* server.get("/tasker/metrics/status")
      const { timing } = body.targets[0]
      assert.deepInclude(timing, { reason: "optimal_timing", extensionSeconds: 0 })
      assert.approximately(Date.parse(timing.export) - Date.now(), 24 * 3_600_000 - 90_000, 10_000)
    }).pipe(Effect.provide(layer())))

  it.live("has the state of each target, the formats and the last synchronisation", () =>
    Effect.gen(function*() {
      yield* add(ExportTarget.memory({ format: "csv" }))
      yield* add(ExportTarget.make({ name: "broken", send: () => Effect.fail("no") }))
      for (const target of ["memory", "broken"]) yield* server.post(path, { target })
      const sync = { strategy: "local", success: true, metricsCount: 1, seriesCount: 2, durationSeconds: 0.5 }
      yield* ExportCoordinator.use(({ cacheSynced }) => cacheSynced(sync))
      const { body, status } = yield* server.get("/tasker/metrics/status")
      assert.strictEqual(status, 200)
      assert.deepStrictEqual(body.formats.prometheus, ["prometheus"])
      assert.deepStrictEqual(body.lastSync, sync)
      const [memory, broken] = body.targets
      assert.deepInclude(memory, { name: "memory", format: "csv", state: "working", exports: 1, lastFailure: null })
      assert.match(memory.lastSuccess, /^\d{4}-\d\d-\d\dT/)
      assert.deepInclude(broken, { name: "broken", format: "none", state: "failing", failures: 1, lastSuccess: null })
      assert.strictEqual(broken.lastFailure.message, "target \"broken\" did not take the metrics: no")
    }).pipe(Effect.provide(layer())))
})
