import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Logger, Metric } from "effect"
import { LogDestination, MetricSnapshot, MetricStore, Telemetry, type TelemetryConfig } from "tasker-telemetry"
import * as otlpMetricDecoder from "../../support/otlpMetricDecoder.ts"
import { OtlpReceiver } from "../../support/otlpReceiver.ts"

const layer = (options: TelemetryConfig.Options) =>
  Layer.unwrap(Effect.map(OtlpReceiver, ({ url }) =>
    Telemetry.layer({
      ...options,
      logging: { exporter: "none" },
      delivery: { endpoint: url, ...options.delivery }
    }, { logDestination: LogDestination.layer(() => {}) }))).pipe(
      Layer.provideMerge(OtlpReceiver.layer),
      Layer.provide(Layer.merge(Logger.layer([]), Layer.sync(Metric.MetricRegistry, () => new Map())))
    )

/** The number of measured requests. */
const count = (attributes: Readonly<Record<string, string>>) =>
  Effect.gen(function*() {
    const { snapshot } = yield* MetricStore.MetricStore
    const value = MetricSnapshot.valueOf(yield* snapshot, "tasker_export_duration_seconds", attributes)
    return typeof value === "object" ? value.count : value
  })

describe("ExportTimer", () => {
  it.effect("measures the requests of every signal, and sends what it measured under the name of OpenTelemetry", () =>
    Effect.gen(function*() {
      const { received } = yield* OtlpReceiver
      yield* Effect.withSpan(Effect.void, "work")
      yield* Telemetry.flush
      assert.strictEqual(yield* count({ signal: "spans", error_type: "" }), 1)
      assert.strictEqual(yield* count({ signal: "metrics", error_type: "" }), 1)
      assert.strictEqual(yield* count({ signal: "log records", error_type: "" }), undefined)
      yield* Telemetry.flush
      const [first] = received.filter(({ path }) => path === "/v1/metrics").slice(-1).flatMap(({ body }) =>
        otlpMetricDecoder.decode(body).metrics.filter(({ name }) => name === "otel.sdk.exporter.operation.duration")
      )
      assert.deepStrictEqual([first?.unit, first !== undefined && "histogram" in first], ["s", true])
    }).pipe(Effect.provide(layer({ metrics: { runtime: false } }))))

  it.effect("measures nothing where metrics are off", () =>
    Effect.gen(function*() {
      yield* Effect.withSpan(Effect.void, "work")
      yield* Telemetry.flush
      assert.strictEqual(yield* count({ signal: "spans", error_type: "" }), undefined)
    }).pipe(Effect.provide(layer({ metrics: { enabled: false } }))))
})
