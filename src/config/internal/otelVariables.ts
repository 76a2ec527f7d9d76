/**
 * The standard `OTEL_…` variables: which option each one sets and how its text is read. The OpenTelemetry specification
 * asks to tolerate bad values.
 *
 * @see https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
 */
import * as Duration from "effect/Duration"
import { orElse } from "../../internal/guard.ts"
import { quote } from "../../redaction/internal/quoteValue.ts"

export interface Standard {
  readonly variable: string
  /** The value as it was written. */
  readonly text: unknown
  readonly value: unknown
}

/** A sentence about a value that cannot be used. */
export interface Warning {
  readonly problem: string
  /** What is used in its place, as in `using "tasker"`; `undefined` if `problem` says it already. */
  readonly instead?: string | undefined
}

interface Mapping {
  readonly path: string
  readonly read: (text: string) => unknown
}

const integer = (text: string): unknown => /^\d+$/.test(text) ? Number(text) : text
const number = (text: string): unknown => text !== "" && Number.isFinite(Number(text)) ? Number(text) : text
const millis = (text: string): unknown => /^\d+$/.test(text) ? Duration.millis(Number(text)) : text
/** The specification reads a time-out of 0 as none. The longest one is about 25 days. */
const timeout = (text: string): unknown => /^0+$/.test(text) ? Duration.millis(2 ** 31 - 1) : millis(text)
const same = (text: string): unknown => text

/** Gives the different words of a list, in lower case. */
export const words = (
  text: string
): ReadonlyArray<string> => [...new Set(items(text.toLowerCase()))]
const someWords = (text: string): unknown => text.replaceAll(/[,\s]/g, "") === "" ? text : words(text)

/** Words of the specification and of its implementations that the option does not have. */
const logLevels: Readonly<Record<string, string>> = { all: "Trace", verbose: "Trace", warning: "Warn" }
const logLevel = (text: string): unknown => logLevels[text.toLowerCase()] ?? text
/** The words of the semantic conventions for those of the option. */
const exceptionSignals: Readonly<Record<string, string>> = { logs: "logs", "logs/dup": "both" }
const exceptionSignal = (text: string): unknown => exceptionSignals[text.toLowerCase()] ?? text
const headers = (text: string): unknown => headersOf(text) ?? text

const stdout = "otlp/stdout"
const isStdout = (text: string | undefined) => text?.trim().toLowerCase() === stdout
const exporter = (text: string): unknown => isStdout(text) ? "otlp" : text

/** The variable that chooses the exporter of a signal, and the option that has the address. */
const exporters = {
  OTEL_TRACES_EXPORTER: "delivery.traces.endpoint",
  OTEL_METRICS_EXPORTER: "delivery.metrics.endpoint",
  OTEL_LOGS_EXPORTER: "delivery.logs.endpoint"
}

