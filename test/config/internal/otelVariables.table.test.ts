/**
 * Every variable that the specification has, by its type: a plain value, upper case, empty, bad, out of range. Each one
 * has its effect, or one warning and the default.
 *
 * @see https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
 */
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Duration, Effect } from "effect"
import { configFile, otelVariables, unsupportedVariables } from "../../../src/config/internal/otelVariables.ts"
import * as TelemetryConfig from "../../../src/config/TelemetryConfig.ts"

type Environment = Readonly<Record<string, string>>

const load = (env: Environment) =>
  Effect.provide(TelemetryConfig.load(), ConfigProvider.layer(ConfigProvider.fromEnv({ env })))

const at = (config: unknown, path: string): unknown => {
  const value = path.split(".").reduce<unknown>((current, key) => (current as Record<string, unknown>)[key], config)
  return Duration.isDuration(value) ? Duration.toMillis(value) : value
}

/** A type of the specification: texts with their values, and texts that it refuses. */
interface Kind {
  readonly good: ReadonlyArray<readonly [text: string, value: unknown]>
  readonly bad: ReadonlyArray<string>
}

const enumeration = (words: Readonly<Record<string, unknown>>): Kind => ({
  good: Object.entries(words).flatMap(([word, value]) => [[word, value], [word.toUpperCase(), value]] as const),
  bad: ["sideways", "0", Object.keys(words).join(";")]
})

const words = (...all: ReadonlyArray<string>): Kind => enumeration(Object.fromEntries(all.map((word) => [word, word])))

const notWhole = ["-1", "1.5", "1e3", "0x10", "NaN", "many", "1 000", "99999999999999999999"]

const limit: Kind = { good: [["0", 0], ["7", 7], [" 12 ", 12]], bad: notWhole }
const size: Kind = { good: [["1", 1], ["7", 7]], bad: ["0", ...notWhole] }
const duration: Kind = { good: [["1", 1], ["1500", 1500]], bad: ["0", "5s", ...notWhole.slice(0, -1)] }
const timeout: Kind = {
  good: [["1", 1], ["1500", 1500], ["0", 2 ** 31 - 1]],
  bad: ["5s", ...notWhole.slice(0, -1)]
}
const ratio: Kind = {
  good: [["0", 0], ["1", 1], ["0.25", 0.25]],
  bad: ["-0.1", "1.1", "NaN", "Infinity", "half", "10%"]
}
const text: Kind = { good: [["Shop", "Shop"]], bad: ["a\nb", "a\u0000"] }
const url: Kind = {
  good: [["http://c:4318", "http://c:4318"], ["HTTPS://C/v1", "HTTPS://C/v1"]],
  bad: ["c:4318", "ftp://c", "/v1/traces", "http://"]
}

const signals = ["", "TRACES_", "METRICS_", "LOGS_"]

