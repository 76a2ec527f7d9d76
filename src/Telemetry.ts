/**
 * The composition root: one layer that makes everything observable.
 *
 * **Details**
 *
 * Every layer here provides the {@link Services}: the task runner, the event bus,
 * the metric store, and the services that routes and tools need. It also installs
 * the tracer and the logger, so spans and `Effect.log` of the whole program take
 * part.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as TelemetryConfig from "./config/TelemetryConfig.ts"
import * as EventBus from "./events/EventBus.ts"
import * as EventRouter from "./events/EventRouter.ts"
import * as EventPattern from "./events/internal/EventPattern.ts"
import { FlushRegistry, type FlushReport } from "./internal/FlushRegistry.ts"
import { isolatedLayer, type Theirs } from "./internal/isolatedLayer.ts"
import { SpansEnabled } from "./internal/ownSpans.ts"
import type { SelfStatistics } from "./internal/SelfStatistics.ts"
import * as ExceptionSink from "./logging/internal/ExceptionSink.ts"
import * as LogEventSink from "./logging/internal/LogEventSink.ts"
import * as LogExport from "./logging/internal/LogExport.ts"
import { LogWriter } from "./logging/internal/LogWriter.ts"
import * as StructuredLogger from "./logging/internal/StructuredLogger.ts"
import * as LogDestination from "./logging/LogDestination.ts"
import * as LogLevels from "./logging/LogLevels.ts"
import * as WorkflowMetrics from "./metrics/internal/eventMetrics/WorkflowMetrics.ts"
import * as ExportTimer from "./metrics/internal/ExportTimer.ts"
import * as MetricDelivery from "./metrics/internal/MetricDelivery.ts"
import type { ProcessChannels } from "./metrics/MetricCluster.ts"
import * as MetricStore from "./metrics/MetricStore.ts"
import * as ExitHooks from "./node/internal/ExitHooks.ts"
import * as NodeDelivery from "./node/internal/NodeDelivery.ts"
import * as NodeExport from "./node/internal/NodeExport.ts"
import * as NodeProcess from "./node/internal/NodeProcess.ts"
import * as NodeResource from "./node/internal/NodeResource.ts"
import * as NodeTextFile from "./node/internal/NodeTextFile.ts"
import * as NodeLogDestination from "./node/NodeLogDestination.ts"
import * as NodeProcessChannels from "./node/NodeProcessChannels.ts"
import * as NodeProcessProbe from "./node/NodeProcessProbe.ts"
import * as NodeRuntimeMetrics from "./node/NodeRuntimeMetrics.ts"
import * as performanceServices from "./performance/internal/performanceServices.ts"
import type * as RunRecords from "./performance/RunRecords.ts"
import * as countedRedaction from "./redaction/internal/countedRedaction.ts"
import * as Redaction from "./redaction/Redaction.ts"
import * as SpanExport from "./tracing/internal/SpanExport.ts"
import * as TraceEventSink from "./tracing/internal/TraceEventSink.ts"
import * as TelemetryTracer from "./tracing/TelemetryTracer.ts"
import * as chosenStore from "./workflow/internal/chosenStore.ts"
import * as TaskRunner from "./workflow/TaskRunner.ts"
import type * as TaskStore from "./workflow/TaskStore.ts"

/**
 * What every telemetry layer provides.
 *
 * @category models
 * @since 0.1.0
 */
export type Services =
  | TaskRunner.TaskRunner
  | TaskStore.TaskStore
  | EventBus.EventBus
  | Metrics
  | TelemetryTracer.TelemetryTracer
  | LogDestination.LogDestination
  | LogLevels.LogLevels
  | performanceServices.Services
  | FlushRegistry

type Metrics = MetricStore.MetricStore | NodeExport.Services

/**
 * Parts of the composition that a program may replace.
 *
 * @category models
 * @since 0.1.0
 */