/** In the order of precedence. If two variables set one option, the first usable value wins. */
const mappings: ReadonlyArray<readonly [variable: string, Mapping]> = [
  ["OTEL_SERVICE_NAME", { path: "service.name", read: same }],
  ["OTEL_TRACES_EXPORTER", { path: "tracing.exporter", read: exporter }],
  ["OTEL_LOGS_EXPORTER", { path: "logging.exporter", read: exporter }],
  ["OTEL_METRICS_EXPORTER", { path: "metrics.exporter", read: exporter }],
  ["OTEL_METRIC_EXPORT_INTERVAL", { path: "metrics.exportInterval", read: millis }],
  ["OTEL_METRIC_EXPORT_TIMEOUT", { path: "metrics.exportTimeout", read: timeout }],
  ["OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", { path: "metrics.temporality", read: same }],
  [
    "OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION",
    { path: "metrics.histogramAggregation", read: same }
  ],
  ["OTEL_LOG_LEVEL", { path: "logging.level", read: logLevel }],
  ["OTEL_PROPAGATORS", { path: "tracing.propagators", read: someWords }],
  ["OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN", { path: "tracing.exceptions", read: exceptionSignal }],
  ["OTEL_TRACES_SAMPLER", { path: "tracing.sampler.type", read: same }],
  ["OTEL_TRACES_SAMPLER_ARG", { path: "tracing.sampler.ratio", read: number }],
  ["OTEL_METRICS_EXEMPLAR_FILTER", { path: "metrics.exemplars", read: same }],
  ["OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", { path: "tracing.limits.attributeCount", read: integer }],
  ["OTEL_ATTRIBUTE_COUNT_LIMIT", { path: "tracing.limits.attributeCount", read: integer }],
  ["OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT", { path: "logging.limits.attributeCount", read: integer }],
  ["OTEL_ATTRIBUTE_COUNT_LIMIT", { path: "logging.limits.attributeCount", read: integer }],
  ["OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT", { path: "tracing.limits.eventAttributeCount", read: integer }],
  ["OTEL_LINK_ATTRIBUTE_COUNT_LIMIT", { path: "tracing.limits.linkAttributeCount", read: integer }],
  ["OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", { path: "tracing.limits.attributeValueLength", read: integer }],
  ["OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", { path: "tracing.limits.attributeValueLength", read: integer }],
  ["OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT", { path: "logging.limits.attributeValueLength", read: integer }],
  ["OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", { path: "logging.limits.attributeValueLength", read: integer }],
  ["OTEL_SPAN_EVENT_COUNT_LIMIT", { path: "tracing.limits.eventCount", read: integer }],
  ["OTEL_SPAN_LINK_COUNT_LIMIT", { path: "tracing.limits.linkCount", read: integer }],
  ["OTEL_EXPORTER_OTLP_ENDPOINT", { path: "delivery.endpoint", read: same }],
  ["OTEL_EXPORTER_OTLP_HEADERS", { path: "delivery.headers", read: headers }],
  ["OTEL_EXPORTER_OTLP_TIMEOUT", { path: "delivery.timeout", read: timeout }],
  ["OTEL_EXPORTER_OTLP_PROTOCOL", { path: "delivery.protocol", read: same }],
  ["OTEL_EXPORTER_OTLP_COMPRESSION", { path: "delivery.compression", read: same }],
  ["OTEL_EXPORTER_OTLP_CERTIFICATE", { path: "delivery.certificate", read: same }],
  ["OTEL_EXPORTER_OTLP_CLIENT_KEY", { path: "delivery.clientKey", read: same }],
  ["OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", { path: "delivery.clientCertificate", read: same }],
  ...["traces", "metrics", "logs"].flatMap((signal): ReadonlyArray<readonly [string, Mapping]> => {
    const variable = (name: string) => `OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_${name}`
    return [
      [variable("ENDPOINT"), { path: `delivery.${signal}.endpoint`, read: same }],
      [variable("HEADERS"), { path: `delivery.${signal}.headers`, read: headers }],
      [variable("TIMEOUT"), { path: `delivery.${signal}.timeout`, read: timeout }],
      [variable("PROTOCOL"), { path: `delivery.${signal}.protocol`, read: same }],
      [variable("COMPRESSION"), { path: `delivery.${signal}.compression`, read: same }],
      [variable("CERTIFICATE"), { path: `delivery.${signal}.certificate`, read: same }],
      [variable("CLIENT_KEY"), { path: `delivery.${signal}.clientKey`, read: same }],
      [variable("CLIENT_CERTIFICATE"), { path: `delivery.${signal}.clientCertificate`, read: same }]
    ]
  }),
  ["OTEL_BSP_MAX_QUEUE_SIZE", { path: "delivery.traces.queueSize", read: integer }],
  ["OTEL_BSP_MAX_EXPORT_BATCH_SIZE", { path: "delivery.traces.batchSize", read: integer }],
  ["OTEL_BSP_SCHEDULE_DELAY", { path: "delivery.traces.interval", read: millis }],
  ["OTEL_BSP_EXPORT_TIMEOUT", { path: "delivery.traces.maximumElapsed", read: timeout }],
  ["OTEL_BLRP_MAX_QUEUE_SIZE", { path: "delivery.logs.queueSize", read: integer }],
  ["OTEL_BLRP_MAX_EXPORT_BATCH_SIZE", { path: "delivery.logs.batchSize", read: integer }],
  ["OTEL_BLRP_SCHEDULE_DELAY", { path: "delivery.logs.interval", read: millis }],
  ["OTEL_BLRP_EXPORT_TIMEOUT", { path: "delivery.logs.maximumElapsed", read: timeout }]
]

