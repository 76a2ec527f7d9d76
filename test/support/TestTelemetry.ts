/**
 * The services of telemetry as tests use them: the real ones, wired in one place, with memories in place of what leaves.
 *
 * A test takes the parts that it looks at: `TestTelemetry.layer(TestTelemetry.tracing, options)`. `recorder`, `spans`,
 * `logs` and `storeTest` read what the parts have recorded.
 */
import { Effect, Layer, Metric } from "effect"
import * as TelemetryConfig from "../../src/config/TelemetryConfig.ts"
import * as EventBus from "../../src/events/EventBus.ts"
import { FlushRegistry } from "../../src/internal/FlushRegistry.ts"
import { SelfStatistics } from "../../src/internal/SelfStatistics.ts"
import * as LogEventSink from "../../src/logging/internal/LogEventSink.ts"
import { LogWriter } from "../../src/logging/internal/LogWriter.ts"
import * as StructuredLogger from "../../src/logging/internal/StructuredLogger.ts"
import * as LogDestination from "../../src/logging/LogDestination.ts"
import * as LogLevels from "../../src/logging/LogLevels.ts"
import * as MetricStore from "../../src/metrics/MetricStore.ts"
import * as Redaction from "../../src/redaction/Redaction.ts"
import * as Telemetry from "../../src/Telemetry.ts"
import { SpanMemory } from "../../src/tracing/internal/SpanMemory.ts"
import * as TelemetryTracer from "../../src/tracing/TelemetryTracer.ts"
import * as TaskRunner from "../../src/workflow/TaskRunner.ts"
import * as TaskStore from "../../src/workflow/TaskStore.ts"

type Options = TelemetryConfig.Options

/** What every part needs: the options, without jitter, their redaction, and the statistics of the telemetry itself. A mistake in the options is a defect. */
export const settings = (options: Options = {}) =>
  Layer.unwrap(
    Effect.map(TelemetryConfig.make({ ...options, backoff: { jitter: 0, ...options.backoff } }), (config) =>
      Layer.mergeAll(
        Layer.succeed(TelemetryConfig.Current, config),
        Layer.succeed(Redaction.Current, Redaction.make(config.redaction)),
        SelfStatistics.layer,
        FlushRegistry.layer
      ))
  ).pipe(Layer.orDie)

/** Parts with options. */
export const layer = <A, E, R>(parts: Layer.Layer<A, E, R>, options: Options = {}) =>
  Layer.provideMerge(parts, settings(options))

/** What the telemetry counts of itself: `name{values of the attributes} value`. */
export const selfCounts = Effect.map(
  SelfStatistics,
  (statistics) =>
    statistics.read().flatMap(({ name, values }) =>
      values.map(({ attributes, value }) => `${name}{${attributes.join(",")}} ${value}`)
    )
)

/** A task runner with its store and its bus. */
export const runner = (store: Layer.Layer<TaskStore.TaskStore> = TaskStore.layerMemory) =>
  Layer.provideMerge(TaskRunner.layer, Layer.merge(EventBus.layer, store))

/** A tracer with a memory. */
export const tracing = Layer.provideMerge(SpanMemory.layer, TelemetryTracer.layer)

/** The structured logger and the lines of events, with a memory. */
export const logging = Layer.merge(StructuredLogger.layer, LogEventSink.layer).pipe(
  Layer.provideMerge(LogWriter.layer),
  Layer.provideMerge(Layer.mergeAll(LogDestination.layerMemory, LogLevels.layer, EventBus.layer))
)

/** Effect's registry for one test alone, because that of the process is shared by all of them. */
export const registry = Layer.sync(Metric.MetricRegistry, () => new Map())

/** A metric store whose series only the test sees. */
export const metrics = Layer.provideMerge(MetricStore.layer, registry)

/** Everything, as a program has it, with memories of spans and lines. */
export const whole = (options: Options = {}) =>
  SpanMemory.layer.pipe(
    Layer.provideMerge(Telemetry.layer(options, { logDestination: LogDestination.layerMemory })),
    Layer.provideMerge(LogDestination.layerMemory)
  )