export interface Parts {
  /** Where log lines go. By default, `logging.destination` chooses standard output, standard error or a file. */
  readonly logDestination?: Layer.Layer<LogDestination.LogDestination> | undefined
  /** What differs from the default routes of events, made by `EventRouter.override`. */
  readonly routes?: ReadonlyArray<EventRouter.RouteOverride> | undefined
  /**
   * Where metrics are kept: `MetricCluster.layerPrimary` or `layerWorker` in one of several processes,
   * `MetricStore.layerShared` in a worker thread. The store says whether it measures the process.
   */
  readonly metricStore?: Layer.Layer<MetricStore.MetricStore, never, ProcessChannels> | undefined
  /**
   * Where records of tasks are kept: by default, the `TaskStore` of the context that the layer is built in, else the
   * memory store. A `TaskStore` that is provided to a run gets no records, and the runner warns about it.
   */
  readonly taskStore?: Layer.Layer<TaskStore.TaskStore> | undefined
  /** Where records of runs are kept for the analysis, such as `RunRecords.layerSql`. By default, in memory. */
  readonly runRecords?: Layer.Layer<RunRecords.RunRecords, never, EventBus.EventBus> | undefined
  /** Sends in place of Node's client, for example through a proxy. The options for certificates cannot be used with it. */
  readonly fetch?: ((url: string, init: RequestInit) => Promise<Response>) | undefined
  /** Sinks and subscribers, which get all events until the end of the program, and exporters and targets of metrics. */
  readonly subscribers?: Layer.Layer<never, never, EventBus.EventBus | Metrics> | undefined
}

/**
 * Builds everything, configured by options in code. The environment is not read.
 *
 * **Example** (Sending spans to a collector)
 *
 * ```ts
 * import * as Telemetry from "tasker-telemetry/Telemetry"
 *
 * const TelemetryLayer = Telemetry.layer({
 *   service: { name: "shop" },
 *   delivery: { endpoint: "http://127.0.0.1:4318" }
 * })
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (
  options: TelemetryConfig.Options = {},
  parts: Parts = {}
): Layer.Layer<Services, TelemetryConfig.TelemetryConfigError> =>
  isolatedLayer((theirs) =>
    Layer.unwrap(Effect.map(TelemetryConfig.make(options), (config) => compose(config, [], shared(parts, theirs))))
  )

/**
 * Builds everything, configured by `TASKER_…` and `OTEL_…` variables of the
 * current `ConfigProvider`. Options in code take precedence.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerConfig = (
  options: TelemetryConfig.Options = {},
  parts: Parts = {}
): Layer.Layer<Services, TelemetryConfig.TelemetryConfigError> =>
  isolatedLayer((theirs) =>
    Layer.unwrap(
      Effect.map(
        Effect.provide(TelemetryConfig.load(options), NodeTextFile.layer),
        ({ config, warnings }) => compose(config, warnings, shared(parts, theirs))
      )
    )
  )

/**
 * Builds everything, configured by the environment alone.
 *
 * **Example** (Running a program with telemetry)
 *
 * ```ts
 * import * as Effect from "effect/Effect"
 * import { TelemetryLive } from "tasker-telemetry"
 *
 * const program = Effect.logInfo("observed").pipe(Effect.withSpan("work"), Effect.provide(TelemetryLive))
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const TelemetryLive: Layer.Layer<Services, TelemetryConfig.TelemetryConfigError> = layerConfig()

/**
 * Runs workflows and observes nothing: it makes no event, log line, metric or
 * span. The program's own tracer and loggers stay as they are.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerNoop: Layer.Layer<Services> = Layer.suspend(() => unobserved({}))

/**
 * Metrics alone: the store, its export and the metrics of the process. No task runner, no logger, no tracer.
 *
 * **Details**
 *
 * Layers of single signals that are built together share their counters and flushes. So {@link flush} flushes all of
 * them, and the metrics show what logger and tracer count about themselves. The environment is not read;
 * `TelemetryConfig.load` reads it.
 *
 * **Example** (Metrics and traces of a program without tasks)
 *
 * ```ts
 * import * as Layer from "effect/Layer"
 * import * as Telemetry from "tasker-telemetry/Telemetry"
 *
 * const options = { service: { name: "shop" }, delivery: { endpoint: "http://127.0.0.1:4318" } }
 * const Signals = Layer.mergeAll(Telemetry.layerMetrics(options), Telemetry.layerTracing(options))
 * ```
 *
 * @param options as of {@link layer}
 * @param parts `metricStore`: where metrics are kept; `fetch`: what sends them
 * @category layers
 * @since 0.1.0
 */
export const layerMetrics = (
  options: TelemetryConfig.Options = {},
  parts: Pick<Parts, "metricStore" | "fetch"> = {}
): Layer.Layer<Metrics | FlushRegistry, TelemetryConfig.TelemetryConfigError> =>
  signal(
    options,
    parts,
    (config, parts) =>
      merged(metricSinks(config, parts)).pipe(
        Layer.provideMerge(Layer.provide(exports(config, parts), EventBus.layerNoop)),
        Layer.provideMerge(metricStore(config, parts))
      )
  )

