/**
 * The options of what is sent to a receiver.
 */
import * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"
import * as Option from "./configOption.ts"

const protocols = ["http/protobuf", "http/json"] as const
const compressions = ["none", "gzip"] as const

const queueSizes = { minimum: 1, maximum: 1_000_000 }
const batchSizes = { minimum: 1, maximum: 100_000 }

/** What one signal has in place of the general options, so that two receivers never share an address or a key. */
const receiverOptions = (what: string, variable: string) => {
  const instead = (name: string) => `in place of \`delivery.${name}\`.`
  const otel = (name: string) => [`OTEL_EXPORTER_OTLP_${variable}_${name}`]
  return {
    endpoint: Option.optionalEndpoint({
      default: undefined,
      doc: `Full URL for ${what}, ${instead("endpoint")}`,
      otel: otel("ENDPOINT")
    }),
    headers: Option.headers({
      default: {},
      doc: `Headers of requests with ${what}, ${instead("headers")}`,
      otel: otel("HEADERS")
    }),
    timeout: Option.optionalDuration("1 millis", {
      default: undefined,
      doc: `Limit of one attempt to send ${what}, ${instead("timeout")}`,
      otel: otel("TIMEOUT")
    }),
    protocol: Option.optionalChoice(protocols, {
      default: undefined,
      doc: `Encoding of ${what}, ${instead("protocol")}`,
      otel: otel("PROTOCOL")
    }),
    compression: Option.optionalChoice(compressions, {
      default: undefined,
      doc: `Compression of requests with ${what}, ${instead("compression")}`,
      otel: otel("COMPRESSION")
    }),
    certificate: Option.optionalText({
      default: undefined,
      doc: `File with the trusted certificates for ${what}, ${instead("certificate")}`,
      otel: otel("CERTIFICATE")
    }),
    clientKey: Option.optionalText({
      default: undefined,
      doc: `File with the client's private key for ${what}, ${instead("clientKey")}`,
      otel: otel("CLIENT_KEY")
    }),
    clientCertificate: Option.optionalText({
      default: undefined,
      doc: `File with the client's certificate for ${what}, ${instead("clientCertificate")}`,
      otel: otel("CLIENT_CERTIFICATE")
    })
  }
}

/** What a signal with a queue has in place of the general options. */
const queueOptions = (what: string, variable: string, interval?: Duration.Duration) => ({
  queueSize: Option.optionalInteger(queueSizes, {
    default: undefined,
    doc: `Ended ${what} that wait to be sent, in place of \`delivery.queueSize\`.`,
    otel: [`OTEL_${variable}_MAX_QUEUE_SIZE`]
  }),
  batchSize: Option.optionalInteger(batchSizes, {
    default: undefined,
    doc: `Number of ${what} in one request, in place of \`delivery.batchSize\`.`,
    otel: [`OTEL_${variable}_MAX_EXPORT_BATCH_SIZE`]
  }),
  interval: Option.optionalDuration("1 millis", {
    default: interval,
    doc: `Longest time that ${what} wait before they are sent, in place of \`delivery.interval\`.`,
    otel: [`OTEL_${variable}_SCHEDULE_DELAY`]
  }),
  maximumElapsed: Option.optionalDuration("0 millis", {
    default: undefined,
    doc: `Longest time that one batch of ${what} is tried, in place of \`delivery.retry.maximumElapsed\`.`,
    otel: [`OTEL_${variable}_EXPORT_TIMEOUT`]
  })
})

