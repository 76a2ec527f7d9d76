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
    doc: "Highest number of series of a metric. Further series count in the overflow series."
  }),
  retention: Option.duration("1 second", {
    default: Duration.hours(24),
    doc: "A series expires if nothing is recorded to it for so long. If it comes back, it starts at 0 with a " +
      "new start time. Infos do not expire. An up-down counter does not expire while it is not 0.",
    tasker: "telemetry.metrics_retention_hours"
  }),
  exemplars: Option.choice(["trace_based", "always_on", "always_off"], {
    default: "trace_based",
    doc: "Which measurements are kept as exemplars: the ones within sampled spans, within all spans, or none.",
    otel: ["OTEL_METRICS_EXEMPLAR_FILTER"]
  }),
  runtime: Option.boolean({
    default: true,
    doc: "Also measures the Node process: event loop, garbage collector, heap, processor, memory, handles."
  }),
  onMisuse: Option.choice(["die", "warn", "count"], {
    default: "warn",
    doc: "What happens at a negative increment of a counter, or at a measurement that is not a number. It is " +
      "never recorded. `die` throws a `RangeError` at the call. `warn` counts it, and logs the first one of " +
      "each metric. `count` only counts it."
  }),
  views: Option.views({
    default: [],
    doc: "Views deny or rename metrics, or change their attributes, buckets or limit of series: `[{ " +
      "\"metric\": \"tasker_step_*\", \"dropAttributes\": [\"step\"] }]`."
  }),
  histogramAggregation: Option.choice(["explicit_bucket_histogram", "base2_exponential_bucket_histogram"], {
    default: "explicit_bucket_histogram",
    doc: "How histograms and timers count: in their declared buckets, or in exponential buckets that fit the " +
      "values. If a view gives a metric buckets, it keeps them.",
    otel: ["OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION"]
  }),
  authRequired: Option.boolean({
    default: false,
    doc:
      "`GET /metrics`, `GET /events`, the analytics routes and the routes that show tasks need the bearer token `http.token`.",
    tasker: "telemetry.metrics_auth_required"
  }),
  scrapeMaxAge: Option.duration("0 millis", {
    default: Duration.seconds(1),
    doc: "A scrape that arrives while another one is written gets the same snapshot, if the snapshot is at " +
      "most so old. 0: every scrape reads the metrics again."
  }),
  exporter: Option.choice(["otlp", "none"], {
    default: "otlp",
    doc: "`otlp` sends metrics when an endpoint is set; `none` sends nothing.",
    otel: ["OTEL_METRICS_EXPORTER"]
  }),
  exportInterval: Option.duration("1 millis", {
    default: Duration.seconds(60),
    doc: "Time between two exports.",
    otel: ["OTEL_METRIC_EXPORT_INTERVAL"]
  }),
  exportTimeout: Option.duration("1 millis", {
    default: Duration.seconds(30),
    doc: "Longest time of an export, with all attempts to send.",
    otel: ["OTEL_METRIC_EXPORT_TIMEOUT"]
  }),
  temporality: Option.choice(["cumulative", "delta", "lowmemory"], {
    default: "cumulative",
    doc: "Whether exported counters and histograms count since their start, or with `delta` since the previous " +
      "export. `lowmemory` is as `delta`, but observed counters count since their start.",
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
      doc: "Share of runs that are always kept, chosen by trace id. If it is below 1, the spans of all other " +
        "runs wait until the run ends, and the options below decide. A run is the part of a trace in this " +
        "process."
    }),
    errors: Option.boolean({
      default: true,
      doc: "Keeps each run whose first span or task fails."
    }),
    slowerThan: Option.optionalDuration("1 millis", {
      default: undefined,
      doc: "Keeps each run whose first span or task takes at least so long. Unset: no run is kept for that " +
        "reason."
    }),
    always: Option.list({
      default: [],
      doc: "Names of tasks whose runs are always kept."
    }),
    maxSpansPerRun: Option.integer({ minimum: 1, maximum: 1_000_000 }, {
      default: 20_000,
      doc: "A run with so many ended spans is kept at once, and its further spans do not wait."
    }),
    maxSpans: Option.integer({ minimum: 1, maximum: 10_000_000 }, {
      default: 100_000,
      doc: "Highest number of waiting spans of all runs. At the limit, the oldest run is kept at once."
    })
  }),
  exceptions: Option.choice(["events", "logs", "both"], {
    default: "events",
    doc:
      "Where the exception of a failed span goes: to a span event, to a log record called `exception`, or to both. " +
      "An error that passes through several spans gives one log record, also if the spans are not sampled. Without a " +
      "log, exceptions stay span events.",
    otel: ["OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN"]
  }),
  heartbeat: Option.optionalDuration("1 second", {
    default: undefined,
    doc: "A run that goes on for longer publishes `observability.task.heartbeat` this often. Unset: never."
  }),
  staleHeartbeats: Option.integer({ minimum: 1, maximum: 1_000_000 }, {
    default: 10,
    doc: "A run whose steps do not change for so many heartbeats publishes `observability.task.stale` once. A change " +
      "starts the count again."
  }),
  childRuns: Option.choice(["continuous", "linked"], {
    default: "continuous",
    doc:
      "The trace of a run that starts inside of another run. `continuous`: that of the outer run. `linked`: a trace of " +
      "its own, with a link to the outer one, so that long and recursive runs have small traces."
  }),
  propagators: Option.choices(["tracecontext", "baggage", "b3", "b3multi", "none"], {
    default: ["tracecontext", "baggage"],
    doc:
      "The headers that `TraceCarrier` reads and writes. If a format for spans is among them, Effect's HTTP client " +
      "writes `traceparent` and `b3`, otherwise neither. Effect's HTTP server reads both in any case.",
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
  dependencyResolutions: Option.choice(["event", "span"], {
    default: "event",
    doc: "Whether each look for steps that may start is an event of the orchestration span or a span of its own. A " +
      "look that takes longer than 1 ms is a span in any case."
  }),
  planOperations: Option.boolean({
    default: false,
    doc: "Also makes a span without a duration of each event that Tasker's plan looks for by its operation: " +
      "`task.created`, `task.completed`, `step.processed` and `workflow.executed`."
  }),
  limits: Schema.Struct({
    attributeCount: Option.integer({ minimum: 0, maximum: 100_000 }, {
      default: 128,
      doc: "Highest number of attributes of a span, and of a span event or link without a limit of its own.",
      otel: ["OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "OTEL_ATTRIBUTE_COUNT_LIMIT"]
    }),
    attributeValueLength: Option.integer({ minimum: 0, maximum: 10_000_000 }, {
      default: 8192,
      doc: "Longest attribute value, in characters.",
      otel: ["OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT"]
    }),
    eventCount: Option.integer({ minimum: 0, maximum: 100_000 }, {
      default: 128,
      doc: "Highest number of events of a span. A full span drops other events for its transitions and its " +
        "exception.",
      otel: ["OTEL_SPAN_EVENT_COUNT_LIMIT"]
    }),
    linkCount: Option.integer({ minimum: 0, maximum: 100_000 }, {
      default: 128,
      doc: "Highest number of links of a span.",
      otel: ["OTEL_SPAN_LINK_COUNT_LIMIT"]
    }),
    eventAttributeCount: Option.optionalInteger({ minimum: 0, maximum: 100_000 }, {
      default: undefined,
      doc: "Highest number of attributes of a span event. Unset: as for a span.",
      otel: ["OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT"]
    }),
    linkAttributeCount: Option.optionalInteger({ minimum: 0, maximum: 100_000 }, {
      default: undefined,
      doc: "Highest number of attributes of a link. Unset: as for a span.",
      otel: ["OTEL_LINK_ATTRIBUTE_COUNT_LIMIT"]
    })
  })
})
