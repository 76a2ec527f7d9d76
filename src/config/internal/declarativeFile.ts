/**
 * Reads the declarative configuration of OpenTelemetry: which part of the document sets which option. Pure.
 *
 * **Details**
 *
 * Each part without an option is reported once by its path. The schema's own defaults hold for what the document leaves
 * out: a signal without an exporter is not sent, and nothing is detected about the resource.
 *
 * @see https://github.com/open-telemetry/opentelemetry-configuration
 */
import * as Duration from "effect/Duration"
import { isHeaderName } from "./configProblem.ts"
import { toView } from "./declarativeView.ts"
import { DocumentReader, isMapping, type Part, type Read } from "./documentReader.ts"
import { attributePairs, headersOf, type Standard, type Warning, words } from "./otelVariables.ts"

/** A file of declarative configuration. */
export interface ConfigFile {
  readonly document: unknown
  /** The variables that the document refers to. */
  readonly variables: ReadonlyArray<string>
}

/** Formats whose parts have the meaning that they have here. */
const isKnownFormat = (format: unknown): boolean => /^1(?:\.\d+)?(?:-.*)?$/.test(String(format))

/** Says why a document cannot be used at all; `undefined` if it can. */
export const problemOf = (document: unknown): string | undefined => {
  if (!isMapping(document)) return "expected a mapping"
  const format = document["file_format"]
  return isKnownFormat(format) ? undefined : `expected file_format "1.0" or a later 1.x, got ${JSON.stringify(format)}`
}

type Reads = Readonly<Record<string, Read>>

/** Reads the document into values by option path. `warnings` gets a sentence for each part without an option. */
export const read = (
  document: unknown,
  warnings: Array<Warning>
): Readonly<Record<string, ReadonlyArray<Standard>>> => {
  const reader = new DocumentReader(warnings)
  let general: Part | undefined
  reader.fields({
    file_format: () => {},
    disabled: reader.set("enabled", (value) => typeof value === "boolean" ? !value : value),
    log_level: reader.set("logging.level", logLevel),
    resource: resource(reader),
    attribute_limits: (part) => {
      general = part
    },
    propagator: propagator(reader),
    tracer_provider: reader.fields({
      processors: reader.first("batch", batch(reader, "traces", "tracing.exporter")),
      limits: reader.fields({
        ...attributeLimits(reader, "tracing"),
        event_count_limit: reader.set("tracing.limits.eventCount"),
        link_count_limit: reader.set("tracing.limits.linkCount"),
        event_attribute_count_limit: reader.set("tracing.limits.eventAttributeCount"),
        link_attribute_count_limit: reader.set("tracing.limits.linkAttributeCount")
      }),
      sampler: sampler(reader)
    }),
    meter_provider: reader.fields({
      readers: reader.first(
        "periodic",
        reader.fields({
          interval: reader.set("metrics.exportInterval", millis),
          timeout: reader.set("metrics.exportTimeout", timeout),
          exporter: exporter(reader, "metrics", "metrics.exporter", {
            temporality_preference: reader.set("metrics.temporality", temporality),
            default_histogram_aggregation: reader.set("metrics.histogramAggregation")
          }),
          cardinality_limits: reader.fields({ default: reader.set("metrics.cardinalityLimit") })
        })
      ),
      exemplar_filter: reader.set("metrics.exemplars"),
      views: views(reader)
    }),
    logger_provider: reader.fields({
      processors: reader.first("batch", batch(reader, "logs", "logging.exporter")),
      limits: reader.fields(attributeLimits(reader, "logging"))
    })
  })({ path: "", value: document })
  // The limits of a signal come before those of all attributes.
  if (general !== undefined) reader.fields(attributeLimits(reader, "tracing", "logging"))(general)
  for (const option of ["tracing.exporter", "metrics.exporter", "logging.exporter"]) {
    reader.put(option, { path: option, value: "none" }, "none")
  }
  reader.put("service.detectors", { path: "resource", value: "none" }, ["none"])
  return reader.found
}

const attributeLimits = (reader: DocumentReader, ...groups: ReadonlyArray<"tracing" | "logging">): Reads => {
  const set = (name: string): Read => (part) => {
    for (const group of groups) reader.set(`${group}.limits.${name}`)(part)
  }
  return { attribute_count_limit: set("attributeCount"), attribute_value_length_limit: set("attributeValueLength") }
}

// --- Export ---

const batch = (reader: DocumentReader, group: "traces" | "logs", exporterOption: string): Read => {
  return reader.fields({
    schedule_delay: reader.set(`delivery.${group}.interval`, millis),
    export_timeout: reader.set(`delivery.${group}.maximumElapsed`, timeout),
    max_queue_size: reader.set(`delivery.${group}.queueSize`),
    max_export_batch_size: reader.set(`delivery.${group}.batchSize`),
    exporter: exporter(reader, group, exporterOption)
  })
}

