/**
 * The exporters of the page about exports, as the page has them.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, type Scope } from "effect"
import { createSocket } from "node:dgram"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { ExportCoordinator } from "../../src/export/ExportCoordinator.ts"
import { ExporterRegistry } from "../../src/export/ExporterRegistry.ts"
import type { ExportTarget } from "../../src/export/ExportTarget.ts"
import type { MetricExporter } from "../../src/export/MetricExporter.ts"
import { MetricStore } from "../../src/metrics/MetricStore.ts"
import * as NodeExporterModules from "../../src/node/NodeExporterModules.ts"
import * as CodeFences from "../support/codeFences.ts"
import * as exports from "../support/exports.ts"
import * as recorder from "../support/recorder.ts"
import { root } from "../support/typeCheck.ts"

const fences = CodeFences.fromMarkdown(readFileSync(join(root, "docs/how-to/export-metrics.md"), "utf8"))

const codeOf = (name: string) => fences.find((fence) => CodeFences.fileName(fence) === name)!.code

/** A folder with files of the page. Modules outside of the package would not find the package by its name. */
const folderOf = (...names: ReadonlyArray<string>) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const folder = mkdtempSync(join(root, "test/export/exporters-"))
      for (const name of names) writeFileSync(join(folder, name), codeOf(name))
      return folder
    }),
    (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true }))
  )

/** What a file of the page exports. */
const load = <A>(name: string): Effect.Effect<A, never, Scope.Scope> =>
  Effect.flatMap(folderOf(name), (folder) => Effect.promise(() => import(pathToFileURL(join(folder, name)).href)))

const layer = exports.layer().pipe(Layer.provide(NodeExporterModules.layer))

const register = (exporter: MetricExporter) => ExporterRegistry.use((registry) => registry.register(exporter))

/** The lines of an export that are about metrics of the test. */
const linesIn = Effect.fnUntraced(function*(format: string) {
  const outcome = yield* ExportCoordinator.use(({ exportNow }) => exportNow({ format }))
  if (outcome._tag !== "Exported") return assert.fail(outcome._tag)
  return exports.text(outcome.body).split("\n").filter((line) => line.startsWith("jobs_") || line.startsWith("wait_"))
})

const observe = (seconds: number) =>
  Effect.map(
    MetricStore,
    (store) =>
      store.histogram({ name: "wait_seconds", help: "Waits.", unit: "seconds", attributes: [], buckets: [1] })
        .observe({}, seconds)
  )

describe("the exporter of the page", () => {
  it("has about thirty lines", () => {
    assert.isAtMost(codeOf("top.ts").split("\n").length, 32)
  })

  it.live("is discovered in a folder, exports, and its callbacks are called in order", () =>
    Effect.gen(function*() {
      const folder = yield* folderOf("top.ts")
      const { failed, registered } = yield* ExporterRegistry.use(({ discover }) => discover(folder))
      assert.deepStrictEqual([failed, registered.map(({ exporter }) => exporter)], [[], ["top"]])
      yield* exports.countJobs(7_000_000_000, "mail")
      yield* exports.countJobs(8_000_000_000, "post")
      const outcome = yield* ExportCoordinator.use(({ exportNow }) => exportNow({ format: "top" }))
      if (outcome._tag !== "Exported") return assert.fail(outcome._tag)
      assert.deepStrictEqual(exports.text(outcome.body).split("\n").slice(0, 2), [
        "8000000000 jobs_total post",
        "7000000000 jobs_total mail"
      ])
      assert.deepStrictEqual(yield* exports.logged, [
        `Info top: requested,${outcome.exportId}`,
        "Info top: writing",
        "Info top: exported"
      ])
    }).pipe(Effect.provide(layer)))
})

describe("the exporter for InfluxDB", () => {
  it.effect("writes a line for each series, with escaped names and no empty tag", () =>
    Effect.gen(function*() {
      yield* register((yield* load<{ readonly default: MetricExporter }>("influx.ts")).default)
      yield* exports.countJobs(3, "a b,c=d\\e\nf")
      yield* exports.countJobs(1, "")
      yield* observe(0.5)
      assert.deepStrictEqual(yield* linesIn("influx"), [
        "jobs_total value=1 0000000",
        "jobs_total,kind=a\\ b\\,c\\=d\\\\e\\ f value=3 0000000",
        "wait_seconds count=1,sum=0.5 0000000"
      ])
    }).pipe(Effect.provide(layer)))
})

interface StatsdModule {
  readonly make: (name: string, hasTags: boolean) => MetricExporter
}

describe("the exporter for StatsD", () => {
  it.effect("writes differences, with tags for DogStatsD and in names for StatsD", () =>
    Effect.gen(function*() {
      const { make } = yield* load<StatsdModule>("statsd.ts")
      yield* register(make("dogstatsd", true))
      yield* register(make("statsd", false))
      yield* exports.countJobs(3, "a:b|c.d")
      yield* observe(0.5)
      assert.deepStrictEqual(yield* linesIn("dogstatsd"), [
        "jobs_total:3|c|#kind:a_b_c.d",
        "wait_seconds.count:1|c",
        "wait_seconds.sum:0.5|c"
      ])
      yield* exports.countJobs(2, "a:b|c.d")
      assert.deepStrictEqual(yield* linesIn("dogstatsd"), ["jobs_total:2|c|#kind:a_b_c.d"])
      assert.deepStrictEqual(yield* linesIn("statsd"), [
        "jobs_total.a_b_c_d:5|c",
        "wait_seconds.count:1|c",
        "wait_seconds.sum:0.5|c"
      ])
    }).pipe(Effect.provide(layer)))

  it.effect("goes to an agent by UDP, and what a failed export had is in the next one", () =>
    Effect.gen(function*() {
      yield* register((yield* load<StatsdModule>("statsd.ts")).make("dogstatsd", true))
      const { make } = yield* load<{
        readonly make: (name: string, format: string, port: number) => ExportTarget
      }>("udp.ts")
      const datagrams: Array<string> = []
      const agent = yield* Effect.acquireRelease(
        Effect.callback<ReturnType<typeof createSocket>>((resume) => {
          const socket = createSocket("udp4", (bytes) => void datagrams.push(String(bytes)))
          socket.bind(0, "127.0.0.1", () => resume(Effect.succeed(socket)))
        }),
        (socket) => Effect.sync(() => socket.close())
      )
      let isDown = true
      const target = make("agent", "dogstatsd", agent.address().port)
      const coordinator = yield* ExportCoordinator
      yield* coordinator.add({
        ...target,
        strategy: {},
        send: (given) => isDown ? Effect.fail("down") : target.send(given)
      })
      for (let index = 0; index < 100; index++) yield* exports.countJobs(index + 1, `kind ${index}`)
      yield* Effect.flip(coordinator.exportNow({ target: "agent" }))
      isDown = false
      yield* coordinator.exportNow({ target: "agent" })
      yield* Effect.repeat(recorder.quiet, { until: () => datagrams.join("").includes("kind_99") })
      const lines = datagrams.join("").split("\n").filter((line) => line.startsWith("jobs_total"))
      assert.lengthOf(lines, 100)
      assert.include(lines, "jobs_total:100|c|#kind:kind_99")
      assert.isTrue(datagrams.length > 1 && datagrams.every((text) => text.length <= 1432 && text.endsWith("\n")))
    }).pipe(Effect.provide(layer)))
})
