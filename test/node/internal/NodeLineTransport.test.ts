import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { spawn } from "node:child_process"
import { appendFileSync, readFileSync } from "node:fs"
import { pathToFileURL } from "node:url"
import { Telemetry, TelemetryConfig } from "tasker-telemetry"
import * as Receiver from "../../../src/delivery/Receiver.ts"
import { Transport } from "../../../src/delivery/Transport.ts"
import * as NodeDelivery from "../../../src/node/internal/NodeDelivery.ts"
import * as otlpDecoder from "../../support/otlpDecoder.ts"
import * as otlpLogDecoder from "../../support/otlpLogDecoder.ts"
import { program } from "../../support/programs.ts"
import { temporaryFile } from "../../support/temporaryFile.ts"

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
      assert.strictEqual((yield* post(bytes("{}"), "http/protobuf")).status, 415)
      assert.strictEqual(lines(path).length, 3)
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

  it.live("writes whole lines to standard output, between log lines, if its reader is slow", () =>
    Effect.gen(function*() {
      const output = yield* Effect.callback<string>((resume) => {
        const child = spawn(process.execPath, [prints], { stdio: ["ignore", "pipe", "inherit"] })
        let output = ""
        child.stdout.setEncoding("utf8").on("data", (text: string) => {
          output += text
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
})
