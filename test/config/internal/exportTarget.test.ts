import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Redacted } from "effect"
import * as TelemetryConfig from "../../../src/config/TelemetryConfig.ts"

const load = (text: string) =>
  Effect.provide(
    TelemetryConfig.load(),
    ConfigProvider.layer(ConfigProvider.fromEnv({ env: { TASKER_EXPORT_TARGETS: text } }))
  )

const problem = (targets: unknown) =>
  Effect.map(
    Effect.flip(TelemetryConfig.make({ export: { targets: targets as never } })),
    ({ message }) => message
  )

describe("the option export.targets", () => {
  it.effect("takes JSON in a variable, and wraps the secrets in it", () =>
    Effect.gen(function*() {
      const text = JSON.stringify([
        { type: "file", path: "/a.prom", interval: "1 minute" },
        { type: "http", url: "http://h/", token: "t", headers: { "x-key": "k" }, samples: 3 }
      ])
      const { config: { export: { targets: [file, http] } } } = yield* load(text)
      assert.deepStrictEqual(file, { type: "file", path: "/a.prom", interval: "1 minute" })
      if (http?.type !== "http") assert.fail("a target of HTTP")
      assert.isTrue(Redacted.isRedacted(http.token) && Redacted.isRedacted(http.headers?.["x-key"]))
      assert.notInclude(JSON.stringify(http), "\"t\"")
    }))

  it.effect("shows nothing of a text that is no JSON: it may have a password", () =>
    Effect.gen(function*() {
      const { message } = yield* Effect.flip(load("[{\"password\":\"hunter2\""))
      assert.include(message, "at export.targets (TASKER_EXPORT_TARGETS), got a value that is not shown")
      assert.notInclude(message, "hunter2")
    }))

  it.effect.each<readonly [target: unknown, problem: string]>([
    [
      7,
      "expected a target with one of \"file\", \"http\", \"pushgateway\", \"remote_write\", \"console\" at type at export.targets[0]; each type has fields of its own"
    ],
    [
      { type: "ftp" },
      "expected a target with one of \"file\", \"http\", \"pushgateway\", \"remote_write\", \"console\" at type at export.targets[0]; each type has fields of its own"
    ],
    [
      { type: "file" },
      "expected a text that is not empty at path at export.targets[0]; a target of type file needs it"
    ],
    [
      { type: "file", path: "a", intervall: 1 },
      "unknown key \"intervall\" at export.targets[0]; the nearest known one is interval"
    ],
    [
      { type: "file", path: "a", url: "http://h" },
      "unknown key \"url\" at export.targets[0]; known there: path, format, keep, name, isShared, instances, interval, cron, timeZone, samples, crossing, change, bytes, checkInterval, debounce, beforeExpiry, onShutdown"
    ],
    [
      { type: "file", path: "a", interval: "soon" },
      "expected a duration (such as \"5 seconds\", or milliseconds) at export.targets[0].interval, got \"soon\""
    ],
    [
      { type: "file", path: "a", keep: -1 },
      "expected a whole number between 0 and 1000 at export.targets[0].keep, got -1"
    ],
    [
      { type: "http", url: "http://me:secret@h/" },
      "expected an http or https URL without credentials at export.targets[0].url, got \"…@h/\""
    ],
    [
      { type: "http", url: "http://h", token: "sec\nret" },
      "expected a secret that is not empty at export.targets[0].token; the value is not shown"
    ],
    [
      { type: "http", url: "http://h", headers: { "a b": "secret" } },
      "expected secret texts by the names of headers at export.targets[0].headers; the value is not shown"
    ],
    [
      { type: "pushgateway", url: "http://h" },
      "expected a text that is not empty at job at export.targets[0]; a target of type pushgateway needs it"
    ],
    [
      { type: "pushgateway", url: "http://h", job: "j", grouping: { "a-b": "c" } },
      "expected texts by the names of labels at export.targets[0].grouping, got an object"
    ],
    [
      { type: "console", name: "a b" },
      "expected 1 to 64 letters, digits, _, - and . at export.targets[0].name, got \"a b\""
    ]
  ])(
    "says what is wrong: %o",
    ([target, message]) => Effect.map(problem([target]), (found) => assert.strictEqual(found, message))
  )

  it.effect("refuses a name twice, and a text", () =>
    Effect.gen(function*() {
      assert.strictEqual(
        yield* problem([{ type: "console" }, { type: "console" }]),
        "the name \"console\" is taken by [0] at export.targets[1]; give each target a name of its own"
      )
      assert.strictEqual(
        yield* problem("console"),
        "expected a list of targets, each with its type (as JSON in a variable) at export.targets, got \"console\""
      )
    }))
})
