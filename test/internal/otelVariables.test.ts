import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Duration, Effect, Redacted } from "effect"
import { otelVariables } from "../../src/internal/otelVariables.ts"
import * as TelemetryConfig from "../../src/TelemetryConfig.ts"

const load = (env: Readonly<Record<string, string>>, options: TelemetryConfig.Options = {}) =>
  Effect.provide(TelemetryConfig.load(options), ConfigProvider.layer(ConfigProvider.fromEnv({ env })))

const plain = (value: unknown): unknown => {
  if (Duration.isDuration(value)) return `${Duration.toMillis(value)} ms`
  if (Redacted.isRedacted(value)) return Redacted.value(value)
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]))
  }
  return value
}

const at = (config: unknown, path: string): unknown =>
  plain(path.split(".").reduce<unknown>((current, key) => (current as Record<string, unknown>)[key], config))

/** Other variables a variable needs to have a meaning. */
const ratio = { OTEL_TRACES_SAMPLER: "traceidratio" }

type Case = readonly [
  variable: string,
  text: string,
  path: string,
  value: unknown,
  others?: Readonly<Record<string, string>>
]

const legal: ReadonlyArray<Case> = [
  ["OTEL_SDK_DISABLED", "true", "enabled", false],
  ["OTEL_SDK_DISABLED", "TRUE", "enabled", false],
  ["OTEL_SDK_DISABLED", "False", "enabled", true],
  ["OTEL_SERVICE_NAME", "Checkout", "service.name", "Checkout"],
  ["OTEL_RESOURCE_ATTRIBUTES", "service.name=a,service.version=1.2,team=b%2Cc", "service", {
    name: "a",
    version: "1.2",
    attributes: { team: "b,c" }
  }],
  ["OTEL_TRACES_EXPORTER", "none", "tracing.exporter", "none"],
  ["OTEL_TRACES_EXPORTER", "OTLP", "tracing.exporter", "otlp"],
  ["OTEL_TRACES_SAMPLER", "always_off", "tracing.sampler.type", "always_off"],
  ["OTEL_TRACES_SAMPLER", "ParentBased_TraceIdRatio", "tracing.sampler.type", "parentbased_traceidratio"],
  ["OTEL_TRACES_SAMPLER_ARG", "0.25", "tracing.sampler.ratio", 0.25, ratio],
  ["OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "7", "tracing.limits.attributeCount", 7, { OTEL_ATTRIBUTE_COUNT_LIMIT: "9" }],
  ["OTEL_ATTRIBUTE_COUNT_LIMIT", "9", "tracing.limits.attributeCount", 9],
  ["OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", "7", "tracing.limits.attributeValueLength", 7, {
    OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT: "9"
  }],
  ["OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "9", "tracing.limits.attributeValueLength", 9],
  ["OTEL_SPAN_EVENT_COUNT_LIMIT", "0", "tracing.limits.eventCount", 0],
  ["OTEL_SPAN_LINK_COUNT_LIMIT", "3", "tracing.limits.linkCount", 3],
  ["OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318/", "delivery.endpoint", "http://collector:4318"],
  [
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    "http://collector:4318/x/",
    "delivery.tracesEndpoint",
    "http://collector:4318/x/"
  ],
  ["OTEL_METRICS_EXPORTER", "NONE", "metrics.exporter", "none"],
  ["OTEL_METRICS_EXEMPLAR_FILTER", "Always_On", "metrics.exemplars", "always_on"],
  ["OTEL_METRIC_EXPORT_INTERVAL", "1500", "metrics.exportInterval", "1500 ms"],
  ["OTEL_METRIC_EXPORT_TIMEOUT", "1500", "metrics.exportTimeout", "1500 ms"],
  ["OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "Delta", "metrics.temporality", "delta"],
  ["OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "LowMemory", "metrics.temporality", "lowmemory"],
  [
    "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
    "http://collector:4318/m/",
    "delivery.metricsEndpoint",
    "http://collector:4318/m/"
  ],
  ["OTEL_EXPORTER_OTLP_HEADERS", "Authorization=Bearer%20x, tenant = a=b", "delivery.headers", {
    authorization: "Bearer x",
    tenant: "a=b"
  }],
  ["OTEL_EXPORTER_OTLP_TRACES_HEADERS", "a=1", "delivery.tracesHeaders", { a: "1" }],
  ["OTEL_EXPORTER_OTLP_METRICS_HEADERS", "a=1", "delivery.metricsHeaders", { a: "1" }],
  ["OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", "http/json", "metrics.exporter", "otlp"],
  ["OTEL_EXPORTER_OTLP_TIMEOUT", "1500", "delivery.timeout", "1500 ms"],
  ["OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "1500", "delivery.tracesTimeout", "1500 ms"],
  ["OTEL_EXPORTER_OTLP_METRICS_TIMEOUT", "1500", "delivery.metricsTimeout", "1500 ms"],
  ["OTEL_BSP_MAX_QUEUE_SIZE", "10", "delivery.queueSize", 10],
  ["OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "10", "delivery.batchSize", 10],
  ["OTEL_BSP_SCHEDULE_DELAY", "10", "delivery.interval", "10 ms"],
  ["OTEL_EXPORTER_OTLP_PROTOCOL", "HTTP/JSON", "tracing.exporter", "otlp"],
  ["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/json", "tracing.exporter", "otlp"]
]

const malformed: ReadonlyArray<Case> = [
  [
    "OTEL_SDK_DISABLED",
    "yes",
    "enabled",
    "OTEL_SDK_DISABLED=\"yes\" is not usable: expected true or false; using false"
  ],
  [
    "OTEL_RESOURCE_ATTRIBUTES",
    "team",
    "service.attributes",
    "OTEL_RESOURCE_ATTRIBUTES is not usable: expected key=value,key=value; using none of it"
  ],
  [
    "OTEL_TRACES_EXPORTER",
    "otlp,console",
    "tracing.exporter",
    "OTEL_TRACES_EXPORTER=\"otlp,console\" is not usable: expected one of \"otlp\", \"none\"; using \"otlp\""
  ],
  [
    "OTEL_TRACES_SAMPLER",
    "jaeger_remote",
    "tracing.sampler.type",
    "OTEL_TRACES_SAMPLER=\"jaeger_remote\" is not usable: expected one of \"always_on\", \"always_off\", \"traceidratio\", " +
    "\"parentbased_always_on\", \"parentbased_always_off\", \"parentbased_traceidratio\"; using \"parentbased_always_on\""
  ],
  [
    "OTEL_TRACES_SAMPLER_ARG",
    "1.7",
    "tracing.sampler.ratio",
    "OTEL_TRACES_SAMPLER_ARG=\"1.7\" is not usable: expected a number between 0 and 1; using 1",
    ratio
  ],
  [
    "OTEL_TRACES_SAMPLER_ARG",
    "0.5",
    "tracing.sampler.ratio",
    "OTEL_TRACES_SAMPLER_ARG=\"0.5\" is not used: OTEL_TRACES_SAMPLER is not a ratio sampler"
  ],
  ...["OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "OTEL_ATTRIBUTE_COUNT_LIMIT"].map((variable): Case => [
    variable,
    "-1",
    "tracing.limits.attributeCount",
    `${variable}="-1" is not usable: expected a whole number between 0 and 100000; using 128`
  ]),
  ...["OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT"].map((variable): Case => [
    variable,
    "1e3",
    "tracing.limits.attributeValueLength",
    `${variable}="1e3" is not usable: expected a whole number between 0 and 10000000; using 8192`
  ]),
  ...[["OTEL_SPAN_EVENT_COUNT_LIMIT", "eventCount"], ["OTEL_SPAN_LINK_COUNT_LIMIT", "linkCount"]].map((
    [variable, limit]
  ): Case => [
    variable as string,
    "many",
    `tracing.limits.${limit}`,
    `${variable}="many" is not usable: expected a whole number between 0 and 100000; using 128`
  ]),
  ...[
    ["OTEL_EXPORTER_OTLP_ENDPOINT", "endpoint"],
    ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "tracesEndpoint"],
    ["OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "metricsEndpoint"]
  ].map(([variable, option]): Case => [
    variable as string,
    "collector:4318",
    `delivery.${option}`,
    `${variable}="collector:4318" is not usable: expected an http or https URL without credentials; using nothing`
  ]),
  ...[
    ["OTEL_EXPORTER_OTLP_TIMEOUT", "timeout", "10s"],
    ["OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "tracesTimeout", "nothing"],
    ["OTEL_EXPORTER_OTLP_METRICS_TIMEOUT", "metricsTimeout", "nothing"]
  ].map(([variable, option, fallback]): Case => [
    variable as string,
    "0",
    `delivery.${option}`,
    `${variable}="0" is not usable: expected a duration of at least 1ms (such as "5 seconds", or milliseconds); ` +
    `using ${fallback}`
  ]),
  [
    "OTEL_BSP_SCHEDULE_DELAY",
    "5s",
    "delivery.interval",
    "OTEL_BSP_SCHEDULE_DELAY=\"5s\" is not usable: expected a duration of at least 1ms (such as \"5 seconds\", or " +
    "milliseconds); using 5s"
  ],
  [
    "OTEL_BSP_MAX_QUEUE_SIZE",
    "0",
    "delivery.queueSize",
    "OTEL_BSP_MAX_QUEUE_SIZE=\"0\" is not usable: expected a whole number between 1 and 1000000; using 2048"
  ],
  [
    "OTEL_BSP_MAX_EXPORT_BATCH_SIZE",
    "x",
    "delivery.batchSize",
    "OTEL_BSP_MAX_EXPORT_BATCH_SIZE=\"x\" is not usable: expected a whole number between 1 and 100000; using 512"
  ],
  [
    "OTEL_METRICS_EXPORTER",
    "prometheus",
    "metrics.exporter",
    "OTEL_METRICS_EXPORTER=\"prometheus\" is not usable: expected one of \"otlp\", \"none\"; using \"otlp\""
  ],
  [
    "OTEL_METRIC_EXPORT_INTERVAL",
    "0",
    "metrics.exportInterval",
    "OTEL_METRIC_EXPORT_INTERVAL=\"0\" is not usable: expected a duration of at least 1ms (such as \"5 seconds\", or " +
    "milliseconds); using 1m"
  ],
  [
    "OTEL_METRIC_EXPORT_TIMEOUT",
    "0",
    "metrics.exportTimeout",
    "OTEL_METRIC_EXPORT_TIMEOUT=\"0\" is not usable: expected a duration of at least 1ms (such as \"5 seconds\", or " +
    "milliseconds); using 30s"
  ],
  [
    "OTEL_METRICS_EXEMPLAR_FILTER",
    "sometimes",
    "metrics.exemplars",
    "OTEL_METRICS_EXEMPLAR_FILTER=\"sometimes\" is not usable: expected one of \"trace_based\", \"always_on\", " +
    "\"always_off\"; using \"trace_based\""
  ],
  [
    "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE",
    "deltas",
    "metrics.temporality",
    "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE=\"deltas\" is not usable: expected one of \"cumulative\", " +
    "\"delta\", \"lowmemory\"; using \"cumulative\""
  ],
  ...[
    "OTEL_EXPORTER_OTLP_PROTOCOL",
    "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL",
    "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL"
  ].map((variable): Case => [
    variable,
    "grpc",
    "tracing.exporter",
    `${variable}="grpc" is not supported; using "http/json"`
  ])
]

/** Cannot be malformed, or is covered with the secrets. */
const never = [
  "OTEL_SERVICE_NAME",
  "OTEL_EXPORTER_OTLP_HEADERS",
  "OTEL_EXPORTER_OTLP_TRACES_HEADERS",
  "OTEL_EXPORTER_OTLP_METRICS_HEADERS"
]

describe("OTEL_ variables", () => {
  it.effect.each(legal)("reads %s=%s", ([variable, text, path, value, others]) =>
    Effect.gen(function*() {
      const { config, warnings } = yield* load({ ...others, [variable]: text })
      assert.deepStrictEqual([at(config, path), warnings], [value, []])
    }))

  it.effect.each(malformed)(
    "replaces %s=%s and says so",
    ([variable, text, path, warning, others]) =>
      Effect.gen(function*() {
        const { config, warnings } = yield* load({ ...others, [variable]: text })
        assert.deepStrictEqual([at(config, path), warnings], [at(yield* TelemetryConfig.Current, path), [warning]])
      })
  )

  it.effect.each(malformed)(
    "fails for %s=%s if strict",
    ([variable, text, , warning, others]) =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(load({ ...others, [variable]: text }, { strict: true }))
        assert.strictEqual(error.message, warning)
      })
  )

  it("covers every variable", () => {
    assert.deepStrictEqual(otelVariables.filter((variable) => !legal.some(([other]) => other === variable)), [])
    assert.deepStrictEqual(
      otelVariables.filter((variable) => !never.includes(variable) && !malformed.some(([other]) => other === variable)),
      []
    )
  })

  it.effect("says nothing about a malformed value that something else overrides", () =>
    Effect.gen(function*() {
      const { config, warnings } = yield* load({ OTEL_BSP_MAX_QUEUE_SIZE: "x" }, { delivery: { queueSize: 5 } })
      assert.deepStrictEqual([config.delivery.queueSize, warnings], [5, []])
    }))
})
