/**
 * The options of what is sent to a receiver.
 *
 * @internal
 */
import * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"
import * as Option from "./configOption.ts"

export const deliveryOptions = Schema.Struct({
  endpoint: Option.optionalUrl({
    default: undefined,
    doc: "Base URL of the OTLP receiver; spans go to `<endpoint>/v1/traces`, metrics to `<endpoint>/v1/metrics`. " +
      "Unset: nothing is sent.",
    otel: ["OTEL_EXPORTER_OTLP_ENDPOINT"]
  }),
  tracesEndpoint: Option.optionalUrl({
    default: undefined,
    doc: "Full URL for spans, in place of `<endpoint>/v1/traces`.",
    otel: ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"]
  }),
  metricsEndpoint: Option.optionalUrl({
    default: undefined,
    doc: "Full URL for metrics, in place of `<endpoint>/v1/metrics`.",
    otel: ["OTEL_EXPORTER_OTLP_METRICS_ENDPOINT"]
  }),
  headers: Option.headers({
    default: {},
    doc: "Headers of every request to the receiver, such as `authorization`.",
    otel: ["OTEL_EXPORTER_OTLP_HEADERS"]
  }),
  tracesHeaders: Option.headers({
    default: {},
    doc: "Headers of requests with spans, in place of `delivery.headers`.",
    otel: ["OTEL_EXPORTER_OTLP_TRACES_HEADERS"]
  }),
  metricsHeaders: Option.headers({
    default: {},
    doc: "Headers of requests with metrics, in place of `delivery.headers`.",
    otel: ["OTEL_EXPORTER_OTLP_METRICS_HEADERS"]
  }),
  timeout: Option.duration("1 millis", {
    default: Duration.seconds(10),
    doc: "Limit of one attempt to send.",
    otel: ["OTEL_EXPORTER_OTLP_TIMEOUT"]
  }),
  tracesTimeout: Option.optionalDuration("1 millis", {
    default: undefined,
    doc: "Limit of one attempt to send spans, in place of `delivery.timeout`.",
    otel: ["OTEL_EXPORTER_OTLP_TRACES_TIMEOUT"]
  }),
  metricsTimeout: Option.optionalDuration("1 millis", {
    default: undefined,
    doc: "Limit of one attempt to send metrics, in place of `delivery.timeout`.",
    otel: ["OTEL_EXPORTER_OTLP_METRICS_TIMEOUT"]
  }),
  queueSize: Option.integer({ minimum: 1, maximum: 1_000_000 }, {
    default: 2048,
    doc: "Ended spans that wait to be sent; a full queue drops the newest and counts it.",
    otel: ["OTEL_BSP_MAX_QUEUE_SIZE"]
  }),
  batchSize: Option.integer({ minimum: 1, maximum: 100_000 }, {
    default: 512,
    doc: "Spans in one request.",
    otel: ["OTEL_BSP_MAX_EXPORT_BATCH_SIZE"]
  }),
  interval: Option.duration("1 millis", {
    default: Duration.seconds(5),
    doc: "Longest time a span waits before it is sent.",
    otel: ["OTEL_BSP_SCHEDULE_DELAY"]
  }),
  shutdownTimeout: Option.duration("0 millis", {
    default: Duration.seconds(10),
    doc: "Longest time the last flush may take when the layer is closed."
  })
})
