import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Redacted } from "effect"
import { inspect } from "node:util"
import * as TelemetryConfig from "../../../src/config/TelemetryConfig.ts"

const load = (text: string) =>
  Effect.provide(
    TelemetryConfig.load(),
    ConfigProvider.layer(ConfigProvider.fromEnv({ env: { TASKER_HTTP_TOKENS: text } }))
  )

const problem = (tokens: unknown) =>
  Effect.map(Effect.flip(TelemetryConfig.make({ http: { tokens: tokens as never } })), ({ message }) => message)

describe("the option http.tokens", () => {
  it.effect("takes JSON in a variable, and wraps the tokens in it", () =>
    Effect.gen(function*() {
      const { config: { http } } = yield* load("[{\"token\":\"hunter2\",\"scopes\":[\"tasks:read\",\"tasks:write\"]}]")
      assert.deepStrictEqual(http.tokens.map(({ scopes }) => scopes), [["tasks:read", "tasks:write"]])
      assert.deepStrictEqual(
        http.tokens.map(({ token }) => Redacted.isRedacted(token) && Redacted.value(token)),
        ["hunter2"]
      )
      assert.notInclude(JSON.stringify(http) + inspect(http, { depth: 9 }), "hunter2")
    }))

  it.effect("is enough for authRequired", () =>
    Effect.gen(function*() {
      const tokens = [{ token: "t", scopes: ["metrics:read"] }] as const
      const { http } = yield* TelemetryConfig.make({ http: { tokens, authRequired: true } })
      assert.isTrue(http.authRequired)
    }))

  it.effect("is refused as a text that is no JSON, without the text", () =>
    Effect.gen(function*() {
      const { message } = yield* Effect.flip(load("hunter2:tasks:read"))
      assert.strictEqual(
        message,
        "expected a list of tokens, each with its scopes (as JSON in a variable) at http.tokens (TASKER_HTTP_TOKENS), " +
          "got a value that is not shown"
      )
    }))

  it.effect.each<readonly [tokens: unknown, problem: RegExp]>([
    [{ token: "hunter2", scopes: ["tasks:read"] }, /^expected a list of tokens.* got a value that is not shown$/],
    [["hunter2"], /^expected an object with token and scopes at http\.tokens\[0\]; the value is not shown$/],
    [
      [{ tokn: "hunter2", scopes: ["tasks:read"] }],
      /^unknown key "tokn" at http\.tokens\[0\]; the nearest known one is token\nexpected a secret.* at http\.tokens\[0\]\.token/
    ],
    [
      [{ hunter2: ["tasks:read"] }],
      /^unknown key at http\.tokens\[0\]; known there: token, scopes; the key is not shown\n/
    ],
    [[{ token: ["tasks:read"], scopes: "hunter2" }], /\.scopes; the value is not shown$/],
    [
      [{ token: "hunter2 ", scopes: ["tasks:read"] }],
      /^expected a secret that is not empty and has no space at its ends at http\.tokens\[0\]\.token; the value is not shown$/
    ],
    [
      [{ token: "", scopes: ["tasks:read"] }],
      /^expected a secret that is not empty and has no space at its ends at http\.tokens\[0\]\.token; the value is not shown$/
    ],
    [
      [{ token: "hunter2", scopes: ["tasks"] }],
      /^expected a list of at least one of "api:read", .* at http\.tokens\[0\]\.scopes, got \["tasks"\]$/
    ],
    [[{ token: "hunter2", scopes: [] }], /^expected a list of at least one of .* at http\.tokens\[0\]\.scopes/]
  ])("says what is wrong, without the token: %j", ([tokens, expected]) =>
    Effect.gen(function*() {
      const message = yield* problem(tokens)
      assert.match(message, expected)
      assert.notInclude(message, "hunter2")
    }))
})
