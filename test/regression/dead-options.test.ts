/**
 * D27: the original had options that nothing read. Here every option of the configuration has an observation that is
 * one thing without the option and another with it; an option without an observation fails this file.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { TelemetryConfig } from "tasker-telemetry"
import * as delivery from "../support/deliveryEffects.ts"
import * as observed from "../support/optionEffects.ts"
import * as performance from "../support/performanceEffects.ts"
import * as spool from "../support/spoolEffects.ts"
import * as sql from "../support/sqlEffects.ts"

type Options = TelemetryConfig.Options

interface Entry {
  /** What is set in both runs. */
  readonly base?: Options
  readonly option: Options
  readonly observe: (options: Options) => Effect.Effect<unknown>
  readonly without: unknown
  readonly with: unknown
}

type Group = "traces" | "metrics" | "logs"

const allSignals = { metrics: { exporter: "otlp" }, logging: { exporter: "otlp" } } as const

/** The files of TLS: one that is not there is named with its option. */
function fileOptions(group?: Group): Readonly<Record<string, Entry>> {
  return Object.fromEntries(["certificate", "clientKey", "clientCertificate"].map((name) => {
    const path = group === undefined ? `delivery.${name}` : `delivery.${group}.${name}`
    const option = { [name]: "/no/such/file.pem" }
    return [path, {
      base: { delivery: { endpoint: "https://127.0.0.1:9", shutdownTimeout: 0 } },
      option: { delivery: group === undefined ? option : { [group]: option } },
      observe: delivery.problem,
      without: "none",
      with: path
    }]
  }))
}

/**
 * The options of one signal, in place of the general ones; `own` is a header of the requests with spans, metrics and log
 * records.
 */
function signalOptions(
  group: Group,
  own: ReadonlyArray<string>,
  signal: string
): Readonly<Record<string, Entry>> {
  const all = { ...allSignals, delivery: { headers: { "x-key": "all" } } }
  return {
    [`delivery.${group}.endpoint`]: {
      option: {},
      observe: observed.deliveredTo(group),
      without: [],
      with: ["/custom"]
    },
    [`delivery.${group}.headers`]: {
      base: all,
      option: { delivery: { [group]: { headers: { "x-key": "k" } } } },
      observe: observed.sentHeader("x-key"),
      without: ["all", "all", "all"],
      with: own
    },
    [`delivery.${group}.timeout`]: {
      base: all,
      option: { delivery: { [group]: { timeout: "1 second" } } },
      observe: observed.attemptsEndedInTwoSeconds,
      without: [],
      with: [signal]
    },
    [`delivery.${group}.protocol`]: {
      base: all,
      option: { delivery: { [group]: { protocol: "http/json" } } },
      observe: observed.sentHeader("content-type"),
      without: ["application/x-protobuf", "application/x-protobuf", "application/x-protobuf"],
      with: own.map((value) => `application/${value === "k" ? "json" : "x-protobuf"}`)
    },
    [`delivery.${group}.compression`]: {
      base: all,
      option: { delivery: { [group]: { compression: "gzip" } } },
      observe: observed.sentHeader("content-encoding"),
      without: [undefined, undefined, undefined],
      with: own.map((value) => value === "k" ? "gzip" : undefined)
    },
    ...fileOptions(group)
  }
}

/** The options of a signal that is queued, in place of the general ones; `interval` is the default in milliseconds. */
function queueOptions(
  group: "traces" | "logs",
  signal: "spans" | "log records",
  interval: number
): Readonly<Record<string, Entry>> {
  return {
    [`delivery.${group}.queueSize`]: {
      option: { delivery: { [group]: { queueSize: 2 } } },
      observe: delivery.requests(signal),
      without: ["abcdefg"],
      with: ["ab", "cd"]
    },
    [`delivery.${group}.batchSize`]: {
      option: { delivery: { [group]: { batchSize: 3 } } },
      observe: delivery.requests(signal),
      without: ["abcdefg"],
      with: ["abc", "def", "g"]
    },
    [`delivery.${group}.interval`]: {
      option: { delivery: { [group]: { interval: "3 seconds" } } },
      observe: delivery.waits(signal),
      without: interval,
      with: 3000
    },
    [`delivery.${group}.maximumElapsed`]: {
      base: { delivery: { retry: { jitter: 0 } } },
      option: { delivery: { [group]: { maximumElapsed: "5 seconds" } } },
      observe: delivery.attempts(signal),
      without: 17,
      with: 4
    }
  }
}