/**
 * Log lines alone: logger, destination and levels. No task runner, no metrics, no tracer. See {@link layerMetrics}.
 *
 * @param parts `logDestination`: where log lines go
 * @category layers
 * @since 0.1.0
 */
export const layerLogging = (
  options: TelemetryConfig.Options = {},
  parts: Pick<Parts, "logDestination"> = {}
): Layer.Layer<LogDestination.LogDestination | LogLevels.LogLevels | FlushRegistry, ConfigError> =>
  signal(options, parts, (config, parts) =>
    Layer.provideMerge(
      isOn(config, "logging") ? Layer.merge(logger, logExport(parts)) : Layer.empty,
      Layer.merge(logDestination(config, parts), LogLevels.layer)
    ))

/**
 * Traces alone: the tracer of the program and its export. No task runner, no metrics, no logger. See {@link layerMetrics}.
 *
 * @param parts `fetch`: what sends spans
 * @category layers
 * @since 0.1.0
 */
export const layerTracing = (
  options: TelemetryConfig.Options = {},
  parts: Pick<Parts, "fetch"> = {}
): Layer.Layer<TelemetryTracer.TelemetryTracer | FlushRegistry, TelemetryConfig.TelemetryConfigError> =>
  signal(options, parts, (config, parts) => Layer.provideMerge(merged(spanSinks(config, parts)), tracer(config)))

/**
 * Sends what is recorded so far: log lines to their destination, records and
 * metrics to the receiver. Says what became of them, by signal. Never fails.
 *
 * **When to use**
 *
 * Use before a process is frozen, as in a serverless function. The layer flushes
 * by itself when it closes.
 *
 * **Details**
 *
 * What is recorded after the start of the flush does not delay it. A flush takes
 * `delivery.shutdownTimeout` at most. What is not sent by then is `pending`, and
 * delivery goes on with it.
 *
 * @category utilities
 * @since 0.1.0
 */
export const flush: Effect.Effect<FlushReport, never, FlushRegistry> = Effect.flatMap(
  FlushRegistry,
  (registry) => registry.flush
)

type Config = TelemetryConfig.TelemetryConfig
type ConfigError = TelemetryConfig.TelemetryConfigError

const unobserved = (parts: Parts): Layer.Layer<Services> =>
  TaskRunner.layer.pipe(
    Layer.provideMerge(Layer.mergeAll(
      EventBus.layerNoop,
      chosenStore.layer(parts.taskStore),
      MetricStore.layerNoop,
      NodeExport.layerNoop,
      TelemetryTracer.layerNoop,
      LogDestination.layerNoop,
      LogLevels.layer,
      performanceServices.layerNoop,
      FlushRegistry.layer,
      Layer.succeed(SpansEnabled, false)
    ))
  )

const shared = (parts: Parts, theirs: Theirs): Parts => ({
  ...parts,
  logDestination: parts.logDestination && theirs(parts.logDestination),
  metricStore: parts.metricStore && theirs(parts.metricStore),
  taskStore: parts.taskStore && theirs(parts.taskStore),
  runRecords: parts.runRecords && theirs(parts.runRecords),
  subscribers: parts.subscribers && theirs(parts.subscribers)
})

const compose = (config: Config, warnings: ReadonlyArray<string>, parts: Parts): Layer.Layer<Services, ConfigError> => {
  const settings = Layer.succeed(TelemetryConfig.Current, config)
  if (!config.enabled) {
    const redaction = Layer.succeed(Redaction.Current, Redaction.make(config.redaction))
    return Layer.provideMerge(unobserved(parts), Layer.merge(settings, redaction))
  }
  const base = Layer.provideMerge(countedRedaction.layer(config), NodeProcess.layer)
  const doubts = [...warnings, ...EventPattern.unknownFilters(config.events.filtered)]
  return Layer.effectDiscard(Effect.forEach(doubts, (warning) => Effect.logWarning(warning))).pipe(
    // The runner closes before the sinks, so the sinks see the events of the tasks that it cancels.
    Layer.provideMerge(TaskRunner.layer),
    Layer.provideMerge(Layer.provide(performanceServices.layer(parts.runRecords), NodeProcessProbe.layer)),
    Layer.provideMerge(parts.subscribers ?? Layer.empty),
    Layer.provideMerge(exports(config, parts)),
    Layer.provideMerge(sinks(config, parts)),
    Layer.provideMerge(stores(config, parts)),
    Layer.provideMerge(base),
    Layer.provideMerge(NodeResource.layer),
    Layer.provideMerge(settings)
  )
}

