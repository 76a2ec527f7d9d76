import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Duration, Effect, FileSystem, Layer, Redacted, Schema } from "effect"
import { readFileSync } from "node:fs"
import { leaves } from "../../../src/config/internal/configOption.ts"
import { resolve } from "../../../src/config/internal/configSource.ts"
import * as yamlDocument from "../../../src/config/internal/yamlDocument.ts"
import * as TelemetryConfig from "../../../src/config/TelemetryConfig.ts"
import * as NodeTextFile from "../../../src/node/internal/NodeTextFile.ts"

type Environment = Readonly<Record<string, string>>

const path = "/etc/otel.yaml"

/** Loads a file of this text. */
const load = (text: string, env: Environment = {}, options: TelemetryConfig.Options = {}) =>
  Effect.provide(
    TelemetryConfig.load(options),
    Layer.merge(
      ConfigProvider.layer(ConfigProvider.fromEnv({ env: { ...env, OTEL_CONFIG_FILE: path } })),
      FileSystem.layerNoop({ readFileString: (asked) => Effect.succeed(asked === path ? text : "") })
    )
  )

const problem = (text: string, env: Environment = {}, options: TelemetryConfig.Options = {}) =>
  Effect.map(Effect.flip(load(text, env, options)), ({ message }) => message)

const plain = (value: unknown): unknown => {
  if (Duration.isDuration(value)) return Duration.toMillis(value)
  if (Redacted.isRedacted(value)) return Redacted.value(value)
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]))
  }
  return value
}

/** What differs from a file without any part, by option. */
const changed = Effect.fnUntraced(function*(text: string, env: Environment = {}) {
  const { config, warnings } = yield* load(`file_format: "1.0"\n${text}`, env)
  const empty = (yield* load("file_format: \"1.0\"")).config
  const at = (config: unknown, path: string): unknown =>
    plain(path.split(".").reduce<unknown>((current, key) => (current as Record<string, unknown>)[key], config))
  const options = TelemetryConfig.options.flatMap(({ path }) => {
    const value = at(config, path)
    return JSON.stringify(value) === JSON.stringify(at(empty, path)) ? [] : [[path, value] as const]
  })
  return { options: Object.fromEntries(options), warnings }
})

const unsupported = (...paths: ReadonlyArray<string>) =>
  paths.map((path) => `OTEL_CONFIG_FILE: ${path} is not supported and is ignored`)

const whole = `
disabled: \${OTEL_SDK_DISABLED:-true}
log_level: warn3
resource:
  attributes:
    - { name: service.name, value: "\${OTEL_SERVICE_NAME:-shop}" }
    - { name: replicas, value: 3, type: int }
  attributes_list: service.name=listed,service.version=1.2,team=b%2Cc
  detection/development:
    detectors:
      - container:
      - host:
      - service:
attribute_limits:
  attribute_count_limit: 11
  attribute_value_length_limit: 12
propagator:
  composite:
    - tracecontext:
    - b3:
  composite_list: "B3,baggage"
tracer_provider:
  processors:
    - batch:
        schedule_delay: 101
        export_timeout: 0
        max_queue_size: 102
        max_export_batch_size: 103
        exporter:
          otlp_http:
            endpoint: \${COLLECTOR:-http://collector:4318}/v1/traces
            tls: { ca_file: /ca.pem, key_file: /key.pem, cert_file: /cert.pem }
            headers:
              - { name: Api-Key, value: "1" }
            headers_list: api-key=2,tenant=a
            compression: gzip
            timeout: 104
            encoding: json
            max_request_size: 100000
  limits:
    attribute_count_limit: 21
    event_count_limit: 22
    link_count_limit: 23
    event_attribute_count_limit: 24
    link_attribute_count_limit: 25
  sampler:
    parent_based:
      root:
        trace_id_ratio_based: { ratio: 0.25 }
      remote_parent_sampled:
        always_on:
meter_provider:
  readers:
    - periodic:
        interval: 201
        timeout: 202
        exporter:
          otlp_http:
            temporality_preference: low_memory
            default_histogram_aggregation: base2_exponential_bucket_histogram
        cardinality_limits: { default: 203 }
  exemplar_filter: always_off
  views:
    - selector: { instrument_name: tasker_step_duration_seconds }
      stream:
        name: step_seconds
        aggregation: { explicit_bucket_histogram: { boundaries: [1, 2] } }
        aggregation_cardinality_limit: 204
        attribute_keys: { included: [task], excluded: [step] }
    - selector: { instrument_name: tasker_batch_size }
      stream: { aggregation: { drop: } }
logger_provider:
  processors:
    - batch:
        schedule_delay: 301
        exporter:
          otlp_http:
            endpoint: http://logs:4318/v1/logs
  limits:
    attribute_value_length_limit: 31
`

