import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Duration, Effect, Redacted } from "effect"
import { configFile, otelVariables, unsupportedVariables } from "../../../src/config/internal/otelVariables.ts"
import * as TelemetryConfig from "../../../src/config/TelemetryConfig.ts"

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

const detectors = { 0: "host", 1: "os", 2: "process", 3: "container", 4: "kubernetes" }

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
    attributes: { team: "b,c" },
    detectors
  }],
  ["OTEL_TRACES_EXPORTER", "none", "tracing.exporter", "none"],
  ["OTEL_TRACES_EXPORTER", "OTLP", "tracing.exporter", "otlp"],
  ...["TRACES", "METRICS", "LOGS"].map((signal): Case => [
    `OTEL_${signal}_EXPORTER`,
    "OTLP/stdout",
    `delivery.${signal.toLowerCase()}.endpoint`,
    "stdout:",
    { [`OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`]: "http://c:4318", OTEL_EXPORTER_OTLP_ENDPOINT: "http://d:4318" }
  ]),
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
  ["OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318/?k=a/", "delivery.endpoint", "http://collector:4318/?k=a/"],
  [
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    "http://collector:4318/x/",
    "delivery.traces.endpoint",
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
    "delivery.metrics.endpoint",
    "http://collector:4318/m/"
  ],
  ["OTEL_EXPORTER_OTLP_HEADERS", "Authorization=Bearer%20x, tenant = a=b", "delivery.headers", {
    authorization: "Bearer x",
    tenant: "a=b"
  }],
  ["OTEL_EXPORTER_OTLP_TRACES_HEADERS", "a=1", "delivery.traces.headers", { a: "1" }],
  ["OTEL_EXPORTER_OTLP_METRICS_HEADERS", "a=1", "delivery.metrics.headers", { a: "1" }],
  ["OTEL_EXPORTER_OTLP_TIMEOUT", "1500", "delivery.timeout", "1500 ms"],
  ["OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "1500", "delivery.traces.timeout", "1500 ms"],
  ["OTEL_EXPORTER_OTLP_METRICS_TIMEOUT", "1500", "delivery.metrics.timeout", "1500 ms"],
  ...["TRACES_", "METRICS_", "LOGS_", ""].flatMap((signal): ReadonlyArray<Case> => {
    const variable = (name: string) => `OTEL_EXPORTER_OTLP_${signal}${name}`
    const path = `delivery.${signal.toLowerCase().replace("_", ".")}`
    return [
      [variable("PROTOCOL"), "HTTP/JSON", `${path}protocol`, "http/json"],
      [variable("PROTOCOL"), "http/protobuf", `${path}protocol`, "http/protobuf"],
      [variable("COMPRESSION"), "GZIP", `${path}compression`, "gzip"],
      [variable("COMPRESSION"), "none", `${path}compression`, "none"],
      [variable("CERTIFICATE"), "/etc/CA.pem", `${path}certificate`, "/etc/CA.pem"],
      [variable("CLIENT_KEY"), "/etc/key.pem", `${path}clientKey`, "/etc/key.pem"],
      [variable("CLIENT_CERTIFICATE"), "/etc/own.pem", `${path}clientCertificate`, "/etc/own.pem"]
    ]
  }),
  ["OTEL_BSP_MAX_QUEUE_SIZE", "10", "delivery.traces.queueSize", 10],
  ["OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "10", "delivery.traces.batchSize", 10],
  ["OTEL_BSP_SCHEDULE_DELAY", "10", "delivery.traces.interval", "10 ms"],
  ["OTEL_BSP_EXPORT_TIMEOUT", "20", "delivery.traces.maximumElapsed", "20 ms"],
  ["OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT", "5", "tracing.limits.eventAttributeCount", 5],
  ["OTEL_LINK_ATTRIBUTE_COUNT_LIMIT", "0", "tracing.limits.linkAttributeCount", 0],
  ...([
    ["none", "None"],
    ["ERROR", "Error"],
    ["warn", "Warn"],
    ["Warning", "Warn"],
    ["info", "Info"],
    ["debug", "Debug"],
    ["verbose", "Trace"],
    ["ALL", "Trace"]
  ] as const).map(([text, level]): Case => ["OTEL_LOG_LEVEL", text, "logging.level", level]),
  [
    "OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION",
    "Base2_Exponential_Bucket_Histogram",
    "metrics.histogramAggregation",
    "base2_exponential_bucket_histogram"
  ],
  ["OTEL_RESOURCE_ATTRIBUTES", "service%2Ename=a%3Db,te%2Cam=%E2%82%AC,a%20b=c", "service", {
    name: "a=b",
    version: undefined,
    attributes: { "te,am": "€", "a b": "c" },
    detectors
  }],
  // A header name may have a percent sign.
  ["OTEL_EXPORTER_OTLP_HEADERS", "x%2Dy=a%2Cb", "delivery.headers", { "x%2dy": "a,b" }],
  ["OTEL_EXPORTER_OTLP_INSECURE", "False", "tracing.exporter", "otlp"],
  ["OTEL_SEMCONV_STABILITY_OPT_IN", "http,database", "tracing.exporter", "otlp"],
  ["OTEL_LOGS_EXPORTER", "NONE", "logging.exporter", "none"],
  ["OTEL_LOGS_EXPORTER", "otlp", "logging.exporter", "otlp"],
  ["OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT", "7", "logging.limits.attributeCount", 7, {
    OTEL_ATTRIBUTE_COUNT_LIMIT: "9"
  }],
  ["OTEL_ATTRIBUTE_COUNT_LIMIT", "9", "logging.limits.attributeCount", 9],
  ["OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT", "7", "logging.limits.attributeValueLength", 7],
  ["OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "9", "logging.limits.attributeValueLength", 9],
  ["OTEL_BLRP_MAX_QUEUE_SIZE", "10", "delivery.logs.queueSize", 10],
  ["OTEL_BLRP_MAX_EXPORT_BATCH_SIZE", "10", "delivery.logs.batchSize", 10],
  ["OTEL_BLRP_SCHEDULE_DELAY", "10", "delivery.logs.interval", "10 ms"],
  ["OTEL_BLRP_EXPORT_TIMEOUT", "30000", "delivery.logs.maximumElapsed", "30000 ms"],
  ["OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "http://c:4318/l?k=1", "delivery.logs.endpoint", "http://c:4318/l?k=1"],
  ["OTEL_EXPORTER_OTLP_LOGS_HEADERS", "a=1", "delivery.logs.headers", { a: "1" }],
  ["OTEL_EXPORTER_OTLP_LOGS_TIMEOUT", "1500", "delivery.logs.timeout", "1500 ms"],
  ["OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN", "Logs/Dup", "tracing.exceptions", "both"],
  ["OTEL_PROPAGATORS", "TraceContext, b3multi,", "tracing.propagators", { 0: "tracecontext", 1: "b3multi" }]
]

const quoted = (text: string) =>
  JSON.stringify(text).replace(
    /[\u007f-\u009f\u2028]/,
    (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, "0")}`
  )

const ofSignals = (name: string) =>
  ["", "TRACES_", "METRICS_", "LOGS_"].map((signal) => `OTEL_EXPORTER_OTLP_${signal}${name}`)

const unsupported: ReadonlyArray<readonly [variable: string, text: string, sentence: string]> = [
  ...[
    ...ofSignals("INSECURE"),
    "OTEL_EXPORTER_OTLP_SPAN_INSECURE",
    "OTEL_EXPORTER_OTLP_METRIC_INSECURE"
  ].map((variable) =>
    [
      variable,
      "true",
      `${variable}="true" is not used: it is for gRPC alone; using the scheme of the endpoint`
    ] as const
  ),
  [
    "OTEL_PROPAGATORS",
    ",",
    "OTEL_PROPAGATORS=\",\" is not usable: expected a list of \"tracecontext\", \"baggage\", \"b3\", \"b3multi\", " +
    "\"none\"; using [\"tracecontext\", \"baggage\"]"
  ],
  [
    "OTEL_PROPAGATORS",
    "jaeger",
    "OTEL_PROPAGATORS=\"jaeger\" is not usable: expected a list of \"tracecontext\", \"baggage\", \"b3\", \"b3multi\", " +
    "\"none\"; using [\"tracecontext\", \"baggage\"]"
  ],
  [
    "OTEL_EXPERIMENTAL_CONFIG_FILE",
    "/etc/otel.yaml",
    "OTEL_EXPERIMENTAL_CONFIG_FILE is deprecated and not read; using OTEL_CONFIG_FILE, if it is set"
  ],
  ...[["HOST", "0.0.0.0"], ["PORT", "9464"]].map(([name, text]) =>
    [
      `OTEL_EXPORTER_PROMETHEUS_${name}`,
      text as string,
      `OTEL_EXPORTER_PROMETHEUS_${name}="${text}" is not supported; using the routes that the program serves, with ` +
      "GET /metrics"
    ] as const
  ),
  [
    "OTEL_ENTITIES",
    "service{service.name=shop}",
    "OTEL_ENTITIES=\"service{service.name=shop}\" is not supported; using OTEL_RESOURCE_ATTRIBUTES"
  ],
  [
    "OTEL_SEMCONV_STABILITY_OPT_IN",
    "http,database/DUP",
    "OTEL_SEMCONV_STABILITY_OPT_IN=\"http,database/DUP\" is not supported; using the new names of the semantic " +
    "conventions alone"
  ],
  ...["ENDPOINT", "TIMEOUT", "PROTOCOL"].map((name) =>
    [
      `OTEL_EXPORTER_ZIPKIN_${name}`,
      "1",
      `OTEL_EXPORTER_ZIPKIN_${name} is not supported; using delivery.endpoint: spans are sent by OTLP`
    ] as const
  )
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
    "\"parentbased_always_on\", \"parentbased_always_off\", \"parentbased_traceidratio\", \"rate_limited\", \"parentbased_rate_limited\"; using \"parentbased_always_on\""
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
    ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "traces.endpoint"],
    ["OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "metrics.endpoint"],
    ["OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "logs.endpoint"]
  ].map(([variable, option]): Case => [
    variable as string,
    "collector:4318",
    `delivery.${option}`,
    `${variable}="collector:4318" is not usable: expected an http or https URL without credentials, \`file:\` with a path, or \`stdout:\`; using nothing`
  ]),
  ...[
    ["OTEL_EXPORTER_OTLP_TIMEOUT", "timeout", "10s"],
    ["OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "traces.timeout", "nothing"],
    ["OTEL_EXPORTER_OTLP_METRICS_TIMEOUT", "metrics.timeout", "nothing"],
    ["OTEL_EXPORTER_OTLP_LOGS_TIMEOUT", "logs.timeout", "nothing"]
  ].map(([variable, option, fallback]): Case => [
    variable as string,
    "-1",
    `delivery.${option}`,
    `${variable}="-1" is not usable: expected a duration of at least 1ms (such as "5 seconds", or milliseconds); ` +
    `using ${fallback}`
  ]),
  ...[
    ["OTEL_EXPORTER_OTLP_PROTOCOL", "protocol", "\"http/protobuf\""],
    ["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "traces.protocol", "nothing"],
    ["OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", "metrics.protocol", "nothing"],
    ["OTEL_EXPORTER_OTLP_LOGS_PROTOCOL", "logs.protocol", "nothing"]
  ].map(([variable, option, fallback]): Case => [
    variable as string,
    "grpc",
    `delivery.${option}`,
    `${variable}="grpc" is not usable: expected one of "http/protobuf", "http/json"; using ${fallback}`
  ]),
  ...[
    ["OTEL_EXPORTER_OTLP_COMPRESSION", "compression", "\"none\""],
    ["OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "traces.compression", "nothing"],
    ["OTEL_EXPORTER_OTLP_METRICS_COMPRESSION", "metrics.compression", "nothing"],
    ["OTEL_EXPORTER_OTLP_LOGS_COMPRESSION", "logs.compression", "nothing"]
  ].map(([variable, option, fallback]): Case => [
    variable as string,
    "zstd",
    `delivery.${option}`,
    `${variable}="zstd" is not usable: expected one of "none", "gzip"; using ${fallback}`
  ]),
  ...["", "TRACES_", "METRICS_", "LOGS_"].flatMap((signal) =>
    [["CERTIFICATE", "certificate"], ["CLIENT_KEY", "clientKey"], ["CLIENT_CERTIFICATE", "clientCertificate"]].map((
      [name, option]
    ): Case => [
      `OTEL_EXPORTER_OTLP_${signal}${name}`,
      "/etc/\nx.pem",
      `delivery.${signal.toLowerCase().replace("_", ".")}${option}`,
      `OTEL_EXPORTER_OTLP_${signal}${name}="/etc/\\nx.pem" is not usable: expected a text without control characters; ` +
      "using nothing"
    ])
  ),
  [
    "OTEL_LOGS_EXPORTER",
    "console",
    "logging.exporter",
    "OTEL_LOGS_EXPORTER=\"console\" is not usable: expected one of \"otlp\", \"none\"; using \"otlp\""
  ],
  [
    "OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT",
    "100001",
    "logging.limits.attributeCount",
    "OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT=\"100001\" is not usable: expected a whole number between 0 and 100000; " +
    "using 128"
  ],
  [
    "OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT",
    "-1",
    "logging.limits.attributeValueLength",
    "OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT=\"-1\" is not usable: expected a whole number between 0 and " +
    "10000000; using 8192"
  ],
  [
    "OTEL_BLRP_SCHEDULE_DELAY",
    "1s",
    "delivery.logs.interval",
    "OTEL_BLRP_SCHEDULE_DELAY=\"1s\" is not usable: expected a duration of at least 1ms (such as \"5 seconds\", or " +
    "milliseconds); using 1s"
  ],
  [
    "OTEL_BLRP_EXPORT_TIMEOUT",
    "-1",
    "delivery.logs.maximumElapsed",
    "OTEL_BLRP_EXPORT_TIMEOUT=\"-1\" is not usable: expected a duration of at least 0 (such as \"5 seconds\", or " +
    "milliseconds); using nothing"
  ],
  ...[["MAX_QUEUE_SIZE", "queueSize", "1000000"], ["MAX_EXPORT_BATCH_SIZE", "batchSize", "100000"]].map((
    [name, option, most]
  ): Case => [
    `OTEL_BLRP_${name}`,
    "1e7",
    `delivery.logs.${option}`,
    `OTEL_BLRP_${name}="1e7" is not usable: expected a whole number between 1 and ${most}; using nothing`
  ]),
  [
    "OTEL_BSP_SCHEDULE_DELAY",
    "5s",
    "delivery.traces.interval",
    "OTEL_BSP_SCHEDULE_DELAY=\"5s\" is not usable: expected a duration of at least 1ms (such as \"5 seconds\", or " +
    "milliseconds); using nothing"
  ],
  [
    "OTEL_BSP_SCHEDULE_DELAY",
    "0",
    "delivery.traces.interval",
    "OTEL_BSP_SCHEDULE_DELAY=\"0\" is not usable: expected a duration of at least 1ms (such as \"5 seconds\", or " +
    "milliseconds); using nothing"
  ],
  [
    "OTEL_BSP_MAX_QUEUE_SIZE",
    "0",
    "delivery.traces.queueSize",
    "OTEL_BSP_MAX_QUEUE_SIZE=\"0\" is not usable: expected a whole number between 1 and 1000000; using nothing"
  ],
  [
    "OTEL_BSP_MAX_EXPORT_BATCH_SIZE",
    "x",
    "delivery.traces.batchSize",
    "OTEL_BSP_MAX_EXPORT_BATCH_SIZE=\"x\" is not usable: expected a whole number between 1 and 100000; using nothing"
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
    "-1",
    "metrics.exportTimeout",
    "OTEL_METRIC_EXPORT_TIMEOUT=\"-1\" is not usable: expected a duration of at least 1ms (such as \"5 seconds\", or " +
    "milliseconds); using 30s"
  ],
  [
    "OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN",
    "spans",
    "tracing.exceptions",
    "OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN=\"spans\" is not usable: expected one of \"events\", \"logs\", \"both\"; " +
    "using \"events\""
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
  [
    "OTEL_BSP_EXPORT_TIMEOUT",
    "30s",
    "delivery.traces.maximumElapsed",
    "OTEL_BSP_EXPORT_TIMEOUT=\"30s\" is not usable: expected a duration of at least 0 (such as \"5 seconds\", or " +
    "milliseconds); using nothing"
  ],
  ...[["OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT", "event"], ["OTEL_LINK_ATTRIBUTE_COUNT_LIMIT", "link"]].map((
    [variable, part]
  ): Case => [
    variable as string,
    "-1",
    `tracing.limits.${part}AttributeCount`,
    `${variable}="-1" is not usable: expected a whole number between 0 and 100000; using nothing`
  ]),
  [
    "OTEL_LOG_LEVEL",
    "loud",
    "logging.level",
    "OTEL_LOG_LEVEL=\"loud\" is not usable: expected one of \"Trace\", \"Debug\", \"Info\", \"Warn\", \"Error\", " +
    "\"Fatal\", \"None\"; using \"Info\""
  ],
  [
    "OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION",
    "exponential",
    "metrics.histogramAggregation",
    "OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION=\"exponential\" is not usable: expected one of " +
    "\"explicit_bucket_histogram\", \"base2_exponential_bucket_histogram\"; using \"explicit_bucket_histogram\""
  ],
  ...["\u0000a", "a\nb", "a\u001b[31mb", "a\u007fb", "a\u0085b", "a\u2028b"].map((text): Case => [
    "OTEL_SERVICE_NAME",
    text,
    "service.name",
    `OTEL_SERVICE_NAME=${quoted(text)} is not usable: expected a text without control characters; using "tasker"`
  ]),
  [
    "OTEL_RESOURCE_ATTRIBUTES",
    "service.name=a%0Ab",
    "service.name",
    "OTEL_RESOURCE_ATTRIBUTES=\"a\\nb\" is not usable: expected a text without control characters; using \"tasker\""
  ],
  [
    "OTEL_RESOURCE_ATTRIBUTES",
    "service.version=%1b1",
    "service.version",
    "OTEL_RESOURCE_ATTRIBUTES=\"\\u001b1\" is not usable: expected a text without control characters; using nothing"
  ],
  ...["te%00am=a", "team=a%7f"].map((text): Case => [
    "OTEL_RESOURCE_ATTRIBUTES",
    text,
    "service.attributes",
    `OTEL_RESOURCE_ATTRIBUTES="${text}" is not usable: expected a text without control characters; using nothing`
  ]),
  ...["%zz=a", "=a", "%20%3=a"].map((text): Case => [
    "OTEL_RESOURCE_ATTRIBUTES",
    text,
    "service.attributes",
    "OTEL_RESOURCE_ATTRIBUTES is not usable: expected key=value,key=value; using none of it"
  ]),
  [
    "OTEL_SERVICE_NAME",
    `${"x".repeat(200)}\n${"y".repeat(200)}`,
    "service.name",
    `OTEL_SERVICE_NAME="${"x".repeat(79)}… is not usable: expected a text without control characters; using "tasker"`
  ],
  ...unsupported.map(([variable, text, sentence]): Case => [variable, text, "tracing.exporter", sentence])
]

/** Cannot be malformed, or is covered elsewhere. */
const never = [
  configFile,
  "OTEL_EXPORTER_OTLP_HEADERS",
  "OTEL_EXPORTER_OTLP_TRACES_HEADERS",
  "OTEL_EXPORTER_OTLP_METRICS_HEADERS",
  "OTEL_EXPORTER_OTLP_LOGS_HEADERS"
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
        // What is used instead is not the case where the layer fails.
        assert.strictEqual(error.message, String(warning).replace(/; using .*$/s, ""))
      })
  )

  it.effect.each(otelVariables)("takes an empty %s as if it was not set", (variable) =>
    Effect.gen(function*() {
      const { config, warnings } = yield* load({ [variable]: "  " })
      assert.deepStrictEqual([plain(config), warnings], [plain(yield* TelemetryConfig.Current), []])
    }))

  it("covers every variable", () => {
    const withoutEffect = unsupportedVariables.flatMap(({ variables }) => variables)
    assert.deepStrictEqual(
      otelVariables.filter((variable) =>
        variable !== configFile && !withoutEffect.includes(variable) && !legal.some(([other]) => other === variable)
      ),
      []
    )
    assert.deepStrictEqual(
      otelVariables.filter((variable) => !never.includes(variable) && !malformed.some(([other]) => other === variable)),
      []
    )
  })

  it.effect("names a misspelt variable with the one that is meant, and nothing else that begins with OTEL_", () =>
    Effect.gen(function*() {
      const { warnings } = yield* load({
        OTEL_SERVICE_NAM: "a",
        OTEL_TRACE_SAMPLER: "always_on",
        OTEL_EXPORTER_OLTP_ENDPOINT: "http://canary",
        OTEL_RESOURCE_ATTRIBUTES_POD_NAME: "pod",
        OTEL_NODE_IP: "127.0.0.1",
        OTEL_NODE_RESOURCE_DETECTORS: "all",
        OTELX: "1"
      }, { strict: true })
      assert.deepStrictEqual(warnings.toSorted(), [
        "no option has the variable OTEL_EXPORTER_OLTP_ENDPOINT, which is ignored; the nearest known one is " +
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "no option has the variable OTEL_SERVICE_NAM, which is ignored; the nearest known one is OTEL_SERVICE_NAME",
        "no option has the variable OTEL_TRACE_SAMPLER, which is ignored; the nearest known one is OTEL_TRACES_SAMPLER"
      ])
    }))

  it.effect("names several variables without effect, each once", () =>
    Effect.gen(function*() {
      const { warnings } = yield* load({
        OTEL_EXPORTER_OTLP_LOGS_INSECURE: "true",
        OTEL_EXPORTER_OTLP_INSECURE: "true",
        OTEL_PROPAGATORS: "xray"
      })
      assert.deepStrictEqual(warnings.map((warning) => warning.slice(0, warning.indexOf("="))), [
        "OTEL_EXPORTER_OTLP_INSECURE",
        "OTEL_EXPORTER_OTLP_LOGS_INSECURE",
        "OTEL_PROPAGATORS"
      ])
    }))

  it.effect.each(
    [
      [
        { OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT: "many", OTEL_ATTRIBUTE_COUNT_LIMIT: "7" },
        (config: TelemetryConfig.TelemetryConfig) => config.tracing.limits.attributeCount,
        7,
        ["OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT=\"many\" is not usable: expected a whole number between 0 and 100000; using 7"]
      ],
      [
        { OTEL_SERVICE_NAME: "a\u0007b", OTEL_RESOURCE_ATTRIBUTES: "service.name=shop" },
        (config: TelemetryConfig.TelemetryConfig) => config.service.name,
        "shop",
        ["OTEL_SERVICE_NAME=\"a\\u0007b\" is not usable: expected a text without control characters; using \"shop\""]
      ],
      [
        { OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT: "-1", OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT: "1.5" },
        (config: TelemetryConfig.TelemetryConfig) => config.tracing.limits.attributeCount,
        128,
        [
          "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT=\"1.5\" is not usable: expected a whole number between 0 and 10000000; using 8192",
          "OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT=\"-1\" is not usable: expected a whole number between 0 and 10000000; using 8192"
        ]
      ]
    ] as const
  )(
    "takes the next variable of an option where the first is malformed: %j",
    ([env, valueOf, value, expected]) =>
      Effect.gen(function*() {
        const { config, warnings } = yield* load(env)
        assert.strictEqual(valueOf(config), value)
        assert.deepStrictEqual(warnings, [...expected])
      })
  )

  it.effect("says nothing about a malformed value that something else overrides", () =>
    Effect.gen(function*() {
      const { config, warnings } = yield* load({ OTEL_BSP_MAX_QUEUE_SIZE: "x" }, {
        delivery: { traces: { queueSize: 5 } }
      })
      assert.deepStrictEqual([config.delivery.traces.queueSize, warnings], [5, []])
    }))
})