const entries: Readonly<Record<string, Entry>> = {
  "enabled": { option: { enabled: false }, observe: observed.signals, without: [4, 1, 6], with: [0, 0, 0] },
  "strict": { option: { strict: true }, observe: observed.badVariable, without: "builds", with: "fails" },
  "service.name": {
    option: { service: { name: "shop" } },
    observe: observed.resource("service.name"),
    without: "tasker",
    with: "shop"
  },
  "service.version": {
    option: { service: { version: "1.2.3" } },
    observe: observed.resource("service.version"),
    without: undefined,
    with: "1.2.3"
  },
  "service.attributes": {
    option: { service: { attributes: { site: "a" } } },
    observe: observed.resource("site"),
    without: undefined,
    with: "a"
  },
  "service.detectors": {
    option: { service: { detectors: ["none"] } },
    observe: observed.resource("process.runtime.name"),
    without: "nodejs",
    with: undefined
  },
  "correlation.header": {
    option: { correlation: { header: "x-request-id" } },
    observe: observed.answeredHeader("x-request-id"),
    without: undefined,
    with: "abc"
  },
  "logging.enabled": {
    option: { logging: { enabled: false } },
    observe: observed.signals,
    without: [4, 1, 6],
    with: [4, 1, 0]
  },
  "logging.level": {
    option: { logging: { level: "Warn" } },
    observe: observed.signals,
    without: [4, 1, 6],
    with: [4, 1, 0]
  },
  "logging.format": {
    option: { logging: { format: "logfmt" } },
    observe: observed.lineStart,
    without: "{\"timesta",
    with: "timestamp"
  },
  "logging.destination": {
    option: { logging: { destination: "stderr" } },
    observe: observed.streams,
    without: ["line", ""],
    with: ["", "line"]
  },
  "logging.bufferBytes": {
    base: { logging: { destination: "file" } },
    option: { logging: { bufferBytes: 10_000 } },
    observe: observed.linesInFile,
    without: 3,
    with: 0
  },
  "logging.longLines": {
    option: { logging: { longLines: "split" } },
    observe: observed.longLineInPipe,
    without: 1,
    with: 2
  },
  "logging.file.path": { option: {}, observe: observed.fileIsOpened, without: "fails", with: "opened" },
  "logging.file.reopenOnHangup": {
    base: { logging: { destination: "file" } },
    option: { logging: { file: { reopenOnHangup: true } } },
    observe: observed.listensFor("SIGHUP"),
    without: [0],
    with: [1]
  },
  "logging.file.maximumBytes": {
    base: { logging: { destination: "file" } },
    option: { logging: { file: { maximumBytes: 150 } } },
    observe: observed.filesOfThree,
    without: [3, 0, 0],
    with: [1, 1, 1]
  },
  "logging.file.maximumAge": {
    base: { logging: { destination: "file" } },
    option: { logging: { file: { maximumAge: "2 seconds" } } },
    observe: observed.filesOfThree,
    without: [3, 0, 0],
    with: [1, 2, 0]
  },
  "logging.file.keep": {
    base: { logging: { destination: "file", file: { maximumBytes: 150 } } },
    option: { logging: { file: { keep: 1 } } },
    observe: observed.filesOfThree,
    without: [1, 1, 1],
    with: [1, 1, 0]
  },
  "logging.signals": {
    base: { logging: { destination: "file", bufferBytes: 10_000 } },
    option: { logging: { signals: false } },
    observe: observed.listensFor("SIGTERM", "SIGINT"),
    without: [1, 1],
    with: [0, 0]
  },
  "logging.runtimeLevels": {
    option: { logging: { runtimeLevels: true } },
    observe: observed.setsLevel,
    without: "fixed",
    with: "set"
  },
  "logging.rateLimit": {
    option: { logging: { rateLimit: 4 } },
    observe: observed.tenLines,
    without: 10,
    with: 4
  },
  "logging.debugSampling": {
    base: { logging: { level: "Debug" } },
    option: { logging: { debugSampling: 0 } },
    observe: observed.debugLines,
    without: 3,
    with: 0
  },
  "logging.exporter": {
    option: { logging: { exporter: "none" } },
    observe: delivery.logRecord,
    without: ["a long text", { a: "another text", b: 2n }],
    with: "none"
  },
  "logging.limits.attributeCount": {
    option: { logging: { limits: { attributeCount: 1 } } },
    observe: delivery.logRecord,
    without: ["a long text", { a: "another text", b: 2n }],
    with: ["a long text", { a: "another text" }]
  },
  "logging.limits.attributeValueLength": {
    option: { logging: { limits: { attributeValueLength: 6 } } },
    observe: delivery.logRecord,
    without: ["a long text", { a: "another text", b: 2n }],
    with: ["a long", { a: "anothe", b: 2n }]
  },
  "redaction.keys": {
    option: { redaction: { keys: ["iban"] } },
    observe: observed.maskedField("iban"),
    without: "v",
    with: "[FILTERED]"
  },
  "redaction.paths": {
    option: { redaction: { paths: ["street"] } },
    observe: observed.maskedField("street"),
    without: "v",
    with: "[FILTERED]"
  },
  "redaction.patterns": {
    option: { redaction: { patterns: ["email"] } },
    observe: observed.maskedField("note", "a@b.de"),
    without: "a@b.de",
    with: "[FILTERED]"
  },
  "redaction.mask": {
    option: { redaction: { mask: "***" } },
    observe: observed.maskedField("token"),
    without: "[FILTERED]",
    with: "***"
  },
  "metrics.enabled": {
    option: { metrics: { enabled: false } },
    observe: observed.signals,
    without: [4, 1, 6],
    with: [4, 0, 6]
  },
  "metrics.cardinalityLimit": {
    option: { metrics: { cardinalityLimit: 3 } },
    observe: observed.series,
    without: 10,
    with: 3
  },
  "metrics.retention": {
    option: { metrics: { retention: "10 seconds" } },
    observe: observed.seriesAfterAMinute,
    without: 10,
    with: 0
  },
  "metrics.exemplars": {
    option: { metrics: { exemplars: "always_off" } },
    observe: observed.exemplars,
    without: 1,
    with: 0
  },
  "metrics.runtime": {
    base: { metrics: { runtime: true } },
    option: { metrics: { runtime: false } },
    observe: observed.measuresProcess,
    without: true,
    with: false
  },
  "metrics.onMisuse": {
    base: { metrics: { onMisuse: "count" } },
    option: { metrics: { onMisuse: "die" } },
    observe: observed.misuse,
    without: "goes on",
    with: "throws"
  },
  "metrics.views": {
    option: { metrics: { views: [{ metric: "jobs_total", dropAttributes: ["kind"] }] } },
    observe: observed.series,
    without: 10,
    with: 1
  },
  "metrics.histogramAggregation": {
    option: { metrics: { histogramAggregation: "base2_exponential_bucket_histogram" } },
    observe: observed.histogramTypes,
    without: ["histogram", "histogram", "histogram"],
    with: ["exponentialHistogram", "exponentialHistogram", "histogram"]
  },
  "metrics.authRequired": {
    base: { http: { token: "t" } },
    option: { metrics: { authRequired: true } },
    observe: observed.scrapeStatus,
    without: 200,
    with: 401
  },
  "metrics.scrapeMaxAge": {
    option: { metrics: { scrapeMaxAge: 0 } },
    observe: observed.readingsOfTwoScrapes,
    without: 1,
    with: 2
  },
  "metrics.exporter": {
    base: { metrics: { exporter: "otlp" } },
    option: { metrics: { exporter: "none" } },
    observe: observed.exportedMetrics,
    without: [2],
    with: []
  },
  "metrics.exportInterval": {
    base: { metrics: { exporter: "otlp" } },
    option: { metrics: { exportInterval: "1 second" } },
    observe: observed.exportsInTwoSeconds,
    without: false,
    with: true
  },
  "metrics.exportTimeout": {
    base: { metrics: { exporter: "otlp" } },
    option: { metrics: { exportTimeout: "1 second" } },
    observe: observed.exportEndsInTwoSeconds,
    without: false,
    with: true
  },
  "metrics.temporality": {
    base: { metrics: { exporter: "otlp" } },
    option: { metrics: { temporality: "delta" } },
    observe: observed.exportedMetrics,
    without: [2],
    with: [1]
  },
  "tracing.enabled": {
    option: { tracing: { enabled: false } },
    observe: observed.signals,
    without: [4, 1, 6],
    with: [0, 1, 6]
  },
  "tracing.exporter": { option: { tracing: { exporter: "none" } }, observe: observed.delivered, without: 1, with: 0 },
  "tracing.sampler.type": {
    option: { tracing: { sampler: { type: "always_off" } } },
    observe: observed.signals,
    without: [4, 1, 6],
    with: [0, 1, 6]
  },
  "tracing.sampler.ratio": {
    base: { tracing: { sampler: { type: "traceidratio" } } },
    option: { tracing: { sampler: { ratio: 0 } } },
    observe: observed.signals,
    without: [4, 1, 6],
    with: [0, 1, 6]
  },
  "tracing.sampler.perSecond": {
    base: { tracing: { sampler: { type: "rate_limited" } } },
    option: { tracing: { sampler: { perSecond: 1 } } },
    observe: observed.recordedTraces,
    without: 5,
    with: 1
  },
  "tracing.keep.ratio": {
    option: { tracing: { keep: { ratio: 0 } } },
    observe: observed.keptRuns,
    without: ["good", "bad", "slow", "tasker.task.execution"],
    with: ["bad"]
  },
  "tracing.keep.errors": {
    base: { tracing: { keep: { ratio: 0 } } },
    option: { tracing: { keep: { errors: false } } },
    observe: observed.keptRuns,
    without: ["bad"],
    with: []
  },
  "tracing.keep.slowerThan": {
    base: { tracing: { keep: { ratio: 0 } } },
    option: { tracing: { keep: { slowerThan: "1 second" } } },
    observe: observed.keptRuns,
    without: ["bad"],
    with: ["bad", "slow"]
  },
  "tracing.keep.always": {
    base: { tracing: { keep: { ratio: 0 } } },
    option: { tracing: { keep: { always: ["only"] } } },
    observe: observed.keptRuns,
    without: ["bad"],
    with: ["bad", "tasker.task.execution"]
  },
  "tracing.keep.maxSpansPerRun": {
    base: { tracing: { keep: { ratio: 0 } } },
    option: { tracing: { keep: { maxSpansPerRun: 3 } } },
    observe: observed.keptRuns,
    without: ["bad"],
    with: ["bad", "tasker.task.execution"]
  },
  "tracing.keep.maxSpans": {
    base: { tracing: { keep: { ratio: 0 } } },
    option: { tracing: { keep: { maxSpans: 3 } } },
    observe: observed.keptRuns,
    without: ["bad"],
    with: ["bad", "tasker.task.execution"]
  },
  "tracing.exceptions": {
    option: { tracing: { exceptions: "logs" } },
    observe: observed.exceptions,
    without: [["exception"], 0],
    with: [[], 1]
  },
  "tracing.heartbeat": {
    option: { tracing: { heartbeat: "10 seconds" } },
    observe: observed.heartbeats,
    without: 0,
    with: 2
  },
  "tracing.staleHeartbeats": {
    base: { tracing: { heartbeat: "5 seconds" } },
    option: { tracing: { staleHeartbeats: 2 } },
    observe: observed.stale,
    without: 0,
    with: 1
  },
  "tracing.childRuns": {
    option: { tracing: { childRuns: "linked" } },
    observe: observed.tracesOfChildRun,
    without: 1,
    with: 2
  },
  "tracing.propagators": {
    option: { tracing: { propagators: ["b3"] } },
    observe: observed.carriedHeaders,
    without: ["traceparent"],
    with: ["b3"]
  },
  "tracing.baggageAttributes": {
    option: { tracing: { baggageAttributes: ["tenant"] } },
    observe: observed.baggageAttribute,
    without: undefined,
    with: "acme"
  },
  "tracing.stateTransitions": {
    option: { tracing: { stateTransitions: "span" } },
    observe: observed.transitionSpans,
    without: 0,
    with: 5
  },
  "tracing.dependencyResolutions": {
    option: { tracing: { dependencyResolutions: "span" } },
    observe: observed.discoverySpans,
    without: [0, 1],
    with: [1, 0]
  },
  "tracing.planOperations": {
    option: { tracing: { planOperations: true } },
    observe: observed.planSpans,
    without: [],
    with: ["task.created", "step.processed", "workflow.executed", "task.completed"]
  },
  "tracing.limits.attributeCount": {
    option: { tracing: { limits: { attributeCount: 1 } } },
    observe: observed.fullSpan,
    without: [2, 6, 2, 2, 2, 2],
    with: [1, 6, 2, 2, 1, 1]
  },
  "tracing.limits.attributeValueLength": {
    option: { tracing: { limits: { attributeValueLength: 3 } } },
    observe: observed.fullSpan,
    without: [2, 6, 2, 2, 2, 2],
    with: [2, 3, 2, 2, 2, 2]
  },
  "tracing.limits.eventCount": {
    option: { tracing: { limits: { eventCount: 1 } } },
    observe: observed.fullSpan,
    without: [2, 6, 2, 2, 2, 2],
    with: [2, 6, 1, 2, 2, 2]
  },
  "tracing.limits.linkCount": {
    option: { tracing: { limits: { linkCount: 1 } } },
    observe: observed.fullSpan,
    without: [2, 6, 2, 2, 2, 2],
    with: [2, 6, 2, 1, 2, 2]
  },
  "tracing.limits.eventAttributeCount": {
    option: { tracing: { limits: { eventAttributeCount: 1 } } },
    observe: observed.fullSpan,
    without: [2, 6, 2, 2, 2, 2],
    with: [2, 6, 2, 2, 1, 2]
  },
  "tracing.limits.linkAttributeCount": {
    option: { tracing: { limits: { linkAttributeCount: 1 } } },
    observe: observed.fullSpan,
    without: [2, 6, 2, 2, 2, 2],
    with: [2, 6, 2, 2, 2, 1]
  },
  "delivery.endpoint": {
    option: {},
    observe: observed.deliveredTo("endpoint"),
    without: [],
    with: ["/v1/logs", "/v1/metrics", "/v1/traces"]
  },
  "delivery.headers": {
    base: allSignals,
    option: { delivery: { headers: { "x-key": "k" } } },
    observe: observed.sentHeader("x-key"),
    without: [undefined, undefined, undefined],
    with: ["k", "k", "k"]
  },
  "delivery.timeout": {
    base: allSignals,
    option: { delivery: { timeout: "1 second" } },
    observe: observed.attemptsEndedInTwoSeconds,
    without: [],
    with: ["spans", "metrics", "log records"]
  },
  "delivery.protocol": {
    base: allSignals,
    option: { delivery: { protocol: "http/json" } },
    observe: observed.sentHeader("content-type"),
    without: ["application/x-protobuf", "application/x-protobuf", "application/x-protobuf"],
    with: ["application/json", "application/json", "application/json"]
  },
  "delivery.compression": {
    base: allSignals,
    option: { delivery: { compression: "gzip" } },
    observe: observed.sentHeader("content-encoding"),
    without: [undefined, undefined, undefined],
    with: ["gzip", "gzip", "gzip"]
  },
  ...fileOptions(),
  "delivery.queueSize": { option: { delivery: { queueSize: 2 } }, observe: observed.batches, without: [5], with: [2] },
  "delivery.drop": {
    base: { delivery: { queueSize: 3 } },
    option: { delivery: { drop: "oldest" } },
    observe: delivery.requests("spans"),
    without: ["abc", "def"],
    with: ["abc", "efg"]
  },
  "delivery.batchSize": {
    option: { delivery: { batchSize: 2 } },
    observe: observed.batches,
    without: [5],
    with: [2, 2, 1]
  },
  "delivery.interval": {
    option: { delivery: { interval: "1 second" } },
    observe: delivery.waits("spans"),
    without: 5000,
    with: 1000
  },
  "delivery.inFlight": {
    base: { delivery: { batchSize: 1 } },
    option: { delivery: { inFlight: 3 } },
    observe: delivery.mostOpen,
    without: 1,
    with: 3
  },
  "delivery.maximumRequestBytes": {
    base: { service: { detectors: [] }, delivery: { batchSize: 4, protocol: "http/json" } },
    option: { delivery: { maximumRequestBytes: 1024 } },
    observe: delivery.requests("spans"),
    without: ["abcd", "efg"],
    with: ["ab", "cd", "e", "fg"]
  },
  "delivery.retry.initialInterval": {
    base: { delivery: { retry: { jitter: 0 } } },
    option: { delivery: { retry: { initialInterval: "2 seconds" } } },
    observe: delivery.pauses,
    without: [1, 1.5, 2.25, 3.375],
    with: [2, 3, 4.5, 6.75]
  },
  "delivery.retry.multiplier": {
    base: { delivery: { retry: { jitter: 0 } } },
    option: { delivery: { retry: { multiplier: 2 } } },
    observe: delivery.pauses,
    without: [1, 1.5, 2.25, 3.375],
    with: [1, 2, 4, 8]
  },
  "delivery.retry.maximumInterval": {
    base: { delivery: { retry: { jitter: 0 } } },
    option: { delivery: { retry: { maximumInterval: "2 seconds" } } },
    observe: delivery.pauses,
    without: [1, 1.5, 2.25, 3.375],
    with: [1, 1.5, 2, 2]
  },
  "delivery.retry.maximumElapsed": {
    base: { delivery: { retry: { jitter: 0 } } },
    option: { delivery: { retry: { maximumElapsed: "5 seconds" } } },
    observe: delivery.attempts("spans"),
    without: 17,
    with: 4
  },
  "delivery.retry.jitter": {
    option: { delivery: { retry: { jitter: 0 } } },
    observe: delivery.hasExactPauses,
    without: false,
    with: true
  },
  "delivery.shutdownTimeout": {
    option: { delivery: { shutdownTimeout: "1 second" } },
    observe: observed.closesInTwoSeconds,
    without: false,
    with: true
  },
  "delivery.spool.directory": {
    option: { delivery: { spool: { directory: "/spool" } } },
    observe: spool.folders,
    without: [],
    with: ["/spool/traces"]
  },
  "delivery.spool.maximumBytes": {
    base: { delivery: { spool: { directory: "/spool" } } },
    option: { delivery: { spool: { maximumBytes: 1_048_576 } } },
    observe: spool.hasTwoMegabytes,
    without: true,
    with: false
  },
  "delivery.spool.maximumAge": {
    base: { delivery: { spool: { directory: "/spool" } } },
    option: { delivery: { spool: { maximumAge: "1 hour" } } },
    observe: spool.lastsTwoHours,
    without: true,
    with: false
  },
  "delivery.spool.appendInterval": {
    base: { delivery: { spool: { directory: "/spool" } } },
    option: { delivery: { spool: { appendInterval: "1 second" } } },
    observe: spool.writtenAfter,
    without: 200,
    with: 1000
  },
  "delivery.spool.fsync": {
    base: { delivery: { spool: { directory: "/spool" } } },
    option: { delivery: { spool: { fsync: true } } },
    observe: spool.waitsForDisk,
    without: [false],
    with: [true]
  },

  ...signalOptions("traces", ["k", "all", "all"], "spans"),
  ...queueOptions("traces", "spans", 5000),
  ...signalOptions("metrics", ["all", "k", "all"], "metrics"),
  ...signalOptions("logs", ["all", "all", "k"], "log records"),
  ...queueOptions("logs", "log records", 1000),
  "performance.enabled": {
    option: { performance: { enabled: false } },
    observe: performance.slowOperations,
    without: [1, 1],
    with: []
  },
  "performance.slowOperation": {
    option: { performance: { slowOperation: "2 seconds" } },
    observe: performance.slowOperations,
    without: [1, 1],
    with: [1]
  },
  "performance.memorySpike": {
    option: { performance: { memorySpike: 1_000_000 } },
    observe: performance.memorySpikes,
    without: [],
    with: [1]
  },
  "performance.quietPeriod": {
    option: { performance: { quietPeriod: "1 second" } },
    observe: performance.slowSeries,
    without: [1, 3],
    with: [1, 1, 1, 1]
  },
  "performance.learned.enabled": {
    option: { performance: { learned: { enabled: true } } },
    observe: performance.learnedOperations,
    without: [],
    with: [1]
  },
  "performance.learned.factor": {
    base: { performance: { learned: { enabled: true } } },
    option: { performance: { learned: { factor: 6 } } },
    observe: performance.learnedOperations,
    without: [1],
    with: []
  },
  "performance.learned.minimumSamples": {
    base: { performance: { learned: { enabled: true } } },
    option: { performance: { learned: { minimumSamples: 200 } } },
    observe: performance.learnedOperations,
    without: [1],
    with: []
  },
  "performance.profile.directory": {
    option: { performance: { profile: { directory: "profiles" } } },
    observe: performance.profiles,
    without: 0,
    with: 3
  },
  "performance.profile.keep": {
    base: { performance: { profile: { directory: "profiles" } } },
    option: { performance: { profile: { keep: 2 } } },
    observe: performance.profiles,
    without: 3,
    with: 2
  },
  "performance.bottlenecks": {
    option: { performance: { bottlenecks: false } },
    observe: performance.recordedRuns,
    without: 5,
    with: 0
  },
  "performance.storedRuns": {
    option: { performance: { storedRuns: 2 } },
    observe: performance.recordedRuns,
    without: 5,
    with: 2
  },
  ...sqlOptions(),
  "export.targets": {
    option: { export: { targets: [{ type: "console", format: "csv", interval: "4 seconds" }] } },
    observe: observed.consoleExports,
    without: [],
    with: ["timestamp", "timestamp"]
  },
  "export.timeout": {
    option: { export: { timeout: "1 second" } },
    observe: observed.hangingExport,
    without: "open",
    with: "failed"
  },
  "export.safetyMargin": {
    base: { metrics: { retention: "10 minutes" } },
    option: { export: { safetyMargin: "2 minutes" } },
    observe: observed.exportBeforeExpiry,
    without: 510,
    with: 450
  },

  "execution.concurrency": {
    option: { execution: { concurrency: 2 } },
    observe: observed.startedTogether,
    without: 12,
    with: 2
  },
  "execution.stepTimeout": {
    option: { execution: { stepTimeout: "1 second" } },
    observe: observed.endlessStepAfter(2),
    without: "in_progress",
    with: "error"
  },
  "execution.batchTimeoutBase": {
    option: { execution: { batchTimeoutBase: "1 second" } },
    observe: observed.endlessStepAfter(7),
    without: "in_progress",
    with: "error"
  },
  "execution.batchTimeoutPerStep": {
    base: { execution: { batchTimeoutBase: "1 second" } },
    option: { execution: { batchTimeoutPerStep: "1 second" } },
    observe: observed.endlessStepAfter(3),
    without: "in_progress",
    with: "error"
  },
  "execution.batchTimeoutMaximum": {
    base: { execution: { batchTimeoutBase: "10 seconds" } },
    option: { execution: { batchTimeoutMaximum: "1 second" } },
    observe: observed.endlessStepAfter(3),
    without: "in_progress",
    with: "error"
  },
  "execution.maximumAttempts": {
    option: { execution: { maximumAttempts: 2 } },
    observe: observed.backoffs(),
    without: [1, 2],
    with: [1]
  },
  "execution.startedTasks": {
    option: { execution: { startedTasks: 2 } },
    observe: observed.refusedStarts,
    without: 0,
    with: 1
  },
  "execution.storedTasks": {
    option: { execution: { storedTasks: 2 } },
    observe: observed.storedTasks,
    without: 5,
    with: 2
  },
  "execution.storedSteps": {
    // Each task has one step.
    option: { execution: { storedSteps: 3 } },
    observe: observed.storedTasks,
    without: 5,
    with: 3
  },
  "execution.storeTimeout": {
    option: { execution: { storeTimeout: "7 seconds" } },
    observe: observed.secondsWithSilentStore,
    without: 2,
    with: 7
  },
  "backoff.delays": {
    option: { backoff: { delays: ["7 seconds"] } },
    observe: observed.backoffs(),
    without: [1, 2],
    with: [7, 4]
  },
  "backoff.multiplier": {
    base: { backoff: { delays: ["1 second"] } },
    option: { backoff: { multiplier: 3 } },
    observe: observed.backoffs(),
    without: [1, 4],
    with: [1, 8]
  },
  "backoff.maximum": {
    option: { backoff: { maximum: "1500 millis" } },
    observe: observed.backoffs(),
    without: [1, 2],
    with: [1, 1.5]
  },
  "backoff.jitter": {
    base: { backoff: {} },
    option: { backoff: { jitter: 0 } },
    observe: observed.isExact,
    without: false,
    with: true
  },
  "http.token": { option: { http: { token: "t" } }, observe: observed.writeStatus, without: 404, with: 401 },
  "http.tokens": {
    option: { http: { tokens: [{ token: "t", scopes: ["metrics:read"] }] } },
    observe: observed.writeStatus,
    without: 404,
    with: 401
  },
  "http.authRequired": {
    base: { http: { token: "t" } },
    option: { http: { authRequired: true } },
    observe: observed.scrapeStatus,
    without: 200,
    with: 401
  },
  "http.writesPerMinute": {
    option: { http: { writesPerMinute: 1 } },
    observe: observed.statusesOfTwoWrites,
    without: [404, 404],
    with: [404, 429]
  }
}

