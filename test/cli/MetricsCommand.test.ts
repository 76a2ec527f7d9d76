import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Layer, Schema } from "effect"
import { FetchHttpClient } from "effect/http"
import { TestConsole } from "effect/testing"
import * as TelemetryCommand from "../../src/cli/TelemetryCommand.ts"
import type * as TelemetryConfig from "../../src/config/TelemetryConfig.ts"
import { ExportCoordinator } from "../../src/export/ExportCoordinator.ts"
import * as ExportLock from "../../src/export/ExportLock.ts"
import * as ExportTarget from "../../src/export/ExportTarget.ts"
import * as InstanceSync from "../../src/export/InstanceSync.ts"
import * as ExportReport from "../../src/http/ExportReport.ts"
import * as JsonFormat from "../../src/metrics/JsonFormat.ts"
import * as MetricSnapshot from "../../src/metrics/MetricSnapshot.ts"
import * as server from "../http/server.ts"
import * as exports from "../support/exports.ts"

const service = (options: TelemetryConfig.Options = {}) =>
  Layer.provideMerge(
    server.layer([], options),
    Layer.merge(InstanceSync.layerMemory(), ExportLock.layerMemory())
  )

const call = (...args: ReadonlyArray<string>) =>
  Effect.gen(function*() {
    const { host, port } = yield* server.Target
    const [outBefore, errorBefore] = [(yield* TestConsole.logLines).length, (yield* TestConsole.errorLines).length]
    const url = `http://${host}:${port}/tasker`
    const code = yield* TelemetryCommand.run(["metrics", ...args, "--url", url]).pipe(
      Effect.provide(FetchHttpClient.layer)
    )
    return {
      code,
      out: (yield* TestConsole.logLines).slice(outBefore).join("\n"),
      error: (yield* TestConsole.errorLines).slice(errorBefore).join("\n")
    }
  })

const add = (...targets: ReadonlyArray<ExportTarget.ExportTarget>) =>
  ExportCoordinator.use((coordinator) => Effect.forEach(targets, coordinator.add))

const broken = ExportTarget.make({ name: "broken", send: () => Effect.fail("no") })