const table: ReadonlyArray<readonly [variable: string, path: string, kind: Kind, others?: Environment]> = [
  ["OTEL_SDK_DISABLED", "enabled", enumeration({ true: false, false: true })],
  ["OTEL_SERVICE_NAME", "service.name", text],
  ["OTEL_TRACES_EXPORTER", "tracing.exporter", enumeration({ otlp: "otlp", none: "none", "otlp/stdout": "otlp" })],
  ["OTEL_METRICS_EXPORTER", "metrics.exporter", enumeration({ otlp: "otlp", none: "none", "otlp/stdout": "otlp" })],
  ["OTEL_LOGS_EXPORTER", "logging.exporter", enumeration({ otlp: "otlp", none: "none", "otlp/stdout": "otlp" })],
  [
    "OTEL_TRACES_SAMPLER",
    "tracing.sampler.type",
    words(
      "always_on",
      "always_off",
      "traceidratio",
      "parentbased_always_on",
      "parentbased_always_off",
      "parentbased_traceidratio"
    )
  ],
  ["OTEL_TRACES_SAMPLER_ARG", "tracing.sampler.ratio", ratio, { OTEL_TRACES_SAMPLER: "traceidratio" }],
  [
    "OTEL_LOG_LEVEL",
    "logging.level",
    enumeration({
      none: "None",
      error: "Error",
      warn: "Warn",
      info: "Info",
      debug: "Debug",
      verbose: "Trace",
      all: "Trace"
    })
  ],
  ["OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN", "tracing.exceptions", enumeration({ logs: "logs", "logs/dup": "both" })],
  ["OTEL_METRICS_EXEMPLAR_FILTER", "metrics.exemplars", words("trace_based", "always_on", "always_off")],
  ["OTEL_METRIC_EXPORT_INTERVAL", "metrics.exportInterval", duration],
  ["OTEL_METRIC_EXPORT_TIMEOUT", "metrics.exportTimeout", timeout],
  [
    "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE",
    "metrics.temporality",
    words("cumulative", "delta", "lowmemory")
  ],
  [
    "OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION",
    "metrics.histogramAggregation",
    words("explicit_bucket_histogram", "base2_exponential_bucket_histogram")
  ],
  ["OTEL_ATTRIBUTE_COUNT_LIMIT", "tracing.limits.attributeCount", limit],
  ["OTEL_ATTRIBUTE_COUNT_LIMIT", "logging.limits.attributeCount", limit],
  ["OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "tracing.limits.attributeValueLength", limit],
  ["OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "logging.limits.attributeValueLength", limit],
  ["OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "tracing.limits.attributeCount", limit],
  ["OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", "tracing.limits.attributeValueLength", limit],
  ["OTEL_SPAN_EVENT_COUNT_LIMIT", "tracing.limits.eventCount", limit],
  ["OTEL_SPAN_LINK_COUNT_LIMIT", "tracing.limits.linkCount", limit],
  ["OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT", "tracing.limits.eventAttributeCount", limit],
  ["OTEL_LINK_ATTRIBUTE_COUNT_LIMIT", "tracing.limits.linkAttributeCount", limit],
  ["OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT", "logging.limits.attributeCount", limit],
  ["OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT", "logging.limits.attributeValueLength", limit],
  ...([["BSP", "traces"], ["BLRP", "logs"]] as const).flatMap(([prefix, group]) =>
    [
      [`OTEL_${prefix}_SCHEDULE_DELAY`, `delivery.${group}.interval`, duration],
      [`OTEL_${prefix}_EXPORT_TIMEOUT`, `delivery.${group}.maximumElapsed`, timeout],
      [`OTEL_${prefix}_MAX_QUEUE_SIZE`, `delivery.${group}.queueSize`, size],
      [`OTEL_${prefix}_MAX_EXPORT_BATCH_SIZE`, `delivery.${group}.batchSize`, size]
    ] as const
  ),
  ...signals.flatMap((signal) => {
    const path = `delivery.${signal.toLowerCase().replace("_", ".")}`
    return [
      [`OTEL_EXPORTER_OTLP_${signal}ENDPOINT`, `${path}endpoint`, url],
      [`OTEL_EXPORTER_OTLP_${signal}PROTOCOL`, `${path}protocol`, words("http/protobuf", "http/json")],
      [`OTEL_EXPORTER_OTLP_${signal}COMPRESSION`, `${path}compression`, words("gzip", "none")],
      [`OTEL_EXPORTER_OTLP_${signal}TIMEOUT`, `${path}timeout`, timeout],
      [`OTEL_EXPORTER_OTLP_${signal}CERTIFICATE`, `${path}certificate`, text],
      [`OTEL_EXPORTER_OTLP_${signal}CLIENT_KEY`, `${path}clientKey`, text],
      [`OTEL_EXPORTER_OTLP_${signal}CLIENT_CERTIFICATE`, `${path}clientCertificate`, text]
    ] as const
  })
]

/** Lists, whose cases are in `otelVariables.test.ts`, and the name of a file, whose cases are in `declarativeFile.test.ts`. */
const lists = [
  "OTEL_RESOURCE_ATTRIBUTES",
  "OTEL_PROPAGATORS",
  configFile,
  ...signals.map((signal) => `OTEL_EXPORTER_OTLP_${signal}HEADERS`)
]

describe("OTEL_ variables by type", () => {
  for (const [variable, path, { bad, good }, others] of table) {
    it.effect(`${variable} sets ${path}, or is replaced with one warning`, () =>
      Effect.gen(function*() {
        const unset = yield* load({ ...others })
        assert.deepStrictEqual(unset.warnings, [])
        for (const [text, value] of good) {
          const { config, warnings } = yield* load({ ...others, [variable]: text })
          assert.deepStrictEqual([text, at(config, path), warnings], [text, value, []])
        }
        for (const text of ["", "  "]) {
          const { config, warnings } = yield* load({ ...others, [variable]: text })
          assert.deepStrictEqual([config, warnings], [unset.config, []])
        }
        for (const text of bad) {
          const { config, warnings } = yield* load({ ...others, [variable]: text })
          assert.deepStrictEqual([text, config], [text, unset.config])
          assert.strictEqual(warnings.length, 1, text)
          assert.include(warnings[0], `${variable}=`)
          assert.match(warnings[0] ?? "", / is not usable: expected .*; using /)
        }
      }))
  }

  it.effect.each(unsupportedVariables.flatMap(({ variables }) => variables))(
    "%s is reported once and changes nothing",
    (variable) =>
      Effect.gen(function*() {
        const { config, warnings } = yield* load({ [variable]: "/dup" })
        assert.deepStrictEqual(config, yield* TelemetryConfig.Current)
        assert.strictEqual(warnings.length, 1)
        assert.isTrue(warnings[0]?.startsWith(variable))
      })
  )

  it("covers every variable", () => {
    const covered = new Set([
      ...table.map(([variable]) => variable),
      ...lists,
      ...unsupportedVariables.flatMap(({ variables }) => variables)
    ])
    assert.deepStrictEqual([...covered].toSorted(), otelVariables.toSorted())
  })
})
