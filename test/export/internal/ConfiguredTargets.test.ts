import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Layer, Logger, Redacted, Scope } from "effect"
import { TestConsole } from "effect/testing"
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import type * as TelemetryConfig from "../../../src/config/TelemetryConfig.ts"
import { ExportCoordinator } from "../../../src/export/ExportCoordinator.ts"
import * as InstanceSync from "../../../src/export/InstanceSync.ts"
import * as JsonFormat from "../../../src/metrics/JsonFormat.ts"
import * as MetricSnapshot from "../../../src/metrics/MetricSnapshot.ts"
import * as Telemetry from "../../../src/Telemetry.ts"
import * as exports from "../../support/exports.ts"
import * as pushServer from "../../support/pushServer.ts"
import { temporaryFolder } from "../../support/temporaryFile.ts"
import * as TestTelemetry from "../../support/TestTelemetry.ts"

type Targets = NonNullable<NonNullable<TelemetryConfig.Options["export"]>["targets"]>

const lines: Array<string> = []

/** Telemetry as programs compose it, with lines of the log in memory. */
const layer = (targets: Targets, options: TelemetryConfig.Options = {}) => {
  lines.length = 0
  return Telemetry.layer({
    logging: { enabled: false },
    metrics: { runtime: false },
    delivery: { retry: { initialInterval: "10 millis" } },
    ...options,
    export: { targets, ...options.export }
  }).pipe(
    Layer.provideMerge(TestTelemetry.registry),
    Layer.provideMerge(Logger.layer([Logger.make(({ logLevel, message }) => {
      lines.push(`${logLevel} ${String(message)}`)
    })]))
  )
}

const exportTo = (target: string) => ExportCoordinator.use(({ exportNow }) => exportNow({ target }))

describe("a target of several instances", () => {
  it.live("gets series of each instance by itself, before the metrics expire, as it is declared", () =>
    Effect.gen(function*() {
      const path = join(yield* temporaryFolder, "shop.prom")
      yield* Effect.gen(function*() {
        yield* exports.countJobs(4)
        yield* exportTo("file")
        const { targets } = yield* ExportCoordinator.use(({ status }) => status)
        assert.strictEqual(targets[0]!.timing?.reason, "optimal_timing")
      }).pipe(Effect.provide(
        layer([{ type: "file", path, instances: "separate", beforeExpiry: true, onShutdown: false }]).pipe(
          Layer.provide(InstanceSync.layerMemory())
        )
      ))
      assert.match(readFileSync(path, "utf8"), /^jobs_total\{kind="mail",instance="[\w.-]+"\} 4$/m)
    }))
})

