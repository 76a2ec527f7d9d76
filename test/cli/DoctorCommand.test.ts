import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { HttpRouter, HttpServerResponse } from "effect/http"
import * as TelemetryRoutes from "../../src/http/TelemetryRoutes.ts"
import * as server from "../http/server.ts"
import { callWith } from "../support/cliProgram.ts"
import * as TestTelemetry from "../support/TestTelemetry.ts"

const addressOf = Effect.map(server.Target, ({ host, port }) => `http://${host}:${port}`)

const answers = (status: number, date?: string) =>
  HttpServerResponse.jsonUnsafe({}, { status, ...(date === undefined ? {} : { headers: { date } }) })

/** A service, and receivers that take what the path says. */
const places = server.serve(Layer.mergeAll(
  TelemetryRoutes.layer(),
  HttpRouter.add("POST", "/good/v1/*", answers(200)),
  HttpRouter.add("POST", "/refusing/v1/*", answers(401)),
  HttpRouter.add("POST", "/moved/v1/*", HttpServerResponse.empty({ status: 307, headers: { location: "/good/v1/x" } })),
  HttpRouter.add("POST", "/late/v1/*", answers(200, "Thu, 01 Jan 2015 00:00:00 GMT"))
)).pipe(Layer.provideMerge(TestTelemetry.whole({ http: { token: "let-me-in", authRequired: true } })))

const doctor = (env: Readonly<Record<string, string>>, ...args: ReadonlyArray<string>) =>
  Effect.flatMap(addressOf, (address) => callWith(env, "doctor", "--url", `${address}/tasker`, ...args))

describe("doctor", () => {
  it.live("says what is on, where it goes, and that all places answer", () =>
    Effect.gen(function*() {
      const address = yield* addressOf
      const { code, out } = yield* doctor({
        TASKER_HTTP_TOKEN: "let-me-in",
        OTEL_EXPORTER_OTLP_ENDPOINT: `${address}/good`,
        TASKER_LOGGING_EXPORTER: "none"
      })
      assert.strictEqual(code, 0, out)
      for (
        const line of [
          `✓ traces: on, sent to ${address}/good/v1/traces; sampler parentbased_always_on`,
          "✓ logs: on, not sent (exporter none); level Info; stdout",
          `✓ receiver of traces: ${address}/good/v1/traces takes requests`,
          "✓ clock of the service: at most 2 s from ours"
        ]
      ) assert.include(out.split("\n"), line)
      assert.match(out, /^✓ versions: tasker-telemetry \S+, Node 2/)
    }).pipe(Effect.provide(places)))

  it.live("follows no redirect of a receiver, as delivery follows none", () =>
    Effect.gen(function*() {
      const address = yield* addressOf
      const { code, out } = yield* doctor({
        TASKER_HTTP_TOKEN: "let-me-in",
        OTEL_EXPORTER_OTLP_ENDPOINT: `${address}/moved`
      })
      assert.strictEqual(code, 6)
      assert.match(out, /✗ receiver of traces\n.*\n +found: +307\n +do: +give the address that it redirects to/)
    }).pipe(Effect.provide(places)))

  it.live("is 6 for a wrong token, a receiver that refuses, a clock that is wrong and a place that does not answer", () =>
    Effect.gen(function*() {
      const address = yield* addressOf
      const refused = yield* doctor({ OTEL_EXPORTER_OTLP_ENDPOINT: `${address}/refusing`, TASKER_HTTP_TOKEN: "wrong" })
      assert.strictEqual(refused.code, 6)
      assert.include(refused.out, "give the token of the option http.token with --token or in TASKER_HTTP_TOKEN")
      assert.include(refused.out, "correct the headers with the credentials")
      const late = yield* doctor({ OTEL_EXPORTER_OTLP_ENDPOINT: `${address}/late` })
      assert.match(
        late.out,
        /✗ clock of the receiver of traces\n.*\n +found: +\d+\.\d s behind\n +do: +set both clocks by NTP/
      )
      const away = yield* doctor(
        { OTEL_EXPORTER_OTLP_ENDPOINT: `${address}/nothing` },
        "--jaeger",
        "http://127.0.0.1:9"
      )
      assert.include(away.out, "the receiver takes no traces there")
      assert.include(away.out, "✗ Jaeger\n    expected: an answer from http://127.0.0.1:9/api/v3/services")
    }).pipe(Effect.provide(places)))

  it.live("prints the same findings as JSON, and nothing else", () =>
    Effect.gen(function*() {
      const { code, error, out } = yield* doctor(
        { TASKER_LOGGING_LEVEL: "loud", TASKER_HTTP_TOKEN: "let-me-in" },
        "--json"
      )
      const report = JSON.parse(out)
      assert.deepStrictEqual([code, report.ok, report.command], [6, false, "doctor"])
      assert.strictEqual(error, "doctor: 1 of 5 checks failed")
      const failure = report.findings.find(({ outcome }: { outcome: string }) => outcome === "failed")
      assert.deepStrictEqual([failure.check, failure.expected], ["configuration", "no problem"])
      assert.include(failure.found, "at logging.level")
    }).pipe(Effect.provide(places)))
})
