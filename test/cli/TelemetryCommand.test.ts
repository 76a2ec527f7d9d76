import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Layer, Schema } from "effect"
import { FetchHttpClient, HttpRouter, HttpServerResponse } from "effect/http"
import { TestConsole } from "effect/testing"
import * as TelemetryCommand from "../../src/cli/TelemetryCommand.ts"
import type * as TelemetryConfig from "../../src/config/TelemetryConfig.ts"
import * as AnalyticsReport from "../../src/http/AnalyticsReport.ts"
import * as AnalyticsRoute from "../../src/http/AnalyticsRoute.ts"
import * as RunAnalysis from "../../src/performance/RunAnalysis.ts"
import type { RunRecord } from "../../src/performance/RunRecord.ts"
import * as RunRecords from "../../src/performance/RunRecords.ts"
import * as server from "../http/server.ts"
import * as analysedRuns from "../support/analysedRuns.ts"
import { attempt, run, step } from "../support/runRecords.ts"
import * as TestTelemetry from "../support/TestTelemetry.ts"

const token = "analyse-me"

/** A service with the given runs. */
const service = (runs: ReadonlyArray<RunRecord> = analysedRuns.all, options: TelemetryConfig.Options = {}) =>
  server.serve(AnalyticsRoute.layer).pipe(
    Layer.provide(Layer.provideMerge(RunAnalysis.layer, RunRecords.layerMemory(runs))),
    Layer.provideMerge(TestTelemetry.whole(options))
  )

const guarded = service(analysedRuns.all, { http: { token }, metrics: { authRequired: true } })

interface Called {
  readonly code: number
  readonly out: string
  readonly error: string
}

/** Calls the program for the service of the test. */
const call = (...args: ReadonlyArray<string>) =>
  Effect.gen(function*() {
    const { host, port } = yield* server.Target
    return yield* callAt(`http://${host}:${port}`, ...args)
  })

const callAt = (url: string, ...args: ReadonlyArray<string>) =>
  Effect.gen(function*() {
    const [outBefore, errorBefore] = [(yield* TestConsole.logLines).length, (yield* TestConsole.errorLines).length]
    const code = yield* TelemetryCommand.run([...args, "--url", url]).pipe(Effect.provide(FetchHttpClient.layer))
    const called: Called = {
      code,
      out: (yield* TestConsole.logLines).slice(outBefore).join("\n"),
      error: (yield* TestConsole.errorLines).slice(errorBefore).join("\n")
    }
    return called
  })

const lines = (output: string): ReadonlyArray<string> => output.split("\n").map((line) => line.replaceAll(/ +/g, " "))

describe("analyze", () => {
  it.effect("says what to change, and shows the figures behind it", () =>
    Effect.gen(function*() {
      const { code, error, out } = yield* call("analyze")
      assert.deepStrictEqual([code, error], [0, ""])
      assert.deepStrictEqual(lines(out).slice(0, 4), [
        "39 ended runs, created 1970-01-01T00:00:00.000Z to 1970-01-01T00:38:00.000Z",
        "",
        "What to change, the largest gain first",
        " 1. Make step \"charge\" of order 1.0.0 faster: at half its work a run takes 4 s less (40 %). It is on the " +
        "critical path of 100 % of 24 runs and works for 8 s (p95 8 s)."
      ])
      assert.match(lines(out)[4] ?? "", /^ 96 s over 24 runs; see run order-\d+$/)
      for (
        const line of [
          " mail 2.0.0: no recommendation, not enough runs: 3 of 20",
          " failed tag region eu 12 of 12 0 of 27 < 0.1 % order-35",
          " order 1.0.0 24 12 10 s 10 s 10 s 100 % 0 % 0 % 0 % 10 %",
          " charge order 1.0.0 80 % 100 % 8 s 8 s 0",
          " charge order 1.0.0 GatewayDown 12 0 % 96 s order-35",
          " load order 1.0.0 48 s 0 charge",
          " load order 1.0.0 1 s 50 % 3 3",
          " mail-9 mail 1.0.0 5 s Step \"send\" has run for 4 s."
        ]
      ) assert.include(lines(out), line)
    }).pipe(Effect.provide(service())))

  it.effect("has its columns below their names", () =>
    Effect.gen(function*() {
      const { out } = yield* call("analyze")
      const [head = "", first = ""] = out.slice(out.indexOf("  STEP")).split("\n")
      assert.strictEqual(head.indexOf("TASK"), first.indexOf("order 1.0.0"))
      assert.strictEqual(head.indexOf("OF THE TIME") + "OF THE TIME".length, first.indexOf("80 %") + "80 %".length)
    }).pipe(Effect.provide(service())))

  it.effect("leaves out what there is nothing of", () =>
    Effect.gen(function*() {
      const { code, out } = yield* call("analyze")
      assert.deepStrictEqual([code, out], [0, "No run has ended yet, or none of those that were asked for."])
    }).pipe(Effect.provide(service([]))))

  it.effect("chooses runs by task, version and period", () =>
    Effect.gen(function*() {
      const runsOf = (...args: ReadonlyArray<string>) =>
        Effect.map(call("analyze", ...args), ({ out }) => /^\d+/.exec(out)?.[0])
      assert.strictEqual(yield* runsOf("--task", "order"), "36")
      assert.strictEqual(yield* runsOf("--task", "mail", "--task-version", "2.0.0"), "3")
      assert.strictEqual(yield* runsOf("--task", "a & b=c"), undefined)
      assert.strictEqual(yield* runsOf("--period", "1 hour"), "39")
    }).pipe(Effect.provide(service())))

  it.effect("prints JSON by the schemas of the routes", () =>
    Effect.gen(function*() {
      const { code, out } = yield* call("analyze", "--json", "--task", "order")
      assert.strictEqual(code, 0)
      const Analysis = Schema.Struct({
        performance: AnalyticsReport.Performance,
        bottlenecks: AnalyticsReport.Bottlenecks
      })
      const { bottlenecks, performance } = yield* Schema.decodeEffect(Schema.fromJsonString(Analysis))(out)
      assert.deepStrictEqual([performance.runs, bottlenecks.runs], [36, 36])
      assert.strictEqual(bottlenecks.recommendations[0]?.stepName, "charge")
    }).pipe(Effect.provide(service())))
})