/** Variables that have no effect here. If one is set, it is reported once, with what is used instead. */
interface Unsupported {
  readonly variables: ReadonlyArray<string>
  /** Words, in lower case, that ask for what the package does anyway. */
  readonly harmless?: ReadonlyArray<string>
  /** Whether the message leaves the value out, because the value may tell where secrets are. */
  readonly hidden?: boolean
  /** What is wrong with the variable; `is not supported` by default. */
  readonly why?: string
  /** What is used in its place. */
  readonly instead: string
}

/** The variable for all signals and those for one. */
const ofSignals = (name: string): ReadonlyArray<string> =>
  ["", "TRACES_", "METRICS_", "LOGS_"].map((signal) => `OTEL_EXPORTER_OTLP_${signal}${name}`)

export const unsupportedVariables: ReadonlyArray<Unsupported> = [
  {
    variables: [
      ...ofSignals("INSECURE"),
      "OTEL_EXPORTER_OTLP_SPAN_INSECURE",
      "OTEL_EXPORTER_OTLP_METRIC_INSECURE"
    ],
    harmless: ["false"],
    why: "is not used: it is for gRPC alone",
    instead: "using the scheme of the endpoint"
  },
  {
    variables: ["OTEL_EXPERIMENTAL_CONFIG_FILE"],
    hidden: true,
    why: "is deprecated and not read",
    instead: "using OTEL_CONFIG_FILE, if it is set"
  },
  {
    variables: ["OTEL_EXPORTER_PROMETHEUS_HOST", "OTEL_EXPORTER_PROMETHEUS_PORT"],
    instead: "using the routes that the program serves, with GET /metrics"
  },
  {
    variables: ["OTEL_EXPORTER_ZIPKIN_ENDPOINT", "OTEL_EXPORTER_ZIPKIN_TIMEOUT", "OTEL_EXPORTER_ZIPKIN_PROTOCOL"],
    hidden: true,
    instead: "using delivery.endpoint: spans are sent by OTLP"
  },
  {
    variables: ["OTEL_ENTITIES"],
    instead: "using OTEL_RESOURCE_ATTRIBUTES"
  },
  {
    variables: ["OTEL_SEMCONV_STABILITY_OPT_IN"],
    harmless: ["code", "database", "http", "k8s", "messaging", "rpc"],
    instead: "using the new names of the semantic conventions alone"
  }
]

/** Names a file of declarative configuration. If it is set, no other variable of OpenTelemetry is used. */
export const configFile = "OTEL_CONFIG_FILE"
const disabled = "OTEL_SDK_DISABLED"
const resource = "OTEL_RESOURCE_ATTRIBUTES"

/** Samplers that have a ratio as argument. The argument of any other sampler has no meaning. */
const ratioSamplers = ["traceidratio", "parentbased_traceidratio"]

/** Every variable that is read, also the ones without effect. */
export const otelVariables: ReadonlyArray<string> = [
  ...new Set([
    ...mappings.map(([variable]) => variable),
    disabled,
    resource,
    configFile,
    ...unsupportedVariables.flatMap(({ variables }) => variables)
  ])
]

/**
 * Reads the variables into values by option path, in the order of precedence. `warnings` gets a sentence for each
 * unusable value.
 */
