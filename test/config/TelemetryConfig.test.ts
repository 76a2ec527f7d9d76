import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Duration, Effect, Redacted, Schema } from "effect"
import * as TelemetryConfig from "../../src/config/TelemetryConfig.ts"

type Environment = Readonly<Record<string, string>>

const load = (env: Environment, options: TelemetryConfig.Options = {}) =>
  Effect.provide(TelemetryConfig.load(options), ConfigProvider.layer(ConfigProvider.fromEnv({ env })))

const problem = (env: Environment, options: TelemetryConfig.Options = {}) =>
  Effect.map(Effect.flip(load(env, options)), (error) => error.message)

describe("TelemetryConfig.make", () => {
  it.effect("gives the defaults, as does the reference", () =>
    Effect.gen(function*() {
      const config = yield* TelemetryConfig.make()
      assert.deepStrictEqual(config, yield* TelemetryConfig.Current)
      assert.deepStrictEqual(
        TelemetryConfig.options.filter(({ meta, path }) => at(config, path) !== meta.default).map(({ path }) => path),
        []
      )
      assert.deepStrictEqual(config.execution, {
        concurrency: 12,
        stepTimeout: undefined,
        batchTimeoutBase: undefined,
        batchTimeoutPerStep: Duration.seconds(5),
        batchTimeoutMaximum: Duration.seconds(120),
        maximumAttempts: 3,
        startedTasks: 1000,
        storedTasks: 1000,
        storedSteps: 100_000,
        storeTimeout: Duration.seconds(2)
      })
    }))

  it.effect("takes durations and secrets as a program writes them", () =>
    Effect.gen(function*() {
      const config = yield* TelemetryConfig.make({
        http: { token: "t" },
        delivery: { timeout: "3 seconds", interval: 250, headers: { authorization: "Bearer x" } }
      })
      assert.strictEqual(Redacted.value(config.http.token as Redacted.Redacted<string>), "t")
      assert.deepStrictEqual([config.delivery.timeout, config.delivery.interval], [
        Duration.seconds(3),
        Duration.millis(250)
      ])
      assert.deepStrictEqual(
        Object.entries(config.delivery.headers).map(([key, value]) => [key, Redacted.value(value)]),
        [
          ["authorization", "Bearer x"]
        ]
      )
      assert.isTrue(Schema.is(Schema.toType(TelemetryConfig.TelemetryConfig))(config))
    }))

  it.effect("names path, rule and value of a bad option", () =>
    Effect.gen(function*() {
      assert.strictEqual(
        yield* problem({}, { tracing: { sampler: { ratio: 1.7 } } }),
        "expected a number between 0 and 1 at tracing.sampler.ratio, got 1.7"
      )
      assert.strictEqual(
        yield* problem({}, {
          logging: { level: "Loud" as never, enabled: "yes" as never },
          execution: { concurrency: 0, stepTimeout: "soon" as never, batchTimeoutBase: 0 },
          backoff: { delays: [] },
          service: { name: "", version: "" },
          redaction: { keys: [""] },
          delivery: { endpoint: "localhost:4318" },
          tracing: null as never
        }),
        [
          "expected a group of options at tracing",
          "expected a text that is not empty at service.name, got \"\"",
          "expected a text that is not empty at service.version, got \"\"",
          "expected true or false at logging.enabled, got \"yes\"",
          "expected one of \"Trace\", \"Debug\", \"Info\", \"Warn\", \"Error\", \"Fatal\", \"None\" at logging.level, got \"Loud\"",
          "expected a list of parts of names, =names and /expressions/ at redaction.keys, got [\"\"]",
          "expected an http or https URL without credentials, `file:` with a path, or `stdout:` at delivery.endpoint, got \"localhost:4318\"",
          "expected a whole number between 1 and 100000 at execution.concurrency, got 0",
          "expected a duration of at least 1ms (such as \"5 seconds\", or milliseconds) at execution.stepTimeout, got \"soon\"",
          "expected a duration of at least 1ms (such as \"5 seconds\", or milliseconds) at execution.batchTimeoutBase, got 0",
          "expected a list of at least one duration up to 1d (such as \"5 seconds\", or milliseconds) at backoff.delays, got []"
        ].join("\n")
      )
    }))

  it.effect("refuses an unknown option with the names that are known there", () =>
    Effect.gen(function*() {
      assert.strictEqual(
        yield* problem({}, { tracing: { sampler: { rate: 1 } } } as never),
        "unknown option tracing.sampler.rate; known there: type, ratio, perSecond"
      )
      assert.match(
        yield* problem({}, { tracng: {} } as never),
        /^unknown option tracng; known there: enabled, strict, service, /
      )
    }))

  it.effect("takes the words of an option in upper and lower case, from code and from variables", () =>
    Effect.gen(function*() {
      const { config } = yield* load({
        TASKER_LOGGING_LEVEL: "info",
        TASKER_LOGGING_FORMAT: "JSON",
        TASKER_LOGGING_DESTINATION: "StdErr",
        TASKER_REDACTION_PATTERNS: "JWT, Email",
        TASKER_METRICS_ON_MISUSE: "DIE",
        TASKER_METRICS_EXEMPLARS: "Always_On",
        TASKER_METRICS_TEMPORALITY: "DELTA",
        TASKER_TRACING_SAMPLER_TYPE: "ALWAYS_OFF",
        TASKER_TRACING_STATE_TRANSITIONS: "Span"
      }, { metrics: { exporter: "NONE" as never }, tracing: { exporter: "None" as never } })
      assert.deepStrictEqual(
        [
          config.logging.level,
          config.logging.format,
          config.logging.destination,
          config.redaction.patterns,
          config.metrics.onMisuse,
          config.metrics.exemplars,
          config.metrics.temporality,
          config.tracing.sampler.type,
          config.tracing.stateTransitions,
          config.metrics.exporter,
          config.tracing.exporter
        ],
        ["Info", "json", "stderr", ["jwt", "email"], "die", "always_on", "delta", "always_off", "span", "none", "none"]
      )
      assert.strictEqual(
        yield* problem({ TASKER_LOGGING_FORMAT: "JSONL" }),
        "expected one of \"json\", \"pretty\", \"logfmt\" at logging.format (TASKER_LOGGING_FORMAT), got \"JSONL\""
      )
    }))

  it.effect("names the keys of a view that none has, with the nearest known one", () =>
    Effect.gen(function*() {
      const views = (text: string) => problem({ TASKER_METRICS_VIEWS: text })
      const at = (index: number) => `at metrics.views[${index}] (TASKER_METRICS_VIEWS)`
      const nearest = [
        ["dropAttribute", "dropAttributes"],
        ["keepattributes", "keepAttributes"],
        ["bucket", "buckets"],
        ["Deny", "deny"],
        ["re-name", "rename"],
        ["cardinality_limit", "cardinalityLimit"]
      ] as const
      for (const [key, known] of nearest) {
        assert.strictEqual(
          yield* views(JSON.stringify([{ metric: "a" }, { metric: "b", [key]: true }])),
          `unknown key "${key}" ${at(1)}; the nearest known one is ${known}`
        )
      }
      assert.strictEqual(
        yield* views("[{\"metric\":\"a\",\"__proto__\":{}, \"x\":1}]"),
        ["__proto__", "x"].map((key) =>
          `unknown key "${key}" ${
            at(0)
          }; known there: metric, deny, rename, keepAttributes, dropAttributes, buckets, ` +
          "cardinalityLimit"
        ).join("\n")
      )
      assert.strictEqual(
        yield* problem({}, { metrics: { views: [{ metric: "a", dropAttribute: ["b"] } as never] } }),
        "unknown key \"dropAttribute\" at metrics.views[0]; the nearest known one is dropAttributes"
      )
    }))

  it.effect("names the place of a bad value in a view", () =>
    Effect.gen(function*() {
      const views = (given: ReadonlyArray<unknown>) => problem({}, { metrics: { views: given as never } })
      const cases: ReadonlyArray<readonly [unknown, string]> = [
        [{ metric: "" }, "expected the name of a metric, with * for any text at metrics.views[0].metric, got \"\""],
        [{ deny: true }, "expected a view with a metric at metrics.views[0], got an object"],
        ["a", "expected a view with a metric at metrics.views[0], got \"a\""],
        [{ metric: "a", deny: "yes" }, "expected true or false at metrics.views[0].deny, got \"yes\""],
        [
          { metric: "a", buckets: [2, 1] },
          "expected a list of ascending numbers, at least one at metrics.views[0].buckets, got [2, 1]"
        ],
        [
          { metric: "a", cardinalityLimit: 0 },
          "expected a whole number between 1 and 1000000 at metrics.views[0].cardinalityLimit, got 0"
        ]
      ]
      for (const [view, message] of cases) assert.strictEqual(yield* views([view]), message)
      const many = yield* views(Array.from({ length: 1000 }, () => ({ metric: "a", x: 1 })))
      assert.lengthOf(many.split("\n"), 20)
    }))

  it.effect("refuses control characters in every text, with the variable or the path", () =>
    Effect.gen(function*() {
      const rule = "expected a text without control characters"
      assert.strictEqual(
        yield* problem({ TASKER_SERVICE_NAME: "a\nb" }),
        `${rule} at service.name (TASKER_SERVICE_NAME), got "a\\nb"`
      )
      assert.strictEqual(
        yield* problem({}, {
          service: { name: "\u0085", version: "1\u0000", attributes: { team: "a\r", "b\u2028": "c" } },
          redaction: { mask: "\u001b[0m" },
          logging: { file: { path: "a\u0000b" } }
        }),
        [
          `${rule} at service.name, got "\\u0085"`,
          `${rule} at service.version, got "1\\u0000"`,
          `${rule} at service.attributes.team, got "a\\r"`,
          `${rule} at service.attributes, got "b\\u2028"`,
          `${rule} at logging.file.path, got "a\\u0000b"`,
          `${rule} at redaction.mask, got "\\u001b[0m"`
        ].join("\n")
      )
    }))

  it.effect("refuses headers that no request can carry, and shows nothing of them", () =>
    Effect.gen(function*() {
      const values = "expected values of headers without line breaks and characters beyond Latin-1"
      const names = "expected names of headers without blanks, commas and control characters"
      const shown = "got a value that is not shown"
      for (const value of ["a\r\nx: y", "a\u0000", "€"]) {
        assert.strictEqual(
          yield* problem({}, { delivery: { headers: { authorization: value } } }),
          `${values} at delivery.headers, ${shown}`
        )
      }
      assert.strictEqual(
        yield* problem({ TASKER_DELIVERY_TRACES_HEADERS: "a=b%0ac" }),
        `${values} at delivery.traces.headers (TASKER_DELIVERY_TRACES_HEADERS), ${shown}`
      )
      assert.strictEqual(
        yield* problem({}, { delivery: { metrics: { headers: { "a b": "c" } } } }),
        `${names} at delivery.metrics.headers, ${shown}`
      )
      assert.deepStrictEqual((yield* load({ OTEL_EXPORTER_OTLP_HEADERS: "a=%0d%0ax: y" })).warnings, [
        `OTEL_EXPORTER_OTLP_HEADERS=a value that is not shown is not usable: ${values}; using nothing`
      ])
    }))

  it.effect("requires a token where metrics need one", () =>
    Effect.gen(function*() {
      assert.strictEqual(
        yield* problem({}, { metrics: { authRequired: true } }),
        "expected http.token to be set because metrics.authRequired is true"
      )
      assert.strictEqual(
        yield* problem({ TASKER_HTTP_AUTH_REQUIRED: "true" }),
        "expected http.token to be set because http.authRequired is true"
      )
      assert.isTrue(
        (yield* TelemetryConfig.make({ metrics: { authRequired: true }, http: { token: "t" } })).metrics.authRequired
      )
    }))
})