describe("why", () => {
  it.effect("says what an unfinished run waits for", () =>
    Effect.gen(function*() {
      const { code, error, out } = yield* call("why", "mail-9")
      assert.deepStrictEqual([code, error], [0, ""])
      assert.deepStrictEqual(lines(out), [
        "mail 1.0.0, run mail-9: in_progress, created 5 s ago",
        "Step \"send\" has run for 4 s.",
        "",
        "What it waits for, the most important first",
        " STEP FOR SINCE DETAILS",
        " send its work 4 s attempt 1"
      ])
    }).pipe(Effect.provide(service())))

  const waiting = run({
    state: "in_progress",
    correlationId: "c-1",
    endedAt: undefined,
    changedAt: 3,
    concurrency: 1,
    steps: [
      step("a", [attempt(0, 3, { state: "error", errorType: "Busy" })], { settledAt: undefined, backoffUntil: 30 }),
      step("b", [attempt(1, undefined)], { settledAt: undefined }),
      step("c", [], { readyAt: 1 }),
      step("d", [], { dependsOn: ["a", "c"] })
    ]
  })

  it.effect("lists all that a run waits for", () =>
    Effect.gen(function*() {
      const { out } = yield* call("why", "t-1")
      for (
        const line of [
          "correlation id: c-1",
          " b its work 2 s attempt 1",
          " a its next attempt - 27 s left, until 1970-01-01T00:00:30.000Z, after Busy",
          " c a slot 2 s held by b",
          " d other steps - a, c"
        ]
      ) assert.include(lines(out), line)
    }).pipe(Effect.provide(service([waiting]))))

  it.effect("says where the time of an ended run went", () =>
    Effect.gen(function*() {
      const { out } = yield* call("why", "order-1")
      assert.deepStrictEqual(lines(out), [
        "order 1.0.0, run order-1: complete, took 10 s",
        "The run has ended in the state complete and waits for nothing.",
        "",
        "Critical path: load → charge",
        "",
        "Where the time went",
        " STEP ON THE PATH WORK QUEUE RETRY BACK-OFF SLACK",
        " load yes 2 s 0 s 0 s 0 s 0 s",
        " charge yes 8 s 0 s 0 s 0 s 0 s"
      ])
    }).pipe(Effect.provide(service())))

  it.effect("prints JSON by the schema of the route", () =>
    Effect.gen(function*() {
      const { out } = yield* call("why", "mail-9", "--json")
      const { waits } = yield* Schema.decodeEffect(Schema.fromJsonString(AnalyticsReport.Run))(out)
      assert.deepStrictEqual(waits, [{ _tag: "Work", stepName: "send", attempt: 1, seconds: 4 }])
    }).pipe(Effect.provide(service())))

  it.effect("finds a run by any id, and leaves the path of the route as it is", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* call("why", "a/../b ?x=1#y")).code, 5)
      assert.strictEqual((yield* call("why", "a b")).code, 0)
    }).pipe(Effect.provide(service([{ ...waiting, id: "a b" }]))))
})

