/**
 * The standard `OTEL_…` variables: which option each one sets and how its text
 * is read, with the tolerance the OpenTelemetry specification asks for.
 *
 * @see https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
 * @internal
 */
import * as Duration from "effect/Duration"
import * as Redacted from "effect/Redacted"
import { pairs } from "./configOption.ts"

export interface Standard {
  readonly variable: string
  readonly text: string
  readonly value: unknown
}

interface Mapping {
  readonly path: string
  readonly read: (text: string) => unknown
}

const integer = (text: string): unknown => /^\d+$/.test(text) ? Number(text) : text
const number = (text: string): unknown => text !== "" && Number.isFinite(Number(text)) ? Number(text) : text
const millis = (text: string): unknown => /^\d+$/.test(text) ? Duration.millis(Number(text)) : text
const lowerCase = (text: string): unknown => text.toLowerCase()
const url = (text: string): unknown => text.replace(/\/+$/, "")
const headers = (text: string): unknown => {
  const found = pairs(text)
  return found === undefined
    ? text
    : Object.fromEntries(Object.entries(found).map(([key, value]) => [key.toLowerCase(), Redacted.make(value)]))
}

/** In the order of precedence: of two variables for one option the first that is set wins. */
const mappings: ReadonlyArray<readonly [variable: string, Mapping]> = [
  ["OTEL_SERVICE_NAME", { path: "service.name", read: (text) => text }],
  ["OTEL_TRACES_EXPORTER", { path: "tracing.exporter", read: lowerCase }],
  ["OTEL_METRICS_EXPORTER", { path: "metrics.exporter", read: lowerCase }],
  ["OTEL_METRIC_EXPORT_INTERVAL", { path: "metrics.exportInterval", read: millis }],
  ["OTEL_METRIC_EXPORT_TIMEOUT", { path: "metrics.exportTimeout", read: millis }],
  ["OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", { path: "metrics.temporality", read: lowerCase }],
  ["OTEL_TRACES_SAMPLER", { path: "tracing.sampler.type", read: lowerCase }],
  ["OTEL_TRACES_SAMPLER_ARG", { path: "tracing.sampler.ratio", read: number }],
  ["OTEL_METRICS_EXEMPLAR_FILTER", { path: "metrics.exemplars", read: lowerCase }],
  ["OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", { path: "tracing.limits.attributeCount", read: integer }],
  ["OTEL_ATTRIBUTE_COUNT_LIMIT", { path: "tracing.limits.attributeCount", read: integer }],
  ["OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", { path: "tracing.limits.attributeValueLength", read: integer }],
  ["OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", { path: "tracing.limits.attributeValueLength", read: integer }],
  ["OTEL_SPAN_EVENT_COUNT_LIMIT", { path: "tracing.limits.eventCount", read: integer }],
  ["OTEL_SPAN_LINK_COUNT_LIMIT", { path: "tracing.limits.linkCount", read: integer }],
  ["OTEL_EXPORTER_OTLP_ENDPOINT", { path: "delivery.endpoint", read: url }],
  ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", { path: "delivery.tracesEndpoint", read: (text) => text }],
  ["OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", { path: "delivery.metricsEndpoint", read: (text) => text }],
  ["OTEL_EXPORTER_OTLP_TRACES_HEADERS", { path: "delivery.tracesHeaders", read: headers }],
  ["OTEL_EXPORTER_OTLP_METRICS_HEADERS", { path: "delivery.metricsHeaders", read: headers }],
  ["OTEL_EXPORTER_OTLP_HEADERS", { path: "delivery.headers", read: headers }],
  ["OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", { path: "delivery.tracesTimeout", read: millis }],
  ["OTEL_EXPORTER_OTLP_METRICS_TIMEOUT", { path: "delivery.metricsTimeout", read: millis }],
  ["OTEL_EXPORTER_OTLP_TIMEOUT", { path: "delivery.timeout", read: millis }],
  ["OTEL_BSP_MAX_QUEUE_SIZE", { path: "delivery.queueSize", read: integer }],
  ["OTEL_BSP_MAX_EXPORT_BATCH_SIZE", { path: "delivery.batchSize", read: integer }],
  ["OTEL_BSP_SCHEDULE_DELAY", { path: "delivery.interval", read: millis }]
]

const disabled = "OTEL_SDK_DISABLED"
const resource = "OTEL_RESOURCE_ATTRIBUTES"
const protocols = [
  "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL",
  "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL",
  "OTEL_EXPORTER_OTLP_PROTOCOL"
]

/** Samplers whose argument is a ratio; the argument of any other sampler has no meaning. */
const ratioSamplers = ["traceidratio", "parentbased_traceidratio"]

export const otelVariables: ReadonlyArray<string> = [
  ...mappings.map(([variable]) => variable),
  disabled,
  resource,
  ...protocols
]

/** Reads the variables that are set into values by option path; what cannot be used is said in `warnings`. */
export const readOtel = (
  environment: Readonly<Record<string, string>>,
  warnings: Array<string>
): Readonly<Record<string, Standard>> => {
  const found: Record<string, Standard> = {}
  const add = (path: string, variable: string, text: string, value: unknown) => {
    found[path] ??= { variable, text, value }
  }
  for (const [variable, { path, read }] of mappings) {
    const text = environment[variable]?.trim()
    if (text === undefined) continue
    if (variable === "OTEL_TRACES_SAMPLER_ARG" && !usesRatio(environment)) {
      warnings.push(
        `OTEL_TRACES_SAMPLER_ARG=${JSON.stringify(text)} is not used: OTEL_TRACES_SAMPLER is not a ratio sampler`
      )
      continue
    }
    add(path, variable, text, read(text))
  }
  readDisabled(environment, warnings, add)
  readResource(environment, warnings, add)
  for (const variable of protocols) {
    const text = environment[variable]?.trim()
    if (text !== undefined && text.toLowerCase() !== "http/json") {
      warnings.push(`${variable}=${JSON.stringify(text)} is not supported; using "http/json"`)
    }
  }
  return found
}

type Add = (path: string, variable: string, text: string, value: unknown) => void

const usesRatio = (environment: Readonly<Record<string, string>>) =>
  ratioSamplers.includes((environment["OTEL_TRACES_SAMPLER"] ?? "").trim().toLowerCase())

const readDisabled = (environment: Readonly<Record<string, string>>, warnings: Array<string>, add: Add) => {
  const text = environment[disabled]?.trim()
  if (text === undefined) return
  const value = text.toLowerCase()
  if (value !== "true" && value !== "false") {
    warnings.push(`${disabled}=${JSON.stringify(text)} is not usable: expected true or false; using false`)
    return
  }
  add("enabled", disabled, text, value === "false")
}

const readResource = (environment: Readonly<Record<string, string>>, warnings: Array<string>, add: Add) => {
  const text = environment[resource]
  if (text === undefined) return
  const attributes = pairs(text)
  if (attributes === undefined) {
    warnings.push(`${resource} is not usable: expected key=value,key=value; using none of it`)
    return
  }
  const { "service.name": name, "service.version": version, ...rest } = attributes
  if (name !== undefined) add("service.name", resource, name, name)
  if (version !== undefined) add("service.version", resource, version, version)
  add("service.attributes", resource, text, rest)
}