const exporter = (
  reader: DocumentReader,
  group: "traces" | "metrics" | "logs",
  exporterOption: string,
  further: Reads = {}
): Read => {
  const option = (name: string) => `delivery.${group}.${name}`
  const otlpHttp: Read = (part) => {
    let listed: Readonly<Record<string, string>> = {}
    const headers: Record<string, string> = {}
    reader.put(exporterOption, part, "otlp")
    reader.fields({
      endpoint: reader.set(option("endpoint")),
      tls: reader.fields({
        ca_file: reader.set(option("certificate")),
        key_file: reader.set(option("clientKey")),
        cert_file: reader.set(option("clientCertificate"))
      }),
      headers: reader.named((name, value) => {
        headers[name.toLowerCase()] = value
      }, isHeaderName),
      headers_list: (list) => {
        listed = pairsOf(reader, list, headersOf)
      },
      compression: reader.set(option("compression")),
      timeout: reader.set(option("timeout"), timeout),
      encoding: reader.set(option("protocol"), (value) => `http/${String(value)}`),
      max_request_size: reader.set("delivery.maximumRequestBytes"),
      ...further
    })(part)
    const all = { ...listed, ...headers }
    if (Object.keys(all).length > 0) reader.put(option("headers"), part, all)
    const endpoint = `http://localhost:4318/v1/${group}`
    reader.put(option("endpoint"), { path: `${part.path}.endpoint`, value: endpoint }, endpoint)
  }
  const otlpFile: Read = (part) => {
    const standardOutput = { path: `${part.path}.output_stream`, value: "stdout" }
    reader.put(exporterOption, part, "otlp")
    reader.fields({ output_stream: reader.set(option("endpoint"), outputStream), ...further })(part)
    reader.put(option("endpoint"), standardOutput, outputStream(standardOutput.value))
  }
  return reader.fields({
    otlp_http: (part) => otlpHttp({ ...part, value: part.value ?? {} }),
    "otlp_file/development": (part) => otlpFile({ ...part, value: part.value ?? {} })
  })
}

/** Reads a list in one text. */
const pairsOf = (
  reader: DocumentReader,
  { path, value }: Part,
  parse: (text: string) => Record<string, string> | undefined
): Readonly<Record<string, string>> => {
  if (value === null) return {}
  const found = typeof value === "string" ? parse(value) : undefined
  if (found === undefined) reader.unusable(path, "key=value,key=value")
  return found ?? {}
}

// --- Resource ---

const resource = (reader: DocumentReader): Read => (part) => {
  let listed: Readonly<Record<string, string>> = {}
  const attributes: Record<string, string> = {}
  reader.fields({
    attributes: reader.named((name, value) => {
      attributes[name] = value
    }),
    attributes_list: (list) => {
      listed = pairsOf(reader, list, attributePairs)
    },
    "detection/development": reader.fields({ detectors: detectors(reader) })
  })(part)
  const { "service.name": name, "service.version": version, ...others } = { ...listed, ...attributes }
  const at = (value: unknown): Part => ({ path: `${part.path}.attributes`, value })
  if (name !== undefined) reader.put("service.name", at(name), name)
  if (version !== undefined) reader.put("service.version", at(version), version)
  reader.put("service.attributes", at(others), others)
}

const detectors = (reader: DocumentReader): Read => (part) => {
  const found: Array<string> = []
  const add = (...names: ReadonlyArray<string>): Read => () => void found.push(...names)
  reader.items(reader.fields({
    container: add("container"),
    host: add("host", "os"),
    process: add("process"),
    // The id of the instance is always there.
    service: add()
  }))(part)
  reader.put("service.detectors", part, found)
}

// --- Traces and metrics ---

const propagators = ["tracecontext", "baggage", "b3", "b3multi", "none"]

const propagator = (reader: DocumentReader): Read => (part) => {
  const found = new Set<string>()
  const known = Object.fromEntries(propagators.map((name): [string, Read] => [name, () => found.add(name)]))
  reader.fields({
    composite: reader.items(reader.fields(known)),
    composite_list: ({ path, value }) => {
      if (typeof value !== "string") return
      reader.fields(known)({ path, value: Object.fromEntries(words(value).map((word) => [word, null])) })
    }
  })(part)
  if (found.size > 0) reader.put("tracing.propagators", part, [...found])
}

const sampler = (reader: DocumentReader): Read => {
  const type = (name: string): Read => (part) => reader.put("tracing.sampler.type", { ...part, value: name }, name)
  const samplers = (prefix: string): Reads => ({
    always_on: type(`${prefix}always_on`),
    always_off: type(`${prefix}always_off`),
    trace_id_ratio_based: (part) => {
      type(`${prefix}traceidratio`)(part)
      reader.fields({ ratio: reader.set("tracing.sampler.ratio") })(part)
    }
  })
  // A parent decides for its children. No other rule can be chosen.
  const follows = (name: string) => reader.fields({ [name]: () => {} })
  return reader.fields({
    ...samplers(""),
    parent_based: reader.fields({
      root: reader.fields(samplers("parentbased_")),
      remote_parent_sampled: follows("always_on"),
      remote_parent_not_sampled: follows("always_off"),
      local_parent_sampled: follows("always_on"),
      local_parent_not_sampled: follows("always_off")
    })
  })
}

const views = (reader: DocumentReader): Read => (part) => {
  const found: Array<unknown> = []
  reader.items((item) => {
    const { unsupported, view } = toView(item)
    for (const path of unsupported) reader.unsupported(path)
    if (view !== undefined) found.push(view)
  })(part)
  if (found.length > 0) reader.put("metrics.views", part, found)
}

// --- Values ---

const millis = (value: unknown): unknown => typeof value === "number" ? Duration.millis(value) : value

/** `stdout` is an address here, and a file has no host. */
const outputStream = (value: unknown): unknown =>
  value === "stdout" ? "stdout:" : typeof value === "string" ? value.replace(/^file:\/\/(?=\/)/, "file:") : value

/** A time-out of 0 is none. */
const timeout = (value: unknown): unknown => value === 0 ? Duration.millis(2 ** 31 - 1) : millis(value)

const temporality = (value: unknown): unknown => value === "low_memory" ? "lowmemory" : value

/** The document has four steps of each level. */
const logLevel = (value: unknown): unknown => typeof value === "string" ? value.replace(/[2-4]$/, "") : value