describe("the exit code", () => {
  it.effect.each(
    [
      ["a wrong duration", ["analyze", "--period", "soon"], "period: Expected a duration above zero"],
      ["an empty task", ["analyze", "--task", ""], "task: "],
      ["no run", ["why"], "Missing required argument: run"],
      ["an unknown flag", ["analyze", "--nope"], "Unrecognized flag: --nope"],
      ["an unknown command", ["analyse"], "Unknown subcommand"]
    ] as const
  )("is 2 for %s", ([, args, message]) =>
    Effect.gen(function*() {
      const { code, error } = yield* call(...args)
      assert.strictEqual(code, 2)
      assert.include(error, message)
    }).pipe(Effect.provide(service())))

  it.effect.each([
    "localhost",
    "ftp://127.0.0.1",
    "",
    "http://user@127.0.0.1",
    "http://:secret@127.0.0.1",
    "http://127.0.0.1/tasker?key=secret"
  ])("is 2 for the address %j", (url) =>
    Effect.gen(function*() {
      const { code, error } = yield* callAt(url, "analyze")
      assert.strictEqual(code, 2)
      assert.include(error, "Expected an address such as http://127.0.0.1:9464/tasker")
    }))

  it.effect("is 3 where nothing answers", () =>
    Effect.gen(function*() {
      const { host, port } = yield* Effect.provide(server.Target, service(), { local: true })
      const url = `http://${host}:${port}`
      const { code, error, out } = yield* callAt(`${url}/tasker/`, "analyze")
      assert.deepStrictEqual([code, out], [3, ""])
      assert.strictEqual(
        error,
        `nothing answers at ${url}/tasker: start the service there, or give its address with --url`
      )
    }))

  it.effect.each(
    [
      ["text", HttpServerResponse.text("hello")],
      ["other JSON", HttpServerResponse.jsonUnsafe({ runs: "many" })],
      ["another refusal", HttpServerResponse.jsonUnsafe({ detail: "no" }, { status: 404 })],
      ["a failure", HttpServerResponse.jsonUnsafe({ error: "internal_error", message: "broken" }, { status: 500 })]
    ] as const
  )("is 3 where the answer is %s", ([, answer]) =>
    Effect.gen(function*() {
      const { code, error, out } = yield* call("analyze")
      assert.deepStrictEqual([code, out], [3, ""])
      assert.isAbove(error.length, 20)
    }).pipe(Effect.provide(
      server.serve(HttpRouter.add("GET", "/*", answer)).pipe(Layer.provideMerge(TestTelemetry.whole()))
    )))

  it.effect("is 4 without the token, and no message repeats a token", () =>
    Effect.gen(function*() {
      for (const args of [["analyze"], ["why", "order-1", "--token", "wrong-token"]]) {
        const { code, error, out } = yield* call(...args)
        assert.strictEqual(code, 4)
        assert.include(error, "give the token with --token or in TASKER_HTTP_TOKEN")
        assert.notInclude(out + error, "wrong-token")
      }
    }).pipe(Effect.provide(guarded)))

  it.effect("is 0 with the token, from the flag or from the environment", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* call("why", "order-1", "--token", token)).code, 0)
      const provider = ConfigProvider.fromEnv({ env: { TASKER_HTTP_TOKEN: token } })
      assert.strictEqual(
        (yield* Effect.provide(call("why", "order-1"), ConfigProvider.layer(provider))).code,
        0
      )
    }).pipe(Effect.provide(guarded)))

  it.effect("is 5 if no run has the id, or nothing is analysed", () =>
    Effect.gen(function*() {
      const { code, error } = yield* call("why", "nothing")
      assert.strictEqual(code, 5)
      assert.include(error, "no run of this process has this id")
      const off = yield* Effect.provide(
        call("analyze"),
        Layer.fresh(service([], { performance: { bottlenecks: false } })),
        { local: true }
      )
      assert.strictEqual(off.code, 5)
      assert.include(off.error, "performance.bottlenecks")
    }).pipe(Effect.provide(service())))

  it.effect("is 0 for help and version", () =>
    Effect.gen(function*() {
      for (const args of [["--help"], ["--version"], ["why", "--help"]]) {
        assert.strictEqual(yield* TelemetryCommand.run(args).pipe(Effect.provide(FetchHttpClient.layer)), 0)
      }
    }))
})

describe("the output", () => {
  it.effect("has no character that a terminal obeys", () =>
    Effect.gen(function*() {
      for (const args of [["analyze"], ["why", "t-1"]]) {
        const { out } = yield* call(...args)
        assert.include(out, "red?[31m?")
        assert.notMatch(out, /[^\P{C}\n]/u)
      }
    }).pipe(
      Effect.provide(service([run({ taskName: "red\u001b[31m\u202e", steps: [step("a\u009b", [attempt(0, 10)])] })]))
    ))
})
