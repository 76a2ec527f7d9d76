/**
 * Telemetry for tests. It works as in production, sends nothing out of the
 * process, and lets a test read what was recorded.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import type * as TelemetryConfig from "../../config/TelemetryConfig.ts"
import { EventBus } from "../../events/EventBus.ts"
import type { EventEnvelope } from "../../events/EventEnvelope.ts"
import * as LogDestination from "../../logging/LogDestination.ts"
import * as MetricSnapshot from "../../metrics/MetricSnapshot.ts"
import { MetricStore } from "../../metrics/MetricStore.ts"
import * as Telemetry from "../../Telemetry.ts"
import { SpanMemory } from "../../tracing/internal/SpanMemory.ts"
import type { SpanData } from "../../tracing/SpanData.ts"

/**
 * Everything recorded so far.
 *
 * **Example** (Looking at what a task did)
 *
 * ```ts
 * import { assert, it } from "@effect/vitest"
 * import * as Effect from "effect/Effect"
 * import * as Schema from "effect/Schema"
 * import { Step, Task, TaskRunner } from "tasker-telemetry"
 * import { Expect, TelemetryTest } from "tasker-telemetry/testing"
 *
 * const greet = Step.make("greet", { run: () => Effect.succeed("hello") })
 * const Greet = Task.make("greeting", { input: Schema.Struct({}), steps: [greet] })
 *
 * it.effect("greets in one step", () =>
 *   Effect.gen(function*() {
 *     yield* TaskRunner.run(Greet, {})
 *     const telemetry = yield* TelemetryTest
 *     assert.strictEqual(yield* telemetry.metric("tasker_tasks_total", { task: "greeting", status: "complete" }), 1)
 *     Expect.spanTree(yield* telemetry.spans, [{
 *       name: "tasker.task.execution",
 *       children: [{ name: "tasker.workflow.orchestration" }]
 *     }])
 *   }).pipe(Effect.provide(TelemetryTest.layer())))
 * ```
 *
 * @category services
 * @since 0.1.0
 */
export class TelemetryTest extends Context.Service<TelemetryTest, {
  /** Published events, in order. */
  readonly events: Effect.Effect<ReadonlyArray<EventEnvelope>>
  /** Log lines of every level, decoded, in order. */
  readonly logs: Effect.Effect<ReadonlyArray<Readonly<Record<string, unknown>>>>
  /** Ended spans, in the order of their ends. */
  readonly spans: Effect.Effect<ReadonlyArray<SpanData>>
  /** The value of a series; `undefined` if there is no such series. */
  readonly metric: (
    name: string,
    attributes: Readonly<Record<string, string>>
  ) => Effect.Effect<MetricSnapshot.SeriesSnapshot["value"] | undefined>
}>()("tasker-telemetry/testing/TelemetryTest") {
  /**
   * Builds everything with the default configuration, except for three differences: the log level is `Trace`, a wrong
   * measurement throws at the call, and the process is not measured. Each build starts empty.
   *
   * **Details**
   *
   * It works under `TestClock`; `advance` moves the time. Each build has its own metric registry, so tests do not see
   * each other's metrics. A mistake in the options is a defect.
   *
   * @param options options that differ from the configuration of tests, none by default
   * @param parts stores, routes and subscribers of the test's own, none by default
   * @since 0.1.0
   */
  static readonly layer = (
    options: TelemetryConfig.Options = {},
    parts: Omit<Telemetry.Parts, "logDestination"> = {}
  ): Layer.Layer<TelemetryTest | Telemetry.Services> => make(options, parts)
}

const make = (
  options: TelemetryConfig.Options,
  parts: Omit<Telemetry.Parts, "logDestination">
): Layer.Layer<TelemetryTest | Telemetry.Services> =>
  Layer.unwrap(Effect.sync(() => {
    const lines: Array<string> = []
    const telemetry = Telemetry.layer(
      {
        ...options,
        logging: { level: "Trace", ...options.logging },
        // A test should find misuse of metrics. It is not about the process.
        metrics: { onMisuse: "die", runtime: false, ...options.metrics }
      },
      { ...parts, logDestination: LogDestination.layer((line) => void lines.push(line)) }
    )
    return Layer.effect(TelemetryTest, record(lines)).pipe(
      Layer.provide(SpanMemory.layer),
      Layer.provideMerge(Layer.orDie(telemetry)),
      Layer.provide(Layer.sync(Metric.MetricRegistry, () => new Map()))
    )
  }))

const record = Effect.fnUntraced(function*(lines: ReadonlyArray<string>) {
  const bus = yield* EventBus
  const store = yield* MetricStore
  const { spans } = yield* SpanMemory
  const events: Array<EventEnvelope> = []
  yield* bus.register({ name: "test", signal: "all", handle: (envelope) => void events.push(envelope) })
  return TelemetryTest.of({
    events: Effect.sync(() => [...events]),
    logs: Effect.sync(() => lines.map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>)),
    spans,
    metric: (name, attributes) =>
      Effect.map(store.snapshot, (snapshot) => MetricSnapshot.valueOf(snapshot, name, attributes))
  })
})
