/**
 * The options of metrics.
 *
 * @internal
 */
import * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"
import * as Option from "./configOption.ts"

export const metricsOptions = Schema.Struct({
  enabled: Option.boolean({
    default: true,
    doc: "Off: nothing is measured and `GET /metrics` answers 404.",
    tasker: "telemetry.metrics_enabled"
  }),
  cardinalityLimit: Option.integer({ minimum: 1, maximum: 1_000_000 }, {
    default: 2000,
    doc: "Series per metric; what comes after is counted in the overflow series."
  }),
  retention: Option.duration("1 second", {
    default: Duration.hours(24),
    doc: "A series that nothing was recorded to for this long is left out; when it comes back it starts at 0, with a " +
      "new start time. Infos, and up-down counters that are not at 0, stay.",
    tasker: "telemetry.metrics_retention_hours"
  }),
  exemplars: Option.choice(["trace_based", "always_on", "always_off"], {
    default: "trace_based",
    doc: "Measurements that are kept with the span they were made in: of sampled spans, of all spans, none.",
    otel: ["OTEL_METRICS_EXEMPLAR_FILTER"]
  }),
  runtime: Option.boolean({
    default: true,
    doc: "Measures the Node process as well: event loop, garbage collector, heap, processor, memory, handles."
  }),
  onMisuse: Option.choice(["die", "warn", "count"], {
    default: "warn",
    doc: "What happens to a negative increment of a counter or a measurement that is no number, beside not being " +
      "recorded: `die` throws a `RangeError` at the call; `warn` counts it and logs the first of each metric; " +
      "`count` only counts it."
  }),
  views: Option.views({
    default: [],
    doc: "Metrics that are denied, renamed, or recorded with fewer attributes, other buckets or another limit of " +
      "series: `[{ \"metric\": \"tasker_step_*\", \"dropAttributes\": [\"step\"] }]`."
  }),
  histogramAggregation: Option.choice(["explicit_bucket_histogram", "base2_exponential_bucket_histogram"], {
    default: "explicit_bucket_histogram",
    doc: "How histograms and timers count: in the buckets they are declared with, or in exponential buckets that fit " +
      "what is measured. A metric that a view gives buckets keeps them.",
    otel: ["OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION"]
  }),
  authRequired: Option.boolean({
    default: false,
    doc: "`GET /metrics` needs the bearer token `http.token`.",
    tasker: "telemetry.metrics_auth_required"
  }),
  scrapeMaxAge: Option.duration("0 millis", {
    default: Duration.seconds(1),
    doc: "A scrape that arrives while another one is being written gets its snapshot, if that is at most this old. " +
      "0: every scrape reads the metrics anew."
  }),
  exporter: Option.choice(["otlp", "none"], {
    default: "otlp",
    doc: "`otlp` sends metrics when an endpoint is set; `none` leaves them to be scraped.",
    otel: ["OTEL_METRICS_EXPORTER"]
  }),
  exportInterval: Option.duration("1 millis", {
    default: Duration.seconds(60),
    doc: "Time between two exports.",
    otel: ["OTEL_METRIC_EXPORT_INTERVAL"]
  }),
  exportTimeout: Option.duration("1 millis", {
    default: Duration.seconds(30),
    doc: "Longest time an export may take, with all attempts to send.",
    otel: ["OTEL_METRIC_EXPORT_TIMEOUT"]
  }),
  temporality: Option.choice(["cumulative", "delta", "lowmemory"], {
    default: "cumulative",
    doc: "Whether exported counters and histograms count since their start, or with `delta` since the export before. " +
      "`lowmemory`: as `delta`, but counters that are observed since their start.",
    otel: ["OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE"]
  })
})