describe("a target of HTTP", () => {
  it.live("gets each export as a request, JSON by default", () =>
    Effect.gen(function*() {
      const { next, url } = yield* pushServer.make
      yield* Effect.gen(function*() {
        yield* exports.countJobs(3)
        const outcome = yield* exportTo("http")
        const { body, headers, method, path } = yield* next
        assert.deepStrictEqual([outcome._tag, method, path, headers["content-type"]], [
          "Exported",
          "POST",
          "/push",
          JsonFormat.contentType
        ])
        const snapshot = yield* JsonFormat.decode(body.toString())
        assert.strictEqual(MetricSnapshot.valueOf(snapshot, "jobs_total", { kind: "mail" }), 3)
      }).pipe(Effect.provide(layer([{ type: "http", url: `${url}/push` }])))
    }))

  it.live("has its method, headers, authorisation and compression, and its secrets may be plain texts", () =>
    Effect.gen(function*() {
      const { next, url } = yield* pushServer.make
      const target = {
        type: "http",
        url,
        format: "csv",
        method: "PUT",
        compression: "gzip",
        headers: { "X-Tenant": "a" }
      } as const
      yield* Effect.gen(function*() {
        const authorizations = {
          basic: `Basic ${Buffer.from("me:sécret").toString("base64")}`,
          bearer: "Bearer t"
        }
        for (const [name, authorization] of Object.entries(authorizations)) {
          yield* exportTo(name)
          const { body, headers, method } = yield* next
          assert.deepStrictEqual(
            [method, headers["content-encoding"], headers["x-tenant"], headers.authorization],
            ["PUT", "gzip", "a", authorization]
          )
          assert.match(body.toString(), /^timestamp,name,/)
        }
      }).pipe(Effect.provide(layer([
        { ...target, name: "basic", username: "me", password: "sécret" },
        { ...target, name: "bearer", token: Redacted.make("t") }
      ])))
    }))

  it.live("is tried again where that can help, and the outage is reported once", () =>
    Effect.gen(function*() {
      const { answer, received, url } = yield* pushServer.make
      answer(503, 429)
      yield* Effect.gen(function*() {
        assert.strictEqual((yield* exportTo("http"))._tag, "Exported")
        assert.lengthOf(received, 3)
        answer(400, 400)
        for (let round = 0; round < 2; round++) {
          const error = yield* Effect.flip(exportTo("http"))
          assert.strictEqual(
            error.message,
            `target "http" did not take the metrics: ${url}/: it answered with status 400`
          )
        }
        assert.lengthOf(received, 5)
        assert.lengthOf(lines.filter((line) => line.startsWith("Warn")), 2)
        assert.deepStrictEqual(lines.map((line) => line.replace(/after \d+ms/, "after a time")), [
          `Warn metrics cannot be delivered to ${url}/: it answered with status 503; trying again`,
          `Info metrics are delivered to ${url}/ again after a time, 2 failed attempts, none lost`,
          `Warn metrics were refused by ${url}/: it answered with status 400`
        ])
      }).pipe(Effect.provide(layer([{ type: "http", url: `${url}/` }])))
    }))
})

describe("a Pushgateway", () => {
  it.live("gets the text format under its grouping key, and may lose the group at the end", () =>
    Effect.gen(function*() {
      const { received, url } = yield* pushServer.make
      const scope = yield* Scope.make()
      const services = yield* Layer.buildWithScope(
        layer([{
          type: "pushgateway",
          url: `${url}/base/`,
          job: "a/b",
          grouping: { instance: "h 1", zone: "", path: "/x?y" },
          deleteOnShutdown: true
        }]),
        scope
      )
      yield* Effect.provide(exportTo("pushgateway"), services)
      yield* Scope.close(scope, Exit.void)
      const path = "/base/metrics/job@base64/YS9i/instance/h%201/zone@base64/=/path@base64/L3g_eQ"
      assert.deepStrictEqual(received.map(({ method, path }) => [method, path]), [["PUT", path], ["DELETE", path]])
      assert.strictEqual(received[0]!.headers["content-type"], "text/plain; version=0.0.4; charset=utf-8")
      assert.include(received[0]!.body.toString(), "# TYPE tasker_")
      assert.strictEqual(received[1]!.body.length, 0)
    }))
})

describe("a receiver of remote write", () => {
  it.live("gets compressed requests of a limited size, also after errors of the server", () =>
    Effect.gen(function*() {
      const { answer, received, url } = yield* pushServer.make
      yield* Effect.gen(function*() {
        for (const kind of ["a", "b", "c", "d"]) yield* exports.countJobs(1, kind)
        answer(500)
        assert.deepInclude(yield* exportTo("remote_write"), { _tag: "Exported", format: "none", exporter: "none" })
        assert.isAbove(received.length, 2)
        assert.deepInclude(received[0]!.headers, {
          "content-type": "application/x-protobuf",
          "content-encoding": "snappy",
          "x-prometheus-remote-write-version": "0.1.0"
        })
      }).pipe(Effect.provide(layer([{ type: "remote_write", url, maximumSeries: 2 }])))
    }))

  it.live("gets smaller requests if it finds them too large", () =>
    Effect.gen(function*() {
      const { answer, received, url } = yield* pushServer.make
      yield* Effect.gen(function*() {
        for (const kind of ["a", "b", "c", "d"]) yield* exports.countJobs(1, kind)
        answer(413, 413)
        assert.deepInclude(yield* exportTo("remote_write"), { _tag: "Exported" })
        const [first, second, third] = received
        assert.isTrue(first!.body.length > second!.body.length && second!.body.length > third!.body.length)
      }).pipe(Effect.provide(layer([{ type: "remote_write", url, maximumSeries: 8 }])))
    }))
})