describe("OTEL_CONFIG_FILE", () => {
  it.effect("reads every part that has an option", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* changed(whole, { COLLECTOR: "https://c" }), {
        options: {
          enabled: false,
          "service.name": "shop",
          "service.version": "1.2",
          "service.attributes": { team: "b,c", replicas: "3" },
          "service.detectors": ["container", "host", "os"],
          "logging.level": "Warn",
          "logging.exporter": "otlp",
          "logging.limits.attributeCount": 11,
          "logging.limits.attributeValueLength": 31,
          "metrics.exemplars": "always_off",
          "metrics.cardinalityLimit": 203,
          "metrics.views": [
            {
              metric: "tasker_step_duration_seconds",
              rename: "step_seconds",
              buckets: [1, 2],
              cardinalityLimit: 204,
              keepAttributes: ["task"],
              dropAttributes: ["step"]
            },
            { metric: "tasker_batch_size", deny: true }
          ],
          "metrics.histogramAggregation": "base2_exponential_bucket_histogram",
          "metrics.exporter": "otlp",
          "metrics.exportInterval": 201,
          "metrics.exportTimeout": 202,
          "metrics.temporality": "lowmemory",
          "tracing.exporter": "otlp",
          "tracing.sampler.type": "parentbased_traceidratio",
          "tracing.sampler.ratio": 0.25,
          "tracing.propagators": ["tracecontext", "b3", "baggage"],
          "tracing.limits.attributeCount": 21,
          "tracing.limits.attributeValueLength": 12,
          "tracing.limits.eventCount": 22,
          "tracing.limits.linkCount": 23,
          "tracing.limits.eventAttributeCount": 24,
          "tracing.limits.linkAttributeCount": 25,
          "delivery.maximumRequestBytes": 100_000,
          "delivery.traces.endpoint": "https://c/v1/traces",
          "delivery.traces.headers": { "api-key": "1", tenant: "a" },
          "delivery.traces.timeout": 104,
          "delivery.traces.protocol": "http/json",
          "delivery.traces.compression": "gzip",
          "delivery.traces.certificate": "/ca.pem",
          "delivery.traces.clientKey": "/key.pem",
          "delivery.traces.clientCertificate": "/cert.pem",
          "delivery.traces.queueSize": 102,
          "delivery.traces.batchSize": 103,
          "delivery.traces.interval": 101,
          "delivery.traces.maximumElapsed": 2_147_483_647,
          "delivery.metrics.endpoint": "http://localhost:4318/v1/metrics",
          "delivery.logs.endpoint": "http://logs:4318/v1/logs",
          "delivery.logs.interval": 301
        },
        warnings: []
      })
    }))

  it.effect("writes to a file or to standard output", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(
        yield* changed(`
tracer_provider:
  processors: [{ batch: { exporter: { otlp_file/development: { output_stream: "file:///var/log/spans.jsonl" } } } }]
meter_provider:
  readers: [{ periodic: { exporter: { otlp_file/development: { output_stream: stdout, temporality_preference: delta } } } }]
logger_provider:
  processors: [{ batch: { exporter: { otlp_file/development: } } }]
`),
        {
          options: {
            "logging.exporter": "otlp",
            "metrics.exporter": "otlp",
            "metrics.temporality": "delta",
            "tracing.exporter": "otlp",
            "delivery.traces.endpoint": "file:/var/log/spans.jsonl",
            "delivery.metrics.endpoint": "stdout:",
            "delivery.logs.endpoint": "stdout:"
          },
          warnings: []
        }
      )
    }))

  it.effect("sends nothing and detects nothing where the file has no exporter and no detector", () =>
    Effect.gen(function*() {
      const { config, warnings } = yield* load("file_format: '1.1'\ntracer_provider:\nmeter_provider: {}\n")
      assert.deepStrictEqual(
        [config.tracing.exporter, config.metrics.exporter, config.logging.exporter, config.service.detectors, warnings],
        ["none", "none", "none", ["none"], []]
      )
    }))

  it.effect("reports each part without an option once, by its path", () =>
    Effect.gen(function*() {
      const { options, warnings } = yield* changed(`
resource:
  schema_url: https://example.com
  attributes:
    - { name: tags, value: [a, b], type: string_array }
    - { value: a }
    - text
  detection/development:
    attributes: { included: [process.*] }
    detectors: [{ service: }, { vendor: }]
tracer_provider:
  processors:
    - simple: { exporter: { console: } }
    - batch:
        exporter: { otlp_grpc: { endpoint: "http://c:4317" } }
    - batch:
        exporter: { otlp_http: }
  sampler: { jaeger_remote/development: { endpoint: x } }
  id_generator: { random: }
meter_provider:
  readers:
    - pull: { exporter: { prometheus/development: } }
  views:
    - selector: { instrument_type: histogram }
    - selector: { instrument_name: "*", unit: ms }
      stream: { aggregation: { drop: } }
    - selector: { instrument_name: a }
      stream: { description: d }
propagator:
  composite: [{ b3: }, { xray: }]
  composite_list: ottrace,tracecontext
instrumentation/development: { general: }
__proto__: 1
`)
      assert.deepStrictEqual([options, warnings], [{
        "service.detectors": [],
        "metrics.views": [{ metric: "a" }],
        "tracing.propagators": ["b3", "tracecontext"]
      }, [
        ...unsupported("resource.schema_url"),
        "OTEL_CONFIG_FILE: resource.attributes[0].value is not usable: expected a text, a number or a boolean",
        "OTEL_CONFIG_FILE: resource.attributes[1].name is not usable: expected a name",
        "OTEL_CONFIG_FILE: resource.attributes[2] is not usable: expected a name and a value",
        ...unsupported(
          "resource.detection/development.attributes",
          "resource.detection/development.detectors[1].vendor",
          "tracer_provider.processors[0].simple",
          "tracer_provider.processors[1].batch.exporter.otlp_grpc",
          "tracer_provider.processors[2].batch",
          "tracer_provider.sampler.jaeger_remote/development",
          "tracer_provider.id_generator",
          "meter_provider.readers[0].pull",
          "meter_provider.views[0].selector.instrument_type",
          "meter_provider.views[1].selector.unit",
          "meter_provider.views[2].stream.description",
          "propagator.composite[1].xray",
          "propagator.composite_list.ottrace",
          "instrumentation/development",
          "__proto__"
        )
      ]])
    }))

  it.effect.each(["composite_list: \"\"", "composite_list: \" , \"", "composite: []"])(
    "keeps the default for a list without a propagator: %s",
    (text) =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* changed(`propagator: { ${text} }`), { options: {}, warnings: [] })
      })
  )

  it.effect("replaces a bad value and names its path, and fails with `strict`", () =>
    Effect.gen(function*() {
      const text = `
disabled: maybe
tracer_provider:
  limits: { event_count_limit: many }
  processors: { batch: }
  sampler: { trace_id_ratio_based: { ratio: 2 } }
`
      const sentences = [
        "OTEL_CONFIG_FILE: tracer_provider.processors is not usable: expected a list",
        "OTEL_CONFIG_FILE: disabled=\"maybe\" is not usable: expected true or false",
        "OTEL_CONFIG_FILE: tracer_provider.sampler.trace_id_ratio_based.ratio=2 is not usable: expected a number between 0 " +
        "and 1",
        "OTEL_CONFIG_FILE: tracer_provider.limits.event_count_limit=\"many\" is not usable: expected a whole number between " +
        "0 and 100000"
      ]
      const { options, warnings } = yield* changed(text)
      assert.deepStrictEqual(options, { "tracing.sampler.type": "traceidratio" })
      assert.deepStrictEqual(warnings.map((warning) => warning.replace(/; using .*/, "")), sentences)
      assert.strictEqual(yield* problem(`file_format: "1.0"${text}`, {}, { strict: true }), sentences.join("\n"))
    }))

  it.effect("uses no other variable of OpenTelemetry, and names those that are set and not referred to", () =>
    Effect.gen(function*() {
      const { config, warnings } = yield* load(
        "file_format: \"1.0\"\nresource: { attributes: [{ name: service.name, value: \"${OTEL_SERVICE_NAME}\" }] }",
        {
          OTEL_SERVICE_NAME: "shop",
          OTEL_TRACES_SAMPLER: "always_off",
          OTEL_TRACES_EXPORTR: "x",
          OTEL_LOG_LEVEL: "loud"
        }
      )
      assert.deepStrictEqual([config.service.name, config.tracing.sampler.type], ["shop", "parentbased_always_on"])
      assert.deepStrictEqual(warnings, [
        "OTEL_CONFIG_FILE is set, so these variables are not used: OTEL_LOG_LEVEL, OTEL_TRACES_SAMPLER"
      ])
    }))

  it.effect("prefers code and TASKER_ variables to the file", () =>
    Effect.gen(function*() {
      const text = "file_format: \"1.0\"\ntracer_provider:\n  limits: { event_count_limit: 1, link_count_limit: 1 }\n"
      const { config } = yield* load(text, { TASKER_TRACING_LIMITS_EVENT_COUNT: "2" }, {
        tracing: { limits: { linkCount: 3 } }
      })
      assert.deepStrictEqual([config.tracing.limits.eventCount, config.tracing.limits.linkCount], [2, 3])
    }))

  it.effect.each<readonly [string, string]>([
    [
      "a: 1",
      "OTEL_CONFIG_FILE names a file that is not usable: expected file_format \"1.0\" or a later 1.x, got undefined"
    ],
    [
      "file_format: 0.4",
      "OTEL_CONFIG_FILE names a file that is not usable: expected file_format \"1.0\" or a later 1.x, got 0.4"
    ],
    ["- a", "OTEL_CONFIG_FILE names a file that is not usable: expected a mapping"],
    ["", "OTEL_CONFIG_FILE names a file that is not usable: expected a mapping"],
    ["file_format: \"1.0\"\na: [1", "OTEL_CONFIG_FILE names a malformed file: "],
    [
      "file_format: \"1.0\"\na: ${1B}",
      "OTEL_CONFIG_FILE names a malformed file: ${1B} refers to no variable: expected ${NAME} or ${NAME:-default}"
    ]
  ])(
    "fails for a file that is `%s`",
    ([text, message]) => Effect.map(problem(text), (found) => assert.isTrue(found.startsWith(message), found))
  )

  it.effect("fails for a file that cannot be read, and where nothing can read files", () =>
    Effect.gen(function*() {
      const env = ConfigProvider.layer(ConfigProvider.fromEnv({ env: { OTEL_CONFIG_FILE: "/no/such/file.yaml" } }))
      const failure = Effect.map(Effect.flip(TelemetryConfig.load()), ({ message }) => message)
      assert.strictEqual(
        yield* Effect.provide(failure, Layer.merge(env, NodeTextFile.layer)),
        "OTEL_CONFIG_FILE names a file that cannot be read: NotFound"
      )
      assert.strictEqual(
        yield* Effect.provide(failure, env),
        "OTEL_CONFIG_FILE cannot be read without a FileSystem"
      )
    }))

  it.effect("takes the example of the documentation as it stands", () =>
    Effect.gen(function*() {
      const page = readFileSync("docs/how-to/send-to-a-collector.md", "utf8")
      const [, example = ""] = /```yaml\n(file_format[^]*?)```/.exec(page) ?? []
      const { config, warnings } = yield* load(example)
      assert.deepStrictEqual(
        [config.service.name, config.delivery.traces.endpoint, config.tracing.sampler.ratio, config.logging.exporter],
        ["shop", "http://localhost:4318/v1/traces", 0.1, "none"]
      )
      assert.deepStrictEqual(warnings, [])
    }))

  it("takes any value at any place, and gives options that are valid", () => {
    const isValid = Schema.is(Schema.toType(TelemetryConfig.TelemetryConfig))
    const options = leaves(TelemetryConfig.TelemetryConfig)
    const odd = [null, true, -1, Infinity, "", "a\nb", [], [null], {}, { a: { b: [] } }, [[{ name: 1, value: {} }]]]
    const copies = (value: unknown): ReadonlyArray<unknown> => {
      const inside = typeof value !== "object" || value === null ?
        [] :
        Object.entries(value).flatMap(([key, item]) =>
          copies(item).map((copy): unknown =>
            Array.isArray(value) ? value.with(Number(key), copy) : { ...value, [key]: copy }
          )
        )
      return [...odd, ...inside]
    }
    const documents = copies(yamlDocument.parse(whole, {}))
    assert.isAbove(documents.length, 1000)
    for (const document of documents) {
      const { problems, values } = resolve(options, {}, {
        tasker: {},
        otel: {},
        file: { document, variables: [] }
      })
      assert.deepStrictEqual([isValid(values), problems], [true, []], JSON.stringify(document))
    }
  })

  it.effect("shows no header and no credentials of the file", () =>
    Effect.gen(function*() {
      const { warnings } = yield* load(`
file_format: "1.0"
tracer_provider:
  processors:
    - batch:
        exporter:
          otlp_http:
            endpoint: https://user:canary@host
            headers: [{ name: "a b", value: canary }, { name: a, value: "canary\\nx" }, { name: b, value: [canary] }]
            headers_list: canary
`)
      assert.strictEqual(warnings.length, 5)
      assert.notInclude(warnings.join("\n"), "canary")
    }))
})