describe("metrics export", () => {
  it.effect("exports to all targets, and says which one failed", () =>
    Effect.gen(function*() {
      const target = ExportTarget.memory({ format: "json" })
      yield* add(broken, target)
      yield* exports.countJobs(4)
      const { code, error, out } = yield* call("export")
      assert.strictEqual(code, 6)
      assert.match(out, /broken +failed .*target "broken" did not take the metrics: no/)
      assert.match(out, /memory +exported +\d+ +\d+/)
      assert.strictEqual(error, "1 of 2 targets could not be exported to")
      assert.lengthOf(yield* target.exports, 1)
    }).pipe(Effect.provide(service())))

  it.effect("exports to one target, as JSON if asked", () =>
    Effect.gen(function*() {
      yield* add(ExportTarget.memory({ format: "csv" }))
      const { code, out } = yield* call("export", "--target", "memory", "--json")
      const [exported] = yield* Schema.decodeUnknownEffect(
        Schema.fromJsonString(Schema.Array(ExportReport.Exported))
      )(out)
      assert.strictEqual(code, 0)
      assert.deepInclude(exported, { outcome: "exported", target: "memory", format: "csv" })
    }).pipe(Effect.provide(service())))

  it.effect("is no failure if another instance exports to the target", () =>
    Effect.gen(function*() {
      const lock = yield* ExportLock.ExportLock
      yield* add(ExportTarget.make({ name: "shared", send: () => Effect.void }))
      const held = yield* lock.withLease("tasker-metrics-export:tasker:shared")(() => call("export"))
      const { code, out } = held.valueOrUndefined!
      assert.strictEqual(code, 0)
      assert.match(out, /shared +skipped .*another instance exports to it/)
    }).pipe(Effect.provide(service())))

  it.effect("prints the metrics in a format", () =>
    Effect.gen(function*() {
      yield* exports.countJobs(4)
      const { code, out } = yield* call("export", "--format", "json")
      const snapshot = yield* JsonFormat.decode(out)
      assert.strictEqual(code, 0)
      assert.strictEqual(MetricSnapshot.valueOf(snapshot, "jobs_total", { kind: "mail" }), 4)
    }).pipe(Effect.provide(service())))

  it.effect("has an exit code for each mistake", () =>
    Effect.gen(function*() {
      yield* add(broken)
      const called = yield* Effect.forEach([
        ["--format", "xml"],
        ["--target", "nowhere"],
        ["--target", "broken"],
        ["--format", "otlp"],
        ["--format", "json", "--target", "broken"]
      ], (args) => call("export", ...args))
      assert.deepStrictEqual(called.map(({ code }) => code), [5, 5, 6, 2, 2])
      assert.include(called[0]!.error, "no exporter has the format \"xml\"; there are csv, json")
      assert.include(called[1]!.error, "no target is called \"nowhere\"; there are broken")
      assert.include(called[3]!.error, "format \"otlp\" is no text")
      assert.include(called[4]!.error, "give --format or --target")
    }).pipe(Effect.provide(service())))

  it.effect("says that there is no target, that a token is missing, and that metrics are off", () =>
    Effect.gen(function*() {
      const { code, out } = yield* Effect.provide(call("export"), service(), { local: true })
      assert.deepStrictEqual([code, out], [0, "The service has no targets."])
      const guarded = yield* Effect.provide(
        call("export", "--format", "json"),
        service({ http: { token: "secret" } }),
        { local: true }
      )
      assert.strictEqual(guarded.code, 4)
      assert.include(guarded.error, "give the token with --token or in TASKER_HTTP_TOKEN")
      const off = yield* Effect.provide(
        call("export", "--format", "json"),
        service({ metrics: { enabled: false } }),
        { local: true }
      )
      assert.strictEqual(off.code, 5)
    }))

  it.effect("takes the token from its variable", () =>
    Effect.gen(function*() {
      const { code } = yield* call("export", "--format", "csv")
      assert.strictEqual(code, 0)
    }).pipe(
      Effect.provide([
        ConfigProvider.layer(ConfigProvider.fromUnknown({ TASKER_HTTP_TOKEN: "secret" })),
        service({ http: { token: "secret" } })
      ])
    ))
})

describe("metrics sync", () => {
  it.effect("says what all instances have", () =>
    Effect.gen(function*() {
      const { code, out } = yield* call("sync")
      assert.strictEqual(code, 0)
      assert.match(out, /^synced: \d+ metrics with \d+ series of all instances \(local\), /)
    }).pipe(Effect.provide(service())))

  it.effect("is no failure if the program shares no metrics", () =>
    Effect.gen(function*() {
      const { code, out } = yield* call("sync")
      assert.deepStrictEqual([code, out], [0, "The service shares no metrics with other instances."])
    }).pipe(Effect.provide(server.layer([]))))
})

describe("metrics status", () => {
  it.effect("shows targets, instances and leases, and has an exit code for a target that fails", () =>
    Effect.gen(function*() {
      yield* add(broken, ExportTarget.memory({ format: "csv", strategy: { beforeExpiry: true } }))
      const before = yield* call("status")
      assert.strictEqual(before.code, 0)
      assert.match(before.out, /memory +csv +unused +0 +0 +0 +- +- +\S+Z, optimal_timing/)
      assert.include(before.out, "Instances: local, unused; the program provides a layer of this store")
      assert.include(before.out, "Leases: local; the program provides a layer of this store")
      yield* call("export")
      const after = yield* call("status")
      assert.deepStrictEqual([after.code, after.error], [6, "exports to target \"broken\" fail"])
      assert.match(after.out, /broken +none +failing +0 +1 +0 +- +target "broken" did not take the metrics: no/)
      const only = yield* call("status", "--target", "memory", "--json")
      const { targets } = yield* Schema.decodeUnknownEffect(Schema.fromJsonString(ExportReport.Status))(only.out)
      assert.deepStrictEqual([only.code, targets.map(({ name }) => name)], [0, ["memory"]])
      const other = yield* call("status", "--target", "nowhere")
      assert.deepStrictEqual([other.code, other.error], [5, "no target fits; there are broken, memory"])
    }).pipe(Effect.provide(service())))
})