describe("TelemetryConfig.load", () => {
  it.effect("prefers code to TASKER_ variables, these to OTEL_ variables, and these to the default", () =>
    Effect.gen(function*() {
      const otel = { OTEL_SERVICE_NAME: "otel" }
      const tasker = { ...otel, TASKER_SERVICE_NAME: "tasker-variable" }
      const name = (env: Environment, options: TelemetryConfig.Options = {}) =>
        Effect.map(load(env, options), ({ config, warnings }) => [config.service.name, ...warnings])
      assert.deepStrictEqual(yield* name({}), ["tasker"])
      assert.deepStrictEqual(yield* name(otel), ["otel"])
      assert.deepStrictEqual(yield* name(tasker), ["tasker-variable"])
      assert.deepStrictEqual(yield* name(tasker, { service: { name: "code" } }), ["code"])
    }))

  it.effect("reads every kind of option from its TASKER_ variable", () =>
    Effect.gen(function*() {
      const { config } = yield* load({
        TASKER_ENABLED: "off",
        TASKER_STRICT: " YES ",
        TASKER_SERVICE_ATTRIBUTES: "team=core, deployment.environment.name=a%20b",
        TASKER_LOGGING_LEVEL: "Debug",
        TASKER_REDACTION_KEYS: "iban, blood ,,",
        TASKER_TRACING_SAMPLER_RATIO: "0.5",
        TASKER_TRACING_LIMITS_ATTRIBUTE_VALUE_LENGTH: "10",
        TASKER_DELIVERY_HEADERS: "Authorization=Bearer%20x",
        TASKER_DELIVERY_TIMEOUT: "1500",
        TASKER_EXECUTION_STEP_TIMEOUT: "2 minutes",
        TASKER_BACKOFF_DELAYS: "1 second, 2500ms, 3",
        TASKER_HTTP_TOKEN: " t "
      })
      assert.deepStrictEqual(
        {
          enabled: config.enabled,
          strict: config.strict,
          attributes: config.service.attributes,
          level: config.logging.level,
          keys: config.redaction.keys,
          ratio: config.tracing.sampler.ratio,
          length: config.tracing.limits.attributeValueLength,
          header: Redacted.value(config.delivery.headers["Authorization"] as Redacted.Redacted<string>),
          timeout: Duration.toMillis(config.delivery.timeout),
          stepTimeout: Duration.toMillis(config.execution.stepTimeout as Duration.Duration),
          delays: config.backoff.delays.map(Duration.toMillis),
          token: Redacted.value(config.http.token as Redacted.Redacted<string>)
        },
        {
          enabled: false,
          strict: true,
          attributes: { team: "core", "deployment.environment.name": "a b" },
          level: "Debug",
          keys: ["iban", "blood"],
          ratio: 0.5,
          length: 10,
          header: "Bearer x",
          timeout: 1500,
          stepTimeout: 120_000,
          delays: [1000, 2500, 3],
          token: "t"
        }
      )
    }))

  it.effect("reads durations as they are shown, and nothing that only begins or ends so", () =>
    Effect.gen(function*() {
      const millis = (text: string) =>
        Effect.map(
          load({ TASKER_DELIVERY_TIMEOUT: text }),
          ({ config }) => Duration.toMillis(config.delivery.timeout)
        )
      for (const value of [1, 1500, 30_000, 60_000, 5_400_000, 86_400_000, 93_784_005]) {
        assert.strictEqual(yield* millis(Duration.format(Duration.millis(value))), value)
      }
      assert.strictEqual(yield* millis("1.5h"), 5_400_000)
      assert.strictEqual(yield* millis("90 seconds"), 90_000)
      for (const text of ["30s later", "x 30s", "30 s", "1m30s", "s", "30sm"]) {
        assert.include(yield* problem({ TASKER_DELIVERY_TIMEOUT: text }), "TASKER_DELIVERY_TIMEOUT")
      }
    }))

  it.effect("names the variable of a bad value", () =>
    Effect.gen(function*() {
      assert.strictEqual(
        yield* problem({ TASKER_TRACING_SAMPLER_RATIO: "1.7" }),
        "expected a number between 0 and 1 at tracing.sampler.ratio (TASKER_TRACING_SAMPLER_RATIO), got 1.7"
      )
      assert.strictEqual(
        yield* problem({ TASKER_ENABLED: "maybe" }),
        "expected true or false at enabled (TASKER_ENABLED), got \"maybe\""
      )
    }))

  it.effect("counts empty and blank variables as unset", () =>
    Effect.gen(function*() {
      const names = [
        ...TelemetryConfig.options.map(({ variable }) => variable),
        "OTEL_SERVICE_NAME",
        "OTEL_TRACES_SAMPLER"
      ]
      for (const text of ["", "  "]) {
        const { config, warnings } = yield* load(Object.fromEntries(names.map((name) => [name, text])))
        assert.deepStrictEqual(config, yield* TelemetryConfig.Current)
        assert.deepStrictEqual(warnings, [])
      }
    }))

  it.effect("names variables that no option has, with the nearest known one, and never fails for them", () =>
    Effect.gen(function*() {
      const { config, warnings } = yield* load({
        TASKER_LOGING_LEVEL: "Debug",
        TASKER_TRACING_SAMPLER_RATIO_: "canary-value",
        TASKER_TRACING_SAMPLER_RATIO: "0.5",
        TASKER_XYZ: "1",
        TASKER_UNSET: " ",
        TASKER: "whatever",
        TASKERS_LEVEL: "x",
        TASKER_STRICT: "true"
      })
      assert.deepStrictEqual([config.logging.level, config.tracing.sampler.ratio, config.strict], ["Info", 0.5, true])
      assert.deepStrictEqual(warnings, [
        "no option has the variable TASKER_XYZ, which is ignored",
        "no option has the variable TASKER_LOGING_LEVEL, which is ignored; the nearest known one is TASKER_LOGGING_LEVEL",
        "no option has the variable TASKER_TRACING_SAMPLER_RATIO_, which is ignored; the nearest known one is TASKER_TRACING_SAMPLER_RATIO"
      ])
    }))

  it.effect("names at most twenty of a thousand unknown variables", () =>
    Effect.gen(function*() {
      const { warnings } = yield* load(
        Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`TASKER_OTHER_${index}X`, "1"]))
      )
      assert.strictEqual(warnings.length, 20)
    }))

  it.effect("takes a provider that cannot list its names", () =>
    Effect.gen(function*() {
      const provider = ConfigProvider.make((path) =>
        path.length === 1
          ? Effect.fail(new ConfigProvider.SourceError({ message: "no listing" }))
          : Effect.succeed(undefined)
      )
      const { warnings } = yield* Effect.provide(TelemetryConfig.load(), ConfigProvider.layer(provider))
      assert.deepStrictEqual(warnings, [])
    }))

  it.effect("has a variable of its own for every option", () =>
    Effect.sync(() => {
      const variables = TelemetryConfig.options.map(({ variable }) => variable)
      assert.strictEqual(new Set(variables).size, variables.length)
      assert.isTrue(variables.every((variable) => /^TASKER(?:_[A-Z]+)+$/.test(variable)))
    }))
})