/** Have their effect in the event router. */
const routed = ["events.filtered", "events.samplingRate"]

/** The options of the SQL monitor. */
function sqlOptions(): Readonly<Record<string, Entry>> {
  const set = (option: NonNullable<NonNullable<Options["performance"]>["sql"]>): Options => ({
    performance: { sql: option }
  })
  const seen = ["SELECT slow", "SELECT items", "SELECT many", "SELECT late"]
  const found = ["blocking_transaction", "idle_in_transaction", "many_rows", "repeated_query"]
  const without = (kind: string) => ({
    observe: sql.findings,
    without: found,
    with: found.filter((other) => other !== kind)
  })
  const plan = "Seq Scan on orders  (cost=0.00..1.00 rows=1 width=4)\n  Filter: (name = ?)"
  return {
    "performance.sql.enabled": { option: set({ enabled: false }), observe: sql.summaries, without: seen, with: [] },
    "performance.sql.slowQuery": {
      option: set({ slowQuery: "10 seconds" }),
      observe: sql.slow,
      without: ["SELECT slow", "SELECT late"],
      with: []
    },
    "performance.sql.skippedOperations": {
      option: set({ skippedOperations: ["explain"] }),
      observe: sql.summaries,
      without: seen,
      with: ["SHOW", ...seen]
    },
    "performance.sql.skippedCollections": {
      option: set({ skippedCollections: ["items"] }),
      observe: sql.summaries,
      without: seen,
      with: ["SELECT effect_sql_migrations", "SELECT slow", "SELECT many", "SELECT late"]
    },
    "performance.sql.skipProbes": {
      option: set({ skipProbes: false }),
      observe: sql.summaries,
      without: seen,
      with: ["SELECT", ...seen]
    },
    "performance.sql.repeatedQueries": { option: set({ repeatedQueries: 30 }), ...without("repeated_query") },
    "performance.sql.manyRows": { option: set({ manyRows: 20_000 }), ...without("many_rows") },
    "performance.sql.idleInTransaction": {
      option: set({ idleInTransaction: "1 minute" }),
      ...without("idle_in_transaction")
    },
    "performance.sql.blockingTransaction": {
      option: set({ blockingTransaction: "1 minute" }),
      ...without("blocking_transaction")
    },
    "performance.sql.explain": {
      option: set({ explain: true }),
      observe: sql.plans,
      without: [undefined],
      with: [plan]
    },
    "performance.sql.explainTimeout": {
      base: set({ explain: true }),
      option: set({ explainTimeout: "1 millis" }),
      observe: sql.plans,
      without: [plan],
      with: [undefined]
    }
  }
}

const merge = (left: Options, right: Options): Options => {
  const merged: Record<string, unknown> = { ...left }
  for (const [key, value] of Object.entries(right)) {
    const before = merged[key]
    merged[key] = typeof before === "object" && typeof value === "object"
      ? merge(before as Options, value as Options)
      : value
  }
  return merged
}

describe("Every option", () => {
  it("has an observation, and no observation is of another option", () => {
    const paths = TelemetryConfig.options.map(({ path }) => path).filter((path) => !routed.includes(path))
    assert.deepStrictEqual(Object.keys(entries), paths)
  })

  for (const [path, entry] of Object.entries(entries)) {
    it.effect(`${path} has its effect`, () =>
      Effect.gen(function*() {
        const base = entry.base ?? {}
        assert.deepStrictEqual(yield* entry.observe(base), entry.without, "without the option")
        const given = observed.withAddress(path, merge(base, entry.option))
        assert.deepStrictEqual(yield* entry.observe(given), entry.with, "with the option")
      }))
  }
})
