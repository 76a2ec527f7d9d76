import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { call, callWith, lines } from "../support/cliProgram.ts"
import { temporaryFolder } from "../support/temporaryFile.ts"

const secrets = {
  TASKER_HTTP_TOKEN: "canary-token",
  TASKER_HTTP_TOKENS: JSON.stringify([{ token: "canary-scoped", scopes: ["metrics:read"] }]),
  OTEL_EXPORTER_OTLP_ENDPOINT: "https://collector.test/otlp?key=canary-key",
  OTEL_EXPORTER_OTLP_HEADERS: "authorization=canary-header",
  TASKER_EXPORT_TARGETS: JSON.stringify([
    {
      type: "pushgateway",
      url: "http://push.test?x=canary-query",
      password: "canary-password",
      username: "u",
      job: "j"
    }
  ])
}

describe("config print", () => {
  it.effect("prints what is set, with the variable that sets it", () =>
    Effect.gen(function*() {
      const { code, error, out } = yield* callWith(
        {
          TASKER_LOGGING_LEVEL: "debug",
          OTEL_SERVICE_NAME: "shop",
          TASKER_DELIVERY_INTERVAL: "2 seconds"
        },
        "config",
        "print"
      )
      assert.deepStrictEqual([code, error], [0, ""])
      assert.deepStrictEqual(lines(out), [
        "3 options",
        " OPTION VALUE FROM",
        " service.name shop OTEL_SERVICE_NAME",
        " logging.level Debug TASKER_LOGGING_LEVEL",
        " delivery.interval 2s TASKER_DELIVERY_INTERVAL"
      ])
    }))

  it.effect("prints the defaults too with --all", () =>
    Effect.gen(function*() {
      const { out } = yield* call("config", "print", "--all", "--json")
      const options = JSON.parse(out) as ReadonlyArray<{ path: string; value: unknown; source: string }>
      assert.isTrue(options.every(({ source }) => source === "default"))
      assert.deepInclude(options, { path: "service.name", value: "tasker", source: "default" })
      assert.deepInclude(options, { path: "http.token", value: null, source: "default" })
      assert.include((yield* call("config", "print")).out, "No option is set")
    }))

  it.effect("never prints a secret", () =>
    Effect.gen(function*() {
      for (const args of [["print"], ["print", "--json"], ["check"], ["check", "--json"]]) {
        const { code, error, out } = yield* callWith(secrets, "config", ...args)
        assert.strictEqual(code, 0, error)
        assert.notInclude(out + error, "canary")
      }
    }))

  it.effect("never prints a token of a list that it cannot read", () =>
    Effect.gen(function*() {
      for (const list of ["canary", "[{\"token\":\"canary\"}]", "{\"token\":\"canary\",\"scopes\":[\"tasks:read\"]}"]) {
        for (const args of [["print"], ["check", "--json"]]) {
          const { code, error, out } = yield* callWith({ TASKER_HTTP_TOKENS: list }, "config", ...args)
          assert.strictEqual(code, 6)
          assert.include(out + error, "http.tokens")
          assert.notInclude(out + error, "canary")
        }
      }
    }))

  it.effect("names the part of the file that OTEL_CONFIG_FILE names", () =>
    Effect.gen(function*() {
      const path = join(yield* temporaryFolder, "otel.yaml")
      writeFileSync(
        path,
        "file_format: \"1.0\"\nresource:\n  attributes:\n    - name: service.name\n      value: filed\n"
      )
      const { code, out } = yield* callWith({ OTEL_CONFIG_FILE: path }, "config", "print")
      assert.strictEqual(code, 0)
      assert.match(out, /service\.name +filed +OTEL_CONFIG_FILE: resource\.attributes/)
    }))
})

describe("config check", () => {
  it.effect("is 0 with warnings, and says what is ignored and what is used", () =>
    Effect.gen(function*() {
      const { code, out } = yield* callWith(
        { OTEL_TRACES_SAMPLER: "nope", TASKER_TRACIN_ENABLED: "1" },
        "config",
        "check"
      )
      assert.strictEqual(code, 0)
      assert.include(out, "using \"parentbased_always_on\"")
      assert.include(out, "the nearest known one is TASKER_TRACING_ENABLED")
      assert.match(out, /✓ 0 of \d+ options are set, 0 problems, 2 warnings/)
    }))

  it.effect.each(
    [
      ["a wrong value", { TASKER_LOGGING_LEVEL: "loud" }, "at logging.level (TASKER_LOGGING_LEVEL), got \"loud\""],
      ["a token that is missing", { TASKER_HTTP_AUTH_REQUIRED: "true" }, "expected http.token to be set"],
      ["a file that is missing", { OTEL_CONFIG_FILE: "/no/such/file.yaml" }, "cannot be read: NotFound"],
      ["a log file without a path", { TASKER_LOGGING_DESTINATION: "file" }, "expected logging.file.path to be set"]
    ] as const
  )("is 6 for %s, also where it is printed", ([, env, message]) =>
    Effect.gen(function*() {
      for (const args of [["check"], ["check", "--json"], ["print"]]) {
        const { code, error, out } = yield* callWith(env, "config", ...args)
        assert.strictEqual(code, 6)
        assert.include(`${out}${error}`.replaceAll("\\\"", "\""), message)
      }
    }))
})
