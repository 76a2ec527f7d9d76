/**
 * The groups and options of the configuration, with defaults, ranges, variables
 * and meanings.
 */
import * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"
import * as RetryPolicy from "../../RetryPolicy.ts"
import * as Option from "./configOption.ts"
import { deliveryOptions } from "./deliveryOptions.ts"
import { exportOptions } from "./exportOptions.ts"
import { httpOptions } from "./httpOptions.ts"
import { performanceOptions } from "./performanceOptions.ts"
import { metricsOptions, tracingOptions } from "./signalOptions.ts"

export const configSchema = Schema.Struct({
  enabled: Option.boolean({
    default: true,
    doc: "Off: workflows run unobserved, without any event, log line, metric or span.",
    tasker: "telemetry.enabled",
    otel: ["OTEL_SDK_DISABLED"]
  }),
  strict: Option.boolean({
    default: false,
    doc: "A malformed or unsupported `OTEL_…` value fails the layer. Without this option it is reported and " +
      "replaced."
  }),
  service: Schema.Struct({
    name: Option.text({
      default: "tasker",
      doc: "Name of the service, on every span, log line and metric target.",
      tasker: "telemetry.service_name",
      otel: ["OTEL_SERVICE_NAME", "OTEL_RESOURCE_ATTRIBUTES (service.name)"]
    }),
    version: Option.optionalText({
      default: undefined,
      doc: "Version of the service.",
      tasker: "telemetry.service_version",
      otel: ["OTEL_RESOURCE_ATTRIBUTES (service.version)"]
    }),
    attributes: Option.record({
      default: {},
      doc: "Further attributes of the resource, such as `deployment.environment.name`.",
      otel: ["OTEL_RESOURCE_ATTRIBUTES"]
    }),
    detectors: Option.choices(["host", "os", "process", "container", "kubernetes", "none"], {
      default: ["host", "os", "process", "container", "kubernetes"],
      doc:
        "What the resource also says about the place where the program runs. `service.attributes` wins over it. The " +
        "pod is found in files and in variables such as `POD_NAME`. `none`: nothing."
    })
  }),
  correlation: Schema.Struct({
    header: Option.headerName({
      default: "X-Correlation-ID",
      doc: "Header that carries the correlation id in requests and responses.",
      tasker: "telemetry.correlation_id_header"
    })
  }),
  logging: Schema.Struct({
    enabled: Option.boolean({
      default: true,
      doc: "Off: no structured lines; the program's own loggers stay.",
      tasker: "telemetry.structured_logging_enabled"
    }),
    level: Option.choice(["Trace", "Debug", "Info", "Warn", "Error", "Fatal", "None"], {
      default: "Info",
      doc: "Lowest severity that is written.",
      tasker: "telemetry.log_level",
      otel: ["OTEL_LOG_LEVEL"]
    }),
    format: Option.choice(["json", "pretty", "logfmt"], {
      default: "json",
      doc: "`json`: one object a line. `pretty`: for a terminal, in colour on a TTY. `logfmt`: `key=value` " +
        "pairs.",
      tasker: "telemetry.log_format"
    }),
    destination: Option.choice(["stdout", "stderr", "file"], {
      default: "stdout",
      doc: "Where the lines go; `file` needs `logging.file.path`."
    }),
    bufferBytes: Option.integer({ minimum: 0, maximum: 16_777_216 }, {
      default: 0,
      doc: "Bytes that are collected and written together; 0 writes every line at once. Collected lines are " +
        "written after a tenth of a second, at once with an error, and when the process ends. A worker thread " +
        "collects nothing."
    }),
    longLines: Option.choice(["auto", "whole", "split"], {
      default: "auto",
      doc: "What happens to lines above 4096 bytes (512 outside of Linux) to a pipe, which a second writing " +
        "process may tear. `split` writes parts with `line_id`, `part`, `parts` and `text`. `whole` never " +
        "splits. `auto` splits if a parent or child of this process is known to write to the pipe."
    }),
    file: Schema.Struct({
      path: Option.optionalText({
        default: undefined,
        doc: "File that lines are appended to."
      }),
      reopenOnHangup: Option.boolean({
        default: false,
        doc: "SIGHUP opens the file again, for a rotation by another program. Then SIGHUP no longer ends the " +
          "process."
      }),
      maximumBytes: Option.integer({ minimum: 0, maximum: 1_000_000_000_000 }, {
        default: 0,
        doc: "Size at which the file is rotated to `<path>.1`; 0 for no limit."
      }),
      maximumAge: Option.optionalDuration("1 second", {
        default: undefined,
        doc: "Age at which the file is rotated. Unset: none."
      }),
      keep: Option.integer({ minimum: 1, maximum: 1000 }, {
        default: 5,
        doc: "Number of rotated files: `<path>.1`, the newest, to `<path>.<keep>`. Files with higher numbers up to " +
          "1000 are removed when the file is opened for rotation."
      })
    }),
    signals: Option.boolean({
      default: true,
      doc: "Writes collected lines and the spool at SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR2, SIGALRM and other " +
        "signals that end the process. The process still ends in the same way."
    }),
    runtimeLevels: Option.boolean({
      default: false,
      doc: "Levels can be changed while the program runs, for the whole program or for one component."
    }),
    rateLimit: Option.integer({ minimum: 0, maximum: 1_000_000 }, {
      default: 0,
      doc: "Highest number of lines of one message template in a second; 0 for no limit. One line says how many " +
        "were held back."
    }),
    debugSampling: Option.number({ minimum: 0, maximum: 1 }, {
      default: 1,
      doc: "Share of traces whose `Debug` and `Trace` lines are written. A trace has all of these lines or none. " +
        "Lines outside of traces are written."
    }),
    exporter: Option.choice(["otlp", "none"], {
      default: "otlp",
      doc: "`otlp` also sends the lines as log records when an endpoint is set; `none` sends none.",
      otel: ["OTEL_LOGS_EXPORTER"]
    }),
    limits: Schema.Struct({
      attributeCount: Option.integer({ minimum: 0, maximum: 100_000 }, {
        default: 128,
        doc: "Fields that a log record keeps when it is sent, beside the ids of task and step.",
        otel: ["OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT", "OTEL_ATTRIBUTE_COUNT_LIMIT"]
      }),
      attributeValueLength: Option.integer({ minimum: 0, maximum: 10_000_000 }, {
        default: 8192,
        doc: "Characters that a text of a log record keeps when it is sent.",
        otel: ["OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT", "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT"]
      })
    })
  }),
  redaction: Schema.Struct({
    keys: Option.keyRules({
      default: [],
      doc: "Further keys whose values are masked: a part of a name, `=` and a whole name, or an expression such as " +
        "`/^x-.*key$/i`. The built-in rules always apply.",
      tasker: "telemetry.filter_parameters"
    }),
    paths: Option.list({
      default: [],
      doc: "Paths of values that are masked, from the outermost key: `customer.card.number`, `items.*.iban`. The " +
        "path in an event begins with a field of its payload. A key may have dots in it."
    }),
    patterns: Option.choices(
      [
        "assignment",
        "aws_key",
        "bearer",
        "card_number",
        "email",
        "jwt",
        "private_key",
        "url_credentials",
        "vendor_token",
        "web_hook"
      ],
      {
        default: [
          "assignment",
          "aws_key",
          "bearer",
          "card_number",
          "jwt",
          "private_key",
          "url_credentials",
          "vendor_token",
          "web_hook"
        ],
        doc: "Kinds of secrets that are searched for in texts."
      }
    ),
    mask: Option.text({
      default: "[FILTERED]",
      doc: "The text that replaces a masked value.",
      tasker: "telemetry.filter_mask"
    })
  }),
  events: Schema.Struct({
    filtered: Option.list({
      default: [],
      doc:
        "Events that become no log line and no span event: names, or a domain as in `workflow.*`. Metrics stay exact.",
      tasker: "telemetry.filtered_events"
    }),
    samplingRate: Option.number({ minimum: 0, maximum: 1 }, {
      default: 1,
      doc: "Share of events that become log lines and span events, decided once per event. Metrics stay exact.",
      tasker: "telemetry.event_sampling_rate"
    })
  }),
  metrics: metricsOptions,
  tracing: tracingOptions,
  delivery: deliveryOptions,
  performance: performanceOptions,
  export: exportOptions,
  execution: Schema.Struct({
    concurrency: Option.integer({ minimum: 1, maximum: 100_000 }, {
      default: 12,
      doc: "Steps of one task that run at the same time.",
      tasker: "execution.max_concurrent_steps_limit"
    }),
    stepTimeout: Option.optionalDuration("1 millis", {
      default: undefined,
      doc: "Limit of one attempt of a step without a `timeout`. Unset: none."
    }),
    batchTimeoutBase: Option.optionalDuration("1 millis", {
      default: undefined,
      doc: "Limit of a batch: base + steps × perStep, at most the maximum. Unset: none.",
      tasker: "execution.batch_timeout_base_seconds"
    }),
    batchTimeoutPerStep: Option.duration("0 millis", {
      default: Duration.seconds(5),
      doc: "Time that each step of a batch adds to its limit.",
      tasker: "execution.batch_timeout_per_step_seconds"
    }),
    batchTimeoutMaximum: Option.duration("1 millis", {
      default: Duration.seconds(120),
      doc: "Highest limit of a batch.",
      tasker: "execution.max_batch_timeout_seconds"
    }),
    maximumAttempts: Option.integer({ minimum: 1, maximum: 1000 }, {
      default: 3,
      doc: "Highest number of attempts of a step without `retry.maximumAttempts`.",
      tasker: "step template default_retry_limit"
    }),
    startedTasks: Option.integer({ minimum: 1, maximum: 1_000_000 }, {
      default: 1000,
      doc: "Highest number of tasks that run in the background, by `TaskRunner.start` or over HTTP. Further ones " +
        "are refused."
    }),
    storedTasks: Option.integer({ minimum: 1, maximum: 1_000_000 }, {
      default: 1000,
      doc: "Number of ended tasks that the memory store keeps."
    }),
    storedSteps: Option.integer({ minimum: 1, maximum: 100_000_000 }, {
      default: 100_000,
      doc: "Number of steps of ended tasks that the memory store keeps, about 0.5 kB each. The oldest tasks go " +
        "first. The task that ended last stays, also if it alone has more steps."
    }),
    storeTimeout: Option.duration("1 millis", {
      default: Duration.seconds(2),
      doc: "Longest wait for one call of the task store, and for all remaining writes at the end of a run. If a " +
        "call is not answered in time, the run logs one warning and goes on."
    })
  }),
  backoff: Schema.Struct({
    delays: Option.durations("1 day", {
      default: RetryPolicy.defaults.delays,
      doc: "The waits after the first, second, … failed attempt.",
      tasker: "backoff.default_backoff_seconds"
    }),
    multiplier: Option.number({ minimum: 0, maximum: 10 }, {
      default: 2,
      doc: "Beyond the table the wait is attempt^multiplier seconds.",
      tasker: "backoff.backoff_multiplier"
    }),
    maximum: Option.duration("1 millis", {
      default: Duration.seconds(300),
      doc: "Longest wait, also for a `Retry-After` of a server.",
      tasker: "backoff.max_backoff_seconds"
    }),
    jitter: Option.number({ minimum: 0, maximum: 1 }, {
      default: 0.1,
      doc: "Largest share by which the jitter makes a wait longer or shorter; 0 turns it off.",
      tasker: "backoff.jitter_max_percentage, backoff.jitter_enabled"
    })
  }),
  http: httpOptions
})
