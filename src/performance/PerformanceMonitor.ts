/**
 * Measures named operations of a program: time, processor, event loop, memory. It
 * warns about operations that take too long or hold too much memory.
 *
 * **Details**
 *
 * Time is exact. Processor, event loop and memory are figures of the whole
 * process, so each measurement has a `confidence`: `exclusive` if no other
 * measured operation and no step ran at the same time, `shared` if others ran,
 * `unknown` if the process is not measured, or if a garbage collection may have
 * freed memory from before, so that the operation holds more than the figure says.
 * An operation inside of another one, or inside of a step, is a part of
 * it and does not count as another one.
 *
 * The first time that an operation crosses a threshold, the monitor publishes
 * `performance.slow_operation` or `memory.spike_detected`, in the context of the
 * operation. Further crossings are summed up once per `performance.quietPeriod`.
 * Memory counts only if the operation ran alone, and `tasker_memory_delta_bytes`
 * has `exclusive` figures alone.
 *
 * The operations of workflows (`workflow_coordination`, `find_viable_steps`,
 * `step_batch_execution`, `step_execution`, `task_finalization`) are timed by
 * their events. They have no thresholds.
 *
 * **Gotchas**
 *
 * The name of an operation is an attribute of metrics, so it must not contain an
 * id.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { durationOf } from "../config/internal/durationInput.ts"
import * as TelemetryConfig from "../config/TelemetryConfig.ts"
import { EventBus } from "../events/EventBus.ts"
import type { DurationSuchAs } from "../internal/typeMessages.ts"
import { MetricStore } from "../metrics/MetricStore.ts"
import { quote, quoteValue } from "../redaction/internal/quoteValue.ts"
import type { OperationSummary } from "./internal/Measurement.ts"
import * as OperationMonitor from "./internal/OperationMonitor.ts"
import * as WorkflowOperations from "./internal/WorkflowOperations.ts"
import { ProcessProbe } from "./ProcessProbe.ts"

export type { Measurement, OperationSummary, Outcome } from "./internal/Measurement.ts"

/**
 * Options of one operation.
 *
 * @category models
 * @since 0.1.0
 */
export interface MeasureOptions {
  /** Longest time that is not slow, in place of `performance.slowOperation`. */
  readonly slowAfter?: DurationSuchAs<"1 second"> | undefined
  /** New memory in bytes that is no spike, in place of `performance.memorySpike`. */
  readonly memorySpike?: number | undefined
  /** Takes a profile of the processor, and keeps it if the operation is slow. Needs `performance.profile.directory`. */
  readonly profile?: boolean | undefined
}

/** Measures an effect. */
type Measure = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>

/**
 * The monitor.
 *
 * @category services
 * @since 0.1.0
 */
export class PerformanceMonitor extends Context.Service<PerformanceMonitor, {
  /** Whether operations are measured. If it is `false`, {@link measure} gives effects as they are. */
  readonly enabled: boolean
  readonly measure: (operation: string, options?: MeasureOptions) => Measure
  /** The operations that have ended so far, at most 500 names. */
  readonly operations: Effect.Effect<ReadonlyArray<OperationSummary>>
}>()("tasker-telemetry/performance/PerformanceMonitor") {
}

/**
 * Measures an operation. The effect's result, failure and context stay the same.
 *
 * **Details**
 *
 * It throws a `RangeError` if an option is not valid.
 *
 * **Example** (An operation that should take at most 200 milliseconds)
 *
 * ```ts
 * import * as Effect from "effect/Effect"
 * import { PerformanceMonitor } from "tasker-telemetry"
 *
 * declare const price: Effect.Effect<number>
 * const measured = price.pipe(PerformanceMonitor.measure("price_cart", { slowAfter: "200 millis" }))
 * ```
 *
 * @param operation low-cardinality name
 * @param options thresholds in place of the configured ones, and whether a profile is taken
 * @category combinators
 * @since 0.1.0
 */
export const measure = (
  operation: string,
  options: MeasureOptions = {}
): <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R | PerformanceMonitor> => {
  limitsOf(operation, options)
  return (effect) => Effect.flatMap(PerformanceMonitor, (monitor) => monitor.measure(operation, options)(effect))
}

/**
 * Measures with the probe of the context. Without a probe, operations are timed
 * and nothing else. The group `performance` of the configuration sets the
 * thresholds.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<PerformanceMonitor, never, EventBus | MetricStore> = Layer.unwrap(
  Effect.map(TelemetryConfig.Current, ({ performance }) => performance.enabled ? live : layerNoop)
)

/**
 * Measures nothing.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerNoop: Layer.Layer<PerformanceMonitor> = Layer.succeed(PerformanceMonitor, {
  enabled: false,
  measure: () => (effect) => effect,
  operations: Effect.succeed([])
})

/** Checks the options of an operation, and gives its own limits. */
const limitsOf = (operation: string, { memorySpike, slowAfter }: MeasureOptions): OperationMonitor.OwnLimits => {
  if (memorySpike !== undefined && !(memorySpike > 0)) {
    throw new RangeError(
      `operation ${quote(operation)}: expected a number of bytes above 0 at memorySpike, got ${quoteValue(memorySpike)}`
    )
  }
  return {
    slowSeconds: slowAfter === undefined
      ? undefined
      : Duration.toSeconds(durationOf(slowAfter, `slowAfter of operation ${quote(operation)}`, "1 second")),
    spikeBytes: memorySpike
  }
}

const live: Layer.Layer<PerformanceMonitor, never, EventBus | MetricStore> = Layer.effect(
  PerformanceMonitor,
  Effect.gen(function*() {
    const { performance } = yield* TelemetryConfig.Current
    const bus = yield* EventBus
    const monitor = new OperationMonitor.OperationMonitor({
      bus,
      store: yield* MetricStore,
      probe: yield* ProcessProbe,
      scope: yield* Effect.scope,
      settings: {
        slowSeconds: Duration.toSeconds(performance.slowOperation),
        spikeBytes: performance.memorySpike,
        quietPeriod: performance.quietPeriod,
        learned: performance.learned
      }
    })
    yield* bus.register({
      name: "performance",
      signal: "metrics",
      impliesRoute: true,
      accepts: WorkflowOperations.accepts,
      handle: (envelope, fiber) => monitor.workflow.handle(envelope, fiber)
    })
    yield* Effect.addFinalizer(() => monitor.close)
    return PerformanceMonitor.of({
      enabled: true,
      measure: (operation, options = {}) => {
        const limits = limitsOf(operation, options)
        return (effect) => monitor.measure(operation, limits, options.profile === true, effect)
      },
      operations: Effect.sync(() => monitor.operations())
    })
  })
)
