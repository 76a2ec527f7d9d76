/**
 * Standard variables that have no effect here: each one that is set is reported
 * once, with what is used instead.
 *
 * @see https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
 * @internal
 */

export interface Unsupported {
  readonly variables: ReadonlyArray<string>
  /** Values, in lower case, that ask for what is done anyway. */
  readonly harmless?: ReadonlyArray<string>
  /** Whether the value is left out of the message, because it may tell where secrets are. */
  readonly hidden?: boolean
  /** What is wrong with the variable; `is not supported` by default. */
  readonly why?: string
  /** What is used instead. */
  readonly instead: string
}

/** The variable for all signals and those for one. */
const ofSignals = (name: string): ReadonlyArray<string> =>
  ["", "TRACES_", "METRICS_"].map((signal) => `OTEL_EXPORTER_OTLP_${signal}${name}`)

export const unsupportedVariables: ReadonlyArray<Unsupported> = [
  { variables: ofSignals("PROTOCOL"), harmless: ["http/json"], instead: "using \"http/json\"" },
  { variables: ofSignals("COMPRESSION"), harmless: ["none"], instead: "using \"none\"" },
  {
    variables: ofSignals("CERTIFICATE"),
    hidden: true,
    instead: "using the certificates that Node trusts; add others with NODE_EXTRA_CA_CERTS"
  },
  {
    variables: [...ofSignals("CLIENT_KEY"), ...ofSignals("CLIENT_CERTIFICATE")],
    hidden: true,
    instead: "using no certificate of the client"
  },
  {
    variables: ofSignals("INSECURE"),
    harmless: ["false"],
    why: "is not used: it is for gRPC alone",
    instead: "using the scheme of the endpoint"
  },
  {
    variables: ["OTEL_LOGS_EXPORTER"],
    harmless: ["none"],
    instead: "using \"none\": log lines go to logging.destination"
  },
  {
    variables: [
      "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT",
      "OTEL_EXPORTER_OTLP_LOGS_HEADERS",
      "OTEL_EXPORTER_OTLP_LOGS_PROTOCOL",
      "OTEL_EXPORTER_OTLP_LOGS_TIMEOUT",
      "OTEL_EXPORTER_OTLP_LOGS_COMPRESSION",
      "OTEL_EXPORTER_OTLP_LOGS_CERTIFICATE",
      "OTEL_EXPORTER_OTLP_LOGS_CLIENT_KEY",
      "OTEL_EXPORTER_OTLP_LOGS_CLIENT_CERTIFICATE",
      "OTEL_EXPORTER_OTLP_LOGS_INSECURE",
      "OTEL_BLRP_SCHEDULE_DELAY",
      "OTEL_BLRP_EXPORT_TIMEOUT",
      "OTEL_BLRP_MAX_QUEUE_SIZE",
      "OTEL_BLRP_MAX_EXPORT_BATCH_SIZE",
      "OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT",
      "OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT"
    ],
    hidden: true,
    instead: "using logging.destination: log lines are not sent by OTLP"
  },
  {
    variables: ["OTEL_PROPAGATORS"],
    harmless: ["tracecontext"],
    instead: "using the headers traceparent and b3, as Effect's HTTP client and server do"
  },
  {
    variables: ["OTEL_CONFIG_FILE", "OTEL_EXPERIMENTAL_CONFIG_FILE"],
    hidden: true,
    instead: "using options in code and variables"
  },
  {
    variables: ["OTEL_EXPORTER_PROMETHEUS_HOST", "OTEL_EXPORTER_PROMETHEUS_PORT"],
    instead: "using the routes that the program serves, with GET /metrics"
  },
  {
    variables: ["OTEL_EXPORTER_ZIPKIN_ENDPOINT", "OTEL_EXPORTER_ZIPKIN_TIMEOUT"],
    hidden: true,
    instead: "using delivery.endpoint: spans are sent by OTLP"
  }
]
