/**
 * Secrets are put everywhere, and nothing that leaves has one of them in it. An output is one line of the table.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Metric } from "effect"
import { execFile } from "node:child_process"
import { readFileSync } from "node:fs"
import { HealthRoute, LogDestination, TaskStore, Telemetry, type TelemetryConfig } from "tasker-telemetry"
import * as server from "../http/server.ts"
import * as canaries from "../support/canaries.ts"
import { OtlpReceiver } from "../support/otlpReceiver.ts"
import { program } from "../support/programs.ts"
import { temporaryFile } from "../support/temporaryFile.ts"

type Options = TelemetryConfig.Options

/** What a program has written in a file when it has put every secret everywhere. */
const file = (logging: Options["logging"]) =>
  Effect.gen(function*() {
    const path = yield* temporaryFile
    yield* Effect.provide(
      canaries.putEverywhere,
      Telemetry.layer({
        service: canaries.service,
        redaction: canaries.redaction,
        logging: { level: "Trace", destination: "file", file: { path }, ...logging }
      })
    )
    return readFileSync(path, "utf8")
  })

const everywhere = await program("canaries")

const stream = (name: "stdout" | "stderr", format: "json" | "logfmt") =>
  Effect.callback<string>((resume) => {
    execFile(process.execPath, [everywhere, name, format], { maxBuffer: 2 ** 28 }, (_, stdout, stderr) =>
      resume(Effect.succeed(stdout + stderr)))
  })

const otlp = Effect.gen(function*() {
  const { received, url } = yield* OtlpReceiver
  yield* Effect.provide(
    canaries.putEverywhere,
    Telemetry.layer({
      service: canaries.service,
      redaction: canaries.redaction,
      tracing: { stateTransitions: "span" },
      delivery: { endpoint: url, queueSize: 100_000 }
    }, { logDestination: LogDestination.layerNoop })
  )
  return received.map(({ body, headers }) => JSON.stringify(headers) + body).join("\n")
}).pipe(Effect.provide(OtlpReceiver.layer))

/** Answers to requests that have a secret in every part, and what the server logs about them. */
const http = Effect.gen(function*() {
  const answers: Array<unknown> = []
  yield* canaries.putEverywhere
  for (const offset of [0, 100, 200]) answers.push(yield* server.get(`/tasker/tasks?limit=100&offset=${offset}`))
  for (const { id } of yield* TaskStore.TaskStore.use((store) => store.list({ limit: 500, offset: 0 }))) {
    answers.push(yield* server.get(`/tasker/tasks/${id}`))
  }
  for (const { canary, key, text } of canaries.secrets) {
    const plain = text.replaceAll("\n", " ")
    const headers = {
      authorization: `Bearer ${canary}`,
      cookie: `a=${canary}`,
      baggage: plain,
      "x-correlation-id": plain
    }
    const encoded = encodeURIComponent(canary)
    const query = `token=${encoded}&${encodeURIComponent(key)}=${encoded}`
    answers.push(
      yield* server.get(`/tasker/health/ready?${query}`, headers),
      yield* server.get(`/tasker/tasks?token=${encoded}&limit=${encoded}`, headers),
      yield* server.get(`/tasker/tasks/unknown?${query}`, headers),
      yield* server.post("/tasker/tasks", { name: `no ${text}`, context: { [key]: canary } }, headers),
      yield* server.post("/tasker/tasks", { name: text, context: { [key]: canary } }, headers),
      yield* server.send("PUT", "/tasker/logging", {
        body: { component: text.slice(0, 256), level: "Info" },
        headers: { ...headers, "content-type": "application/json" }
      })
    )
  }
  answers.push(yield* server.get("/tasker/logging"), yield* server.get("/tasker/health/live"))
  for (const path of ["/health/status", "/openapi.json", "/docs", "/"]) {
    answers.push(yield* server.get(`/tasker${path}`))
  }
  return JSON.stringify(answers) + JSON.stringify(yield* server.logged(""))
}).pipe(Effect.provide(
  server.layer(canaries.tasks, {
    service: canaries.service,
    redaction: canaries.redaction,
    logging: { level: "Trace", runtimeLevels: true }
  }).pipe(
    Layer.provide(Layer.succeed(
      HealthRoute.ReadinessChecks,
      Object.fromEntries(canaries.secrets.map(({ text }, index) => [`c${index} ${text}`, Effect.fail(text)]))
    ))
  )
))

const prometheus = Effect.gen(function*() {
  yield* canaries.putEverywhere
  return (yield* server.get("/tasker/metrics")).text
}).pipe(Effect.provide(server.layer([], { service: canaries.service, redaction: canaries.redaction })))

/** Each gives what has left, and signs that something did. A format is tried with one destination. */
const outputs = {
  "standard output, in JSON lines": [stream("stdout", "json"), "\"message\":"],
  "standard error, in logfmt lines": [stream("stderr", "logfmt"), "message="],
  "a file, in lines for people": [file({ format: "pretty" }), "INFO"],
  "a file behind a rate limit": [file({ rateLimit: 1 }), "suppressed"],
  "OTLP": [otlp, "resourceSpans", "canaries_total"],
  "Prometheus text": [prometheus, "canaries_total{"],
  "HTTP answers and their log": [http, "unknown_task"]
} satisfies Readonly<Record<string, readonly [Effect.Effect<string, unknown, any>, ...ReadonlyArray<string>]>>

describe("canaries", () => {
  it("are 50 at least", () => {
    assert.isAtLeast(new Set(canaries.secrets.map(({ canary }) => canary)).size, 50)
  })

  for (const [output, [collect, ...signs]] of Object.entries(outputs)) {
    it.live(`do not leave by ${output}`, () =>
      Effect.gen(function*() {
        const text = yield* collect
        for (const sign of signs) assert.include(text, sign)
        assert.include(text, "[FILTERED]")
        const lines = canaries.found(text).map((canary) =>
          `${canary}: ${text.slice(Math.max(0, text.indexOf(canary) - 200), text.indexOf(canary) + 60)}`
        )
        assert.deepStrictEqual(lines, [])
      }).pipe(Effect.scoped, Effect.provideService(Metric.MetricRegistry, new Map())))
  }
})