export const deliveryOptions = Schema.Struct({
  endpoint: Option.optionalEndpoint({
    default: undefined,
    doc: "Base URL of the OTLP receiver; spans go to `<endpoint>/v1/traces`, metrics to `<endpoint>/v1/metrics`, log " +
      "records to `<endpoint>/v1/logs`. A query stays a query. `file:` and `stdout:` get each request as a line of " +
      "JSON, which the Collector's OTLP JSON file receiver reads. Unset: nothing is sent.",
    otel: ["OTEL_EXPORTER_OTLP_ENDPOINT"]
  }),
  headers: Option.headers({
    default: {},
    doc: "Headers of every request to the receiver, such as `authorization`.",
    otel: ["OTEL_EXPORTER_OTLP_HEADERS"]
  }),
  timeout: Option.duration("1 millis", {
    default: Duration.seconds(10),
    doc: "Limit of one attempt to send.",
    otel: ["OTEL_EXPORTER_OTLP_TIMEOUT"]
  }),
  protocol: Option.choice(protocols, {
    default: "http/protobuf",
    doc: "How requests are encoded.",
    otel: ["OTEL_EXPORTER_OTLP_PROTOCOL"]
  }),
  compression: Option.choice(compressions, {
    default: "none",
    doc: "How requests are compressed.",
    otel: ["OTEL_EXPORTER_OTLP_COMPRESSION"]
  }),
  certificate: Option.optionalText({
    default: undefined,
    doc: "File with the certificates (PEM) that the receiver's certificate must be signed by. Unset: those that the " +
      "runtime trusts.",
    otel: ["OTEL_EXPORTER_OTLP_CERTIFICATE"]
  }),
  clientKey: Option.optionalText({
    default: undefined,
    doc: "File with the client's private key (PEM), for receivers that ask for a certificate.",
    otel: ["OTEL_EXPORTER_OTLP_CLIENT_KEY"]
  }),
  clientCertificate: Option.optionalText({
    default: undefined,
    doc: "File with the client's certificate (PEM), with `delivery.clientKey`.",
    otel: ["OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE"]
  }),
  queueSize: Option.integer(queueSizes, {
    default: 2048,
    doc: "Ended records of one signal that wait to be sent."
  }),
  drop: Option.choice(["newest", "oldest"], {
    default: "newest",
    doc: "What a full queue gives up. Records of traces that are not sampled go first, all of a trace."
  }),
  batchSize: Option.integer(batchSizes, {
    default: 512,
    doc: "Records in one request."
  }),
  interval: Option.duration("1 millis", {
    default: Duration.seconds(5),
    doc: "Longest time a record waits before it is sent."
  }),
  inFlight: Option.integer({ minimum: 1, maximum: 100 }, {
    default: 1,
    doc: "Requests of one signal that may be open at the same time."
  }),
  maximumRequestBytes: Option.integer({ minimum: 1024, maximum: 1_073_741_824 }, {
    default: 67_108_864,
    doc: "Largest body of a request before compression; a larger batch is split."
  }),
  retry: Schema.Struct({
    initialInterval: Option.duration("1 millis", {
      default: Duration.seconds(1),
      doc: "Pause after the first failed attempt."
    }),
    multiplier: Option.number({ minimum: 1, maximum: 100 }, {
      default: 1.5,
      doc: "Factor by which the pause grows with each failed attempt."
    }),
    maximumInterval: Option.duration("1 millis", {
      default: Duration.seconds(30),
      doc: "Longest pause. A `Retry-After` of the receiver may ask for a longer one."
    }),
    maximumElapsed: Option.duration("0 millis", {
      default: Duration.minutes(5),
      doc: "Longest time that one batch is tried; then it is dropped and counted. 0: one attempt."
    }),
    jitter: Option.number({ minimum: 0, maximum: 1 }, {
      default: 0.2,
      doc: "Largest share by which a pause is moved up or down at random."
    })
  }),
  shutdownTimeout: Option.duration("0 millis", {
    default: Duration.seconds(10),
    doc: "Longest time a flush may take, also the last one when the layer is closed."
  }),
  spool: Schema.Struct({
    directory: Option.optionalText({
      default: undefined,
      doc:
        "Folder for ended spans and log records that are not delivered yet. What a full queue has no room for goes " +
        "there, and copies of the rest. After a crash, the next process that uses the folder sends them to its own " +
        "receiver. Unset: memory alone. Then `process.exit` loses what is not sent, except with `file:` and `stdout:`."
    }),
    maximumBytes: Option.integer({ minimum: 1_048_576, maximum: 1_099_511_627_776 }, {
      default: 134_217_728,
      doc:
        "Largest size of the files of one signal, also of those that an ended process has left. Three quarters are " +
        "for records that memory has no room for, the rest is for copies."
    }),
    maximumAge: Option.duration("1 second", {
      default: Duration.hours(24),
      doc: "Records that are on disk for longer are dropped and counted."
    }),
    appendInterval: Option.duration("1 millis", {
      default: Duration.millis(200),
      doc: "Time between two writes of copies: the most that a killed process loses."
    }),
    fsync: Option.boolean({
      default: false,
      doc:
        "Each write waits until the disk has it, so that records survive a crash of the machine. The program stands " +
        "still meanwhile."
    })
  }),
  traces: Schema.Struct({ ...receiverOptions("spans", "TRACES"), ...queueOptions("spans", "BSP") }),
  metrics: Schema.Struct(receiverOptions("metrics", "METRICS")),
  logs: Schema.Struct({
    ...receiverOptions("log records", "LOGS"),
    ...queueOptions("log records", "BLRP", Duration.seconds(1))
  })
})
