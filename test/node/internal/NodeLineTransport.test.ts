import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect } from "effect"
import { spawn } from "node:child_process"
import { appendFileSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { LogDestination, Telemetry, TelemetryConfig } from "tasker-telemetry"
import * as Receiver from "../../../src/delivery/Receiver.ts"
import { Transport } from "../../../src/delivery/Transport.ts"
import * as NodeDelivery from "../../../src/node/internal/NodeDelivery.ts"
import * as otlpDecoder from "../../support/otlpDecoder.ts"
import * as otlpLogDecoder from "../../support/otlpLogDecoder.ts"
import { OtlpReceiver } from "../../support/otlpReceiver.ts"
import { program } from "../../support/programs.ts"
import { temporaryFile, temporaryFolder } from "../../support/temporaryFile.ts"

const prints = await program("prints")

const lines = (path: string) => readFileSync(path, "utf8").split("\n")

const bytes = (text: string) => new TextEncoder().encode(text)

const connect = (delivery: TelemetryConfig.Options["delivery"]) =>
  Effect.gen(function*() {
    const config = yield* TelemetryConfig.make({ delivery })
    return yield* (yield* Transport).connect(Receiver.of(config, "spans")!)
  }).pipe(Effect.provide(NodeDelivery.layer(undefined)))

describe("NodeLineTransport", () => {
  it.live("writes each request of all signals as a line of JSON to one file", () =>
    Effect.gen(function*() {
      const path = yield* temporaryFile
      const layer = Telemetry.layer({
        service: { name: "shop" },
        metrics: { exporter: "otlp" },
        logging: { exporter: "otlp", destination: "file", file: { path: `${path}.log` } },
        delivery: { endpoint: `file:${path}`, compression: "gzip" }
      })
      yield* Effect.provide(Effect.withSpan(Effect.logInfo("hello"), "work"), layer)
      const requests = lines(path)
      assert.strictEqual(requests.pop(), "")
      const of = (field: string) => requests.filter((line) => line.startsWith(`{"${field}":`))
      assert.deepStrictEqual(
        of("resourceSpans").flatMap((line) => otlpDecoder.decode(line).spans.map(({ name }) => name)),
        [
          "work"
        ]
      )
      assert.deepStrictEqual(
        of("resourceLogs").flatMap((line) => otlpLogDecoder.decode(line).logs.map(({ body }) => body)),
        [
          "hello"
        ]
      )
      assert.strictEqual(of("resourceMetrics").length, 1)
      assert.strictEqual(requests.length, 3)
    }).pipe(Effect.scoped))

  it.live("appends to a file, after a line that was cut off", () =>
    Effect.gen(function*() {
      const path = yield* temporaryFile
      appendFileSync(path, "{\"cut")
      const post = yield* connect({ endpoint: pathToFileURL(path).href })
      const { body, status } = yield* post(bytes("{}"), "http/json")
      assert.deepStrictEqual([status, yield* body], [200, { bytes: new Uint8Array(), isBroken: false }])
      assert.deepStrictEqual(lines(path), ["{\"cut", "{}", ""])
    }).pipe(Effect.scoped))

  it.live("says which file cannot be written, and why", () =>
    Effect.gen(function*() {
      const { message } = yield* Effect.flip(Effect.scoped(connect({ endpoint: "file:/dev/null/otlp.jsonl" })))
      assert.match(message, /^delivery\.endpoint: "\/dev\/null\/otlp\.jsonl" cannot be written: .*(?:EEXIST|ENOTDIR)/)
      const error = yield* Effect.flip(Effect.scoped(connect({ traces: { endpoint: "file:/dev/null/spans.jsonl" } })))
      assert.match(error.message, /^delivery\.traces\.endpoint: /)
    }))

  it.live("tries again where the disk is full", () =>
    Effect.gen(function*() {
      const post = yield* connect({ endpoint: "file:/dev/full" })
      const error = yield* Effect.flip(Effect.scoped(post(bytes("{}"), "http/json")))
      assert.deepStrictEqual([error.reason, /ENOSPC/.test(error.detail)], ["other", true])
    }).pipe(Effect.scoped))

  for (const way of [[], ["exits"]]) {
    it.live(`writes whole lines to standard output, between log lines, if its reader is slow: ${way.join() || "returns"}`, () =>
      Effect.gen(function*() {
        const output = yield* Effect.callback<string>((resume) => {
          const child = spawn(process.execPath, [prints, ...way], { stdio: ["ignore", "pipe", "inherit"] })
          let output = ""
          let pauses = 0
          child.stdout.setEncoding("utf8").on("data", (text: string) => {
            output += text
            // A process that ends waits a second for its reader. Where much else runs, each pause is a long one.
            if (++pauses > 8) return
            child.stdout.pause()
            setTimeout(() => child.stdout.resume(), 5)
          })
          child.on("close", () => resume(Effect.succeed(output)))
          return Effect.sync(() => child.kill("SIGKILL"))
        })
        const all = output.trimEnd().split("\n")
        assert.isTrue(all.every((line) => line.startsWith("{") && line.endsWith("}")))
        const spans = all.filter((line) => line.startsWith("{\"resourceSpans\":"))
        assert.strictEqual(spans.flatMap((line) => otlpDecoder.decode(line).spans).length, 2000)
        assert.isAbove(all.length, 2000)
      }))
  }

  it.live("leaves the spool of a run that sent protobuf on disk, and says so", () =>
    Effect.gen(function*() {
      const folder = yield* temporaryFolder
      const said: Array<string> = []
      const warned = yield* Deferred.make<void>()
      const run = (endpoint: string, wait: Effect.Effect<unknown>) =>
        Effect.withSpan(wait, endpoint).pipe(
          Effect.provide(Telemetry.layer({
            metrics: { enabled: false },
            delivery: { endpoint, shutdownTimeout: "100 millis", spool: { directory: join(folder, "spool") } }
          }, {
            logDestination: LogDestination.layer((line) => {
              said.push((JSON.parse(line) as { readonly message: string }).message)
              if (endpoint.startsWith("file:")) Deferred.doneUnsafe(warned, Effect.void)
            })
          }))
        )
      const segments = () => readdirSync(join(folder, "spool", "traces")).filter((name) => name.endsWith(".segment"))
      yield* run("http://127.0.0.1:9", Effect.void)
      assert.strictEqual(segments().length, 1)
      said.splice(0)
      const path = join(folder, "requests.jsonl")
      yield* run(`file:${path}`, Deferred.await(warned))
      assert.strictEqual(segments().length, 1)
      const spans = readFileSync(path, "utf8").trimEnd().split("\n").flatMap((line) => otlpDecoder.decode(line).spans)
      assert.deepStrictEqual(spans.map(({ name }) => name), [`file:${path}`])
      assert.deepStrictEqual(said, [
        `spans in the spool are encoded for http/protobuf, which file:${path} does not take: ` +
        "they stay there until they expire"
      ])
      const { next, received, url } = yield* OtlpReceiver
      yield* run(url, next)
      assert.deepStrictEqual(
        received.flatMap(({ body }) => otlpDecoder.decode(body).spans.map(({ name }) => name)).toSorted(),
        ["http://127.0.0.1:9", url].toSorted()
      )
    }).pipe(Effect.scoped, Effect.provide(OtlpReceiver.layer)))
})
