/**
 * The options of metrics and of spans.
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

export const tracingOptions = Schema.Struct({
  enabled: Option.boolean({
    default: true,
    doc: "Off: no spans of ours; the tracer of the program stays as it is."
  }),
  exporter: Option.choice(["otlp", "none"], {
    default: "otlp",
    doc: "`otlp` sends spans when an endpoint is set; `none` keeps them in the process.",
    otel: ["OTEL_TRACES_EXPORTER"]
  }),
  sampler: Schema.Struct({
    type: Option.choice([
      "always_on",
      "always_off",
      "traceidratio",
      "parentbased_always_on",
      "parentbased_always_off",
      "parentbased_traceidratio",
      "rate_limited",
      "parentbased_rate_limited"
    ], {
      default: "parentbased_always_on",
      doc: "Which traces are recorded. `parentbased_…` follows the decision of an incoming trace.",
      otel: ["OTEL_TRACES_SAMPLER"]
    }),
    ratio: Option.number({ minimum: 0, maximum: 1 }, {
      default: 1,
      doc: "Share of traces that the two `traceidratio` samplers record.",
      otel: ["OTEL_TRACES_SAMPLER_ARG"]
    }),
    perSecond: Option.number({ minimum: 0.001, maximum: 1_000_000 }, {
      default: 100,
      doc: "Traces that the two `rate_limited` samplers record in a second."
    })
  }),
  keep: Schema.Struct({
    ratio: Option.number({ minimum: 0, maximum: 1 }, {
      default: 1,
      doc:
        "Share of runs that are kept whatever becomes of them, chosen by trace id. Below 1, the spans of all other " +
        "runs wait until the run ends, and the options below decide. A run is what this process has of a trace."
    }),
    errors: Option.boolean({
      default: true,
      doc: "Keeps each run whose first span or task fails."
    }),
    slowerThan: Option.optionalDuration("1 millis", {
      default: undefined,
      doc: "Keeps each run whose first span or task takes at least this long. Unset: none for that reason."
    }),
    always: Option.list({
      default: [],
      doc: "Names of tasks whose runs are all kept."
    }),
    maxSpansPerRun: Option.integer({ minimum: 1, maximum: 1_000_000 }, {
      default: 20_000,
      doc: "A run with this many ended spans is kept at once; its further spans do not wait."
    }),
    maxSpans: Option.integer({ minimum: 1, maximum: 10_000_000 }, {
      default: 100_000,
      doc: "Spans of all runs that may wait. The run that reaches the limit is kept at once."
    })
  }),
  heartbeat: Option.optionalDuration("1 second", {
    default: undefined,
    doc: "A run that goes on for longer publishes `observability.task.heartbeat` this often. Unset: never."
  }),
  propagators: Option.choices(["tracecontext", "baggage", "b3", "b3multi", "none"], {
    default: ["tracecontext", "baggage"],
    doc:
      "The headers that `TraceCarrier` reads and writes. Effect's HTTP client and server carry `traceparent` and `b3` " +
      "whatever is chosen.",
    otel: ["OTEL_PROPAGATORS"]
  }),
  baggageAttributes: Option.list({
    default: [],
    doc: "Keys of baggage that become attributes of spans, as `baggage.<key>`."
  }),
  stateTransitions: Option.choice(["event", "span"], {
    default: "event",
    doc: "Whether a state transition is an event of the enclosing span or a span of its own."
  }),
  limits: Schema.Struct({
    attributeCount: Option.integer({ minimum: 0, maximum: 100_000 }, {
      default: 128,
      doc: "Attributes a span keeps; also a span event and a link, where they have no limit of their own.",
      otel: ["OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "OTEL_ATTRIBUTE_COUNT_LIMIT"]
    }),
    attributeValueLength: Option.integer({ minimum: 0, maximum: 10_000_000 }, {
      default: 8192,
      doc: "Characters an attribute value keeps.",
      otel: ["OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT"]
    }),
    eventCount: Option.integer({ minimum: 0, maximum: 100_000 }, {
      default: 128,
      doc: "Events a span keeps; a full one gives up others for its transitions and its exception.",
      otel: ["OTEL_SPAN_EVENT_COUNT_LIMIT"]
    }),
    linkCount: Option.integer({ minimum: 0, maximum: 100_000 }, {
      default: 128,
      doc: "Links a span keeps.",
      otel: ["OTEL_SPAN_LINK_COUNT_LIMIT"]
    }),
    eventAttributeCount: Option.optionalInteger({ minimum: 0, maximum: 100_000 }, {
      default: undefined,
      doc: "Attributes a span event keeps. Unset: as many as a span.",
      otel: ["OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT"]
    }),
    linkAttributeCount: Option.optionalInteger({ minimum: 0, maximum: 100_000 }, {
      default: undefined,
      doc: "Attributes a link of a span keeps. Unset: as many as a span.",
      otel: ["OTEL_LINK_ATTRIBUTE_COUNT_LIMIT"]
    })
  })
})