/** One signal without the others. */
const signal = <A>(
  options: TelemetryConfig.Options,
  parts: Parts,
  make: (config: Config, parts: Parts) => Layer.Layer<A, ConfigError, SelfStatistics | FlushRegistry>
): Layer.Layer<A | FlushRegistry, ConfigError> =>
  isolatedLayer((theirs) =>
    Layer.unwrap(Effect.map(TelemetryConfig.make(options), (config) =>
      make(config, shared(parts, theirs)).pipe(
        Layer.provideMerge(Layer.provideMerge(countedRedaction.layer(config), theirs(NodeProcess.layer))),
        Layer.provideMerge(NodeResource.layer),
        Layer.provideMerge(Layer.succeed(TelemetryConfig.Current, config))
      )))
  )

const isOn = (config: Config, signal: "logging" | "metrics" | "tracing") => config.enabled && config[signal].enabled

const metricStore = (config: Config, parts: Parts) =>
  isOn(config, "metrics")
    ? Layer.provide(parts.metricStore ?? MetricStore.layer, NodeProcessChannels.layer)
    : MetricStore.layerNoop

const tracer = (config: Config) => isOn(config, "tracing") ? TelemetryTracer.layer : TelemetryTracer.layerNoop

const logDestination = (config: Config, parts: Parts) =>
  isOn(config, "logging") ? parts.logDestination ?? NodeLogDestination.layer : LogDestination.layerNoop

const stores = (config: Config, parts: Parts) =>
  Layer.mergeAll(
    parts.routes === undefined
      ? EventBus.layer
      : Layer.provide(EventBus.layer, Layer.succeed(EventRouter.Overrides, parts.routes)),
    chosenStore.layer(parts.taskStore),
    metricStore(config, parts),
    tracer(config),
    Layer.succeed(SpansEnabled, config.tracing.enabled),
    LogLevels.layer,
    logDestination(config, parts)
  )

type Sink<R> = Layer.Layer<never, ConfigError, R | SelfStatistics | FlushRegistry>

const merged = <R>(sinks: ReadonlyArray<Sink<R>>): Sink<R> =>
  sinks.reduce<Sink<R>>((all, sink) => Layer.merge(all, sink), Layer.empty)

/** The exports of metrics to targets. */
const exports = (config: Config, parts: Parts) =>
  isOn(config, "metrics") ? NodeExport.layer(parts.fetch) : NodeExport.layerNoop

/** The export of metrics, and the metrics of the process. */
const metricSinks = (config: Config, parts: Parts): ReadonlyArray<Sink<MetricStore.MetricStore>> => [
  ...(isOn(config, "metrics")
    ? [ExportTimer.layer, Layer.provide(MetricDelivery.layer, NodeDelivery.layer(parts.fetch))]
    : []),
  ...(isOn(config, "metrics") && config.metrics.runtime ? [NodeRuntimeMetrics.layer] : [])
]

/** The export of spans. */
const spanSinks = (config: Config, parts: Parts): ReadonlyArray<Sink<TelemetryTracer.TelemetryTracer>> =>
  isOn(config, "tracing") ? [Layer.provide(SpanExport.layer, NodeDelivery.layer(parts.fetch))] : []

/** One value, so that logger and sink share one writer. */
const writer = Layer.provide(LogWriter.layer, ExitHooks.layer)

const logger = Layer.provide(Layer.merge(StructuredLogger.layer, ExceptionSink.layer), writer)

const logExport = (parts: Parts) => Layer.provide(LogExport.layer, Layer.merge(writer, NodeDelivery.layer(parts.fetch)))

const sinks = (config: Config, parts: Parts) => {
  const all = merged<
    | EventBus.EventBus
    | MetricStore.MetricStore
    | TelemetryTracer.TelemetryTracer
    | LogDestination.LogDestination
    | LogLevels.LogLevels
  >([
    ...(config.metrics.enabled ? [WorkflowMetrics.layer] : []),
    ...metricSinks(config, parts),
    ...(config.tracing.enabled ? [TraceEventSink.layer] : []),
    ...spanSinks(config, parts),
    ...(config.logging.enabled ? [Layer.provide(LogEventSink.layer, writer), logExport(parts)] : [])
  ])
  // The sinks log their own trouble, so the logger comes before them.
  return config.logging.enabled ? Layer.provideMerge(all, logger) : all
}
