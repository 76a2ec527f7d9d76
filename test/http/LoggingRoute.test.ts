import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { execFile } from "node:child_process"
import * as LogLevels from "../../src/logging/LogLevels.ts"
import * as server from "./server.ts"

const path = "/tasker/logging"
const layer = (options: Parameters<typeof server.layer>[1] = { logging: { runtimeLevels: true } }) =>
  server.layer([], options)

const put = (body: unknown, headers: Readonly<Record<string, string>> = {}) =>
  server.send("PUT", path, { body, headers: { "content-type": "application/json", ...headers } })

/** Which of the lines of two components are written. */
const written = Effect.gen(function*() {
  for (const component of ["db", "web"]) {
    yield* Effect.logDebug("probe").pipe(Effect.annotateLogs("component", component))
  }
  yield* Effect.logInfo("probe")
  const lines = yield* server.logged("probe")
  return lines.map(({ component, level }) => `${level} ${component ?? "-"}`)
})

describe("/logging", () => {
  it.effect("raises a component for a time, after which it falls back by itself", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(1_700_000_000)
      const answer = yield* put({ component: "db", level: "Debug", for: "10 seconds" })
      assert.deepStrictEqual([answer.status, answer.body], [200, {
        changeable: true,
        level: "Info",
        components: [{ component: "db", level: "Debug", until: "1970-01-20T16:13:30.000Z" }]
      }])
      assert.deepStrictEqual(yield* written, ["DEBUG db", "INFO -"])
      yield* TestClock.adjust("10 seconds")
      assert.deepStrictEqual(yield* written, ["DEBUG db", "INFO -", "INFO -"])
      assert.deepStrictEqual((yield* server.get(path)).body, { changeable: true, level: "Info", components: [] })
    }).pipe(Effect.provide(layer())))

  it.effect("logs the change, with its time only where it has one", () =>
    Effect.gen(function*() {
      yield* put({ level: "Debug" })
      yield* put({ component: "db", level: "Warn", for: "10 seconds" })
      const lines = yield* server.logged("log level changed")
      assert.deepStrictEqual(
        lines.map(({ for: time, of, to }) => ({ of, to, time })),
        [{ of: "everything", to: "Debug", time: undefined }, { of: "db", to: "Warn", time: "10 seconds" }]
      )
    }).pipe(Effect.provide(layer())))

  it.effect("logs who silences the program", () =>
    Effect.gen(function*() {
      yield* put({ level: "Error" })
      yield* put({ level: "Warn" })
      yield* put({ level: "Info" })
      const lines = yield* server.logged("log level changed")
      assert.deepStrictEqual(lines.map(({ to }) => to), ["Error", "Info"])
    }).pipe(Effect.provide(layer())))

  it.effect("takes back what was set, for a component or for everything", () =>
    Effect.gen(function*() {
      yield* put({ component: "db", level: "Warn" })
      yield* put({ level: "Debug" })
      assert.deepStrictEqual((yield* put({ component: "db", level: null })).body, {
        changeable: true,
        level: "Debug",
        components: []
      })
      assert.deepStrictEqual((yield* put({ level: null })).body, { changeable: true, level: "Info", components: [] })
    }).pipe(Effect.provide(layer())))

  it.effect("refuses a member it does not know, lest a misspelt component means everything", () =>
    Effect.gen(function*() {
      const { status } = yield* put({ componant: "db", level: "Debug" })
      assert.deepStrictEqual([status, yield* written], [400, ["INFO -"]])
    }).pipe(Effect.provide(layer())))

  it.effect("falls back to what was set for good", () =>
    Effect.gen(function*() {
      yield* put({ component: "db", level: "Warn" })
      yield* put({ level: "Error" })
      yield* put({ component: "db", level: "Trace", for: 1000 })
      yield* put({ component: "db", level: "Debug", for: 2000 })
      yield* put({ level: "Debug", for: 1500 })
      assert.deepStrictEqual((yield* server.get(path)).body, {
        changeable: true,
        level: "Debug",
        until: "1970-01-01T00:00:01.500Z",
        components: [{ component: "db", level: "Debug", until: "1970-01-01T00:00:02.000Z" }]
      })
      yield* TestClock.adjust("2 seconds")
      assert.deepStrictEqual((yield* server.get(path)).body, {
        changeable: true,
        level: "Error",
        components: [{ component: "db", level: "Warn" }]
      })
    }).pipe(Effect.provide(layer())))

  it.effect("tells that levels are fixed", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual((yield* server.get(path)).body, { changeable: false, level: "Info", components: [] })
      const answer = yield* put({ level: "Debug" })
      assert.deepStrictEqual([answer.status, answer.body.error], [409, "levels_fixed"])
      assert.deepStrictEqual(yield* written, ["INFO -"])
    }).pipe(Effect.provide(layer({}))))

  it.effect("takes a level in letters of any case", () =>
    Effect.gen(function*() {
      for (const [level, expected] of [["debug", "Debug"], ["WARN", "Warn"], ["nOnE", "None"]]) {
        assert.deepStrictEqual((yield* put({ level })).body, { changeable: true, level: expected, components: [] })
      }
    }).pipe(Effect.provide(layer())))

  it.effect.each(
    [
      [{}, "level"],
      [{ level: "debugging" }, "level"],
      [{ level: "All" }, "level"],
      [{ level: "Debug", component: "" }, "component"],
      [{ level: "Debug", component: "x".repeat(257) }, "component"],
      [{ level: "Debug", component: 1 }, "component"],
      [{ level: "Debug", for: "soon" }, "for"],
      [{ level: "Debug", for: 0 }, "for"],
      [{ level: "Debug", for: -1 }, "for"],
      [{ level: "Debug", for: "31 days" }, "for"],
      [{ level: "Debug", for: "Infinity" }, "for"],
      [[], ""],
      ["{", ""]
    ] as const
  )("answers 400 to %j and changes nothing", ([body, place]) =>
    Effect.gen(function*() {
      const answer = yield* put(body)
      assert.deepStrictEqual([answer.status, answer.body.error], [400, "invalid_request"])
      assert.strictEqual(answer.body.issues[0].path, place)
      assert.deepStrictEqual((yield* server.get(path)).body, { changeable: true, level: "Info", components: [] })
    }).pipe(Effect.provide(layer())))

  it.effect("needs the token where there is one, for looking as well", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* server.get(path)).status, 401)
      assert.strictEqual((yield* put({ level: "Debug" })).status, 401)
      const authorization = "Bearer t0ken"
      assert.strictEqual((yield* server.get(path, { authorization })).status, 200)
      assert.strictEqual((yield* put({ level: "Debug" }, { authorization })).status, 200)
    }).pipe(Effect.provide(layer({ http: { token: "t0ken" }, logging: { runtimeLevels: true } }))))

  it.effect("answers programs on this machine only where there is no token", () =>
    Effect.gen(function*() {
      for (const headers of [{ "x-forwarded-for": "10.0.0.1" }, { origin: "http://evil.example" }]) {
        assert.strictEqual((yield* server.get(path, headers)).status, 403)
        assert.strictEqual((yield* put({ level: "Debug" }, headers)).status, 403)
      }
    }).pipe(Effect.provide(layer())))

  it.effect("forgets the component that was set first when there are too many", () =>
    Effect.gen(function*() {
      const { set } = yield* LogLevels.LogLevels
      for (let index = 0; index < 1000; index++) yield* set({ component: `c${index}`, level: "Debug" })
      yield* put({ component: "c1000", level: "Debug" })
      const { components } = (yield* server.get(path)).body
      assert.deepStrictEqual([components.length, components[0].component], [1000, "c1"])
    }).pipe(Effect.provide(layer({ logging: { runtimeLevels: true, level: "None" } }))))

  it.effect("takes a request of curl, and falls back while nobody asks", () =>
    Effect.gen(function*() {
      const { host, port } = yield* server.Target
      const body = "{\"component\":\"db\",\"level\":\"Debug\",\"for\":\"10 minutes\"}"
      const curl = [
        "-s",
        "-X",
        "PUT",
        "-H",
        "content-type: application/json",
        "-d",
        body,
        `http://${host}:${port}${path}`
      ]
      const answer = yield* Effect.callback<string>((resume) => {
        execFile("curl", curl, (_, stdout) => resume(Effect.succeed(stdout)))
      })
      assert.include(answer, "\"component\":\"db\",\"level\":\"Debug\"")
      assert.deepStrictEqual(yield* written, ["DEBUG db", "INFO -"])
      yield* TestClock.adjust("10 minutes")
      assert.deepStrictEqual(yield* written, ["DEBUG db", "INFO -", "INFO -"])
    }).pipe(Effect.provide(layer())))
})