export const readOtel = (
  environment: Readonly<Record<string, string>>,
  warnings: Array<Warning>
): Readonly<Record<string, ReadonlyArray<Standard>>> => {
  const found: Record<string, Array<Standard>> = {}
  const add: Add = (path, variable, text, value) => {
    const before = found[path] ??= []
    before.push({ variable, text, value })
  }
  for (const [variable, endpoint] of Object.entries(exporters)) {
    const text = environment[variable]
    if (isStdout(text)) add(endpoint, variable, text, "stdout:")
  }
  for (const [variable, { path, read }] of mappings) {
    const text = environment[variable]?.trim()
    if (text === undefined) continue
    if (variable === "OTEL_TRACES_SAMPLER_ARG" && !usesRatio(environment)) {
      warnings.push({
        problem: `OTEL_TRACES_SAMPLER_ARG=${quote(text)} is not used: OTEL_TRACES_SAMPLER is not a ratio sampler`
      })
      continue
    }
    add(path, variable, text, read(text))
  }
  readDisabled(environment, warnings, add)
  readResource(environment, warnings, add)
  readUnsupported(environment, warnings)
  return found
}

type Add = (path: string, variable: string, text: unknown, value: unknown) => void

const usesRatio = (environment: Readonly<Record<string, string>>) =>
  ratioSamplers.includes((environment["OTEL_TRACES_SAMPLER"] ?? "").trim().toLowerCase())

const readDisabled = (environment: Readonly<Record<string, string>>, warnings: Array<Warning>, add: Add) => {
  const text = environment[disabled]?.trim()
  if (text === undefined) return
  const value = text.toLowerCase()
  if (value !== "true" && value !== "false") {
    warnings.push({
      problem: `${disabled}=${quote(text)} is not usable: expected true or false`,
      instead: "using false"
    })
    return
  }
  add("enabled", disabled, text, value === "false")
}

const readResource = (environment: Readonly<Record<string, string>>, warnings: Array<Warning>, add: Add) => {
  const text = environment[resource]
  if (text === undefined) return
  const attributes = attributePairs(text)
  if (attributes === undefined) {
    warnings.push({
      problem: `${resource} is not usable: expected key=value,key=value`,
      instead: "using none of it"
    })
    return
  }
  const { "service.name": name, "service.version": version, ...rest } = attributes
  if (name !== undefined) add("service.name", resource, name, name)
  if (version !== undefined) add("service.version", resource, version, version)
  add("service.attributes", resource, text, rest)
}

const readUnsupported = (environment: Readonly<Record<string, string>>, warnings: Array<Warning>) => {
  for (const { harmless = [], hidden = false, instead, variables, why = "is not supported" } of unsupportedVariables) {
    for (const variable of variables) {
      const text = environment[variable]?.trim()
      if (text === undefined || items(text.toLowerCase()).every((word) => harmless.includes(word))) continue
      warnings.push({ problem: `${variable}${hidden ? "" : `=${quote(text)}`} ${why}`, instead })
    }
  }
}

// --- Lists in the text of a variable ---

/** Gives the parts of a text between its commas. */
export const items = (text: string): ReadonlyArray<string> =>
  text.split(",").map((item) => item.trim()).filter((item) => item !== "")

/** Reads `key=value,key=value` with percent-encoded values, as the OpenTelemetry specification writes headers. */
export const pairs = (text: string): Record<string, string> | undefined => decodePairs(text, (key) => key)

/** Reads headers. Their names are in lower case. */
export const headersOf = (text: string): Record<string, string> | undefined => {
  const found = pairs(text)
  return found === undefined
    ? undefined
    : Object.fromEntries(Object.entries(found).map(([key, value]) => [key.toLowerCase(), value]))
}

/** Reads pairs whose keys are percent-encoded too, as the OpenTelemetry specification writes resource attributes. */
export const attributePairs = (text: string): Record<string, string> | undefined => decodePairs(text, decodePercent)

const decodePairs = (
  text: string,
  decodeKey: (key: string) => string | undefined
): Record<string, string> | undefined => {
  const found: Array<readonly [string, string]> = []
  for (const item of items(text)) {
    const separator = item.indexOf("=")
    const key = decodeKey(item.slice(0, Math.max(separator, 0)).trim())
    const value = decodePercent(item.slice(separator + 1).trim())
    if (key === undefined || key === "" || value === undefined) return undefined
    found.push([key, value])
  }
  return Object.fromEntries(found)
}

const decodePercent = (text: string): string | undefined => orElse(() => decodeURIComponent(text), () => undefined)