describe("a file", () => {
  it.live("has the metrics, and the last ones when the program ends", () =>
    Effect.gen(function*() {
      const path = join(yield* temporaryFolder, "shop.prom")
      yield* Effect.gen(function*() {
        yield* exports.countJobs(2)
        yield* exportTo("file")
        assert.include(readFileSync(path, "utf8"), "jobs_total{kind=\"mail\"} 2\n")
        yield* exports.countJobs(3)
      }).pipe(Effect.provide(layer([{ type: "file", path, interval: "1 hour", keep: 1 }])))
      assert.include(readFileSync(path, "utf8"), "jobs_total{kind=\"mail\"} 5\n")
      assert.include(readFileSync(`${path}.1`, "utf8"), "jobs_total{kind=\"mail\"} 2\n")
    }))

  it.live("that cannot be written fails its target alone", () =>
    Effect.gen(function*() {
      const folder = yield* temporaryFolder
      yield* Effect.gen(function*() {
        const error = yield* Effect.flip(exportTo("lost"))
        assert.strictEqual(
          error.message,
          `target "lost" did not take the metrics: "${folder}/none/x.prom" cannot be written: ENOENT; the old file is as it was`
        )
        assert.deepInclude(error.reason, { _tag: "TargetFailed", errorType: "ENOENT" })
        assert.strictEqual((yield* exportTo("good"))._tag, "Exported")
        assert.deepStrictEqual(lines, [`Warn exports to target "lost" fail: ${error.message}`])
      }).pipe(Effect.provide(layer([
        { type: "file", name: "lost", path: join(folder, "none/x.prom") },
        { type: "file", name: "good", path: join(folder, "good.prom") }
      ])))
      assert.isTrue(existsSync(join(folder, "good.prom")))
    }))
})

describe("the console", () => {
  it.effect("has the metrics", () =>
    Effect.gen(function*() {
      yield* Effect.provide(exportTo("console"), layer([{ type: "console", format: "csv" }]))
      assert.match(String((yield* TestConsole.logLines)[0]), /^timestamp,name,/)
    }))
})

describe("targets", () => {
  it.live("are refused with their position if a strategy is wrong", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(
        Layer.build(layer([{ type: "console" }, { type: "console", name: "b", cron: "no" }]))
      )
      assert.strictEqual(
        error.message,
        "export.targets[1]: target \"b\": expected a cron expression at cron and a time zone at timeZone, got \"no\" and \"UTC\""
      )
    }))

  it.live("get nothing if metrics are off, and the coordinator says so", () =>
    Effect.gen(function*() {
      const outcome = yield* exportTo("console")
      assert.deepInclude(outcome, { _tag: "Skipped", reason: "disabled" })
    }).pipe(Effect.provide(layer([{ type: "console", interval: "1 second" }], { metrics: { enabled: false } }))))

  it.live("are those of metrics alone, too", () =>
    Effect.gen(function*() {
      const path = join(yield* temporaryFolder, "shop.json")
      yield* Effect.provide(
        exportTo("file"),
        Telemetry.layerMetrics({ export: { targets: [{ type: "file", path, format: "json" }] } }).pipe(
          Layer.provide(TestTelemetry.registry)
        )
      )
      yield* JsonFormat.decode(readFileSync(path, "utf8"))
    }))

  it.live("get what is recorded so far with a flush", () =>
    Effect.gen(function*() {
      const path = join(yield* temporaryFolder, "shop.prom")
      yield* Effect.gen(function*() {
        yield* exports.countJobs(7)
        yield* Telemetry.flush
        assert.include(readFileSync(path, "utf8"), "jobs_total{kind=\"mail\"} 7\n")
      }).pipe(Effect.provide(layer([{ type: "file", path, interval: "1 hour" }])))
    }))
})