const at = (value: unknown, path: string): unknown =>
  path.split(".").reduce<unknown>((current, key) => (current as Record<string, unknown>)[key], value)

describe("TelemetryConfig secrets", () => {
  const canary = "CANARY-4711"
  const secretive: ReadonlyArray<readonly [string, Environment, TelemetryConfig.Options]> = [
    ["a token that is no text", {}, { http: { token: { [canary]: canary } as never } }],
    ["a token with a typing error in its name", {}, { http: { tokne: canary } } as never],
    ["headers given as text", {}, { delivery: { headers: `authorization=${canary}` as never } }],
    ["headers whose values are no text", {}, { delivery: { headers: { authorization: [canary] as never } } }],
    ["malformed headers in a variable", { TASKER_DELIVERY_HEADERS: canary }, {}],
    ["headers with bad percents in a variable", { TASKER_DELIVERY_HEADERS: `a=%zz${canary}` }, {}],
    ["malformed standard headers", { OTEL_EXPORTER_OTLP_HEADERS: canary }, { strict: true }],
    ["malformed standard headers of traces", { OTEL_EXPORTER_OTLP_TRACES_HEADERS: `a=%zz${canary}` }, { strict: true }],
    ["an endpoint with a password", {}, { delivery: { endpoint: `https://user:${canary}@collector` } }],
    ["an endpoint with a password in a variable", { TASKER_DELIVERY_ENDPOINT: `https://user:${canary}@collector` }, {}],
    ["a standard endpoint with a password", { OTEL_EXPORTER_OTLP_ENDPOINT: `https://user:${canary}@collector` }, {
      strict: true
    }],
    ["a broken endpoint with a password", {}, { delivery: { traces: { endpoint: `user:${canary}@collector` } } }],
    ["the query of a bad endpoint", {}, { delivery: { endpoint: `ftp://collector/v1?${canary}` } }],
    ["the query of a standard endpoint", { OTEL_EXPORTER_OTLP_ENDPOINT: `ftp://collector#${canary}` }, {
      strict: true
    }],
    ["a secret in the value of another option", {}, { logging: { format: `password=${canary}` as never } }],
    ["a secret in the value of a list", {}, { redaction: { patterns: [`api_key: ${canary}`] as never } }],
    ["a secret in the variable of another option", { TASKER_ENABLED: `Bearer ${canary}${canary}` }, {}],
    ["a secret in a standard variable", { OTEL_BSP_MAX_QUEUE_SIZE: `token=${canary}` }, { strict: true }],
    ["a secret of a text so long that its end is not looked at", {
      // What is masked is short, so that the end would be in view.
      TASKER_ENABLED: `password=${"a".repeat(4096 - 35)} postgres://user:${canary}${"b".repeat(200)}@db`
    }, {}],
    ["a secret that is given to an option that is none", {}, { service: { name: Redacted.make(canary) as never } }]
  ]

  it.effect.each(secretive)("does not repeat %s", ([, env, options]) =>
    Effect.gen(function*() {
      const message = yield* problem(env, options)
      assert.notInclude(message, canary.slice(0, 6))
    }))

  it.effect("shows a value in quotes, with a mask in place of each secret, and at most 80 characters of it", () =>
    Effect.gen(function*() {
      const got = (format: string) =>
        Effect.map(problem({}, { logging: { format: format as never } }), (message) => message.split(", got ")[1])
      assert.strictEqual(yield* got("the \"x\" of password=hunter2\n"), "\"the \\\"x\\\" of password=[FILTERED]\\n\"")
      assert.strictEqual(yield* got("x".repeat(78)), `"${"x".repeat(78)}"`)
      assert.strictEqual(yield* got("x".repeat(79)), `"${"x".repeat(79)}…`)
      assert.strictEqual(
        yield* problem({}, { service: { name: Redacted.make("x") as never } }),
        "expected a text that is not empty at service.name, got a value that is not shown"
      )
    }))

  it.effect("does not repeat standard headers in a warning", () =>
    Effect.gen(function*() {
      const { warnings } = yield* load({ OTEL_EXPORTER_OTLP_HEADERS: canary })
      assert.deepStrictEqual(warnings, [
        "OTEL_EXPORTER_OTLP_HEADERS=a value that is not shown is not usable: expected secret texts by key " +
        "(key=value,key=value in a variable); using nothing"
      ])
    }))

  it.effect("does not show secrets when the configuration is printed", () =>
    Effect.gen(function*() {
      const { config } = yield* load({
        TASKER_HTTP_TOKEN: canary,
        OTEL_EXPORTER_OTLP_HEADERS: `authorization=${canary}`
      })
      assert.notInclude(JSON.stringify(config), canary)
    }))
})
