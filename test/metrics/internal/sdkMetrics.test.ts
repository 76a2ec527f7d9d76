import { assert, describe, it } from "@effect/vitest"
import { withSdkNames } from "../../../src/metrics/internal/sdkMetrics.ts"
import type { MetricData } from "../../../src/metrics/MetricSnapshot.ts"
import { numbers } from "../../support/metricModel.ts"

const values = (metrics: ReadonlyArray<MetricData>) =>
  metrics.flatMap(({ name, series, unit }) =>
    series.map(({ attributes, value }) => {
      const { "otel.component.name": component, "otel.component.type": _, ...others } = attributes
      return [name, unit, component, others, value]
    })
  )

describe("withSdkNames", () => {
  it("gives what delivery counts the names of OpenTelemetry, each fact once", () => {
    const metrics = withSdkNames([
      numbers("counter", "jobs_total", { value: 1 }),
      numbers("counter", "tasker_spans_ended_total", { value: 20 }),
      numbers("counter", "tasker_spans_exported_total", { value: 10 }),
      {
        ...numbers("counter", "tasker_spans_dropped_total", { value: 0 }),
        attributes: ["reason"],
        series: [
          { attributes: { reason: "queue_full" }, startMillis: 0, value: 3, exemplars: [] },
          { attributes: { reason: "rejected" }, startMillis: 0, value: 4, exemplars: [] }
        ]
      },
      {
        ...numbers("upDownCounter", "tasker_spans_pending", { value: 0 }),
        attributes: ["state"],
        series: [
          { attributes: { state: "undecided" }, startMillis: 0, value: 0, exemplars: [] },
          { attributes: { state: "queued" }, startMillis: 0, value: 1, exemplars: [] },
          { attributes: { state: "in_flight" }, startMillis: 0, value: 2, exemplars: [] }
        ]
      },
      numbers("upDownCounter", "tasker_log_records_queue_capacity", { value: 2048 }),
      numbers("counter", "tasker_metric_points_exported_total", { value: 7 }),
      numbers("counter", "tasker_metric_points_rejected_total", { value: 2 })
    ])
    const points = "otel.sdk.exporter.metric_data_point.exported"
    assert.deepStrictEqual(values(metrics), [
      ["jobs_total", undefined, undefined, {}, 1],
      ["tasker_spans_ended_total", undefined, undefined, {}, 20],
      ["tasker_spans_pending", undefined, undefined, { state: "undecided" }, 0],
      ["otel.sdk.exporter.span.exported", "{span}", "otlp_http_span_exporter/0", {}, 10],
      ["otel.sdk.exporter.span.exported", "{span}", "otlp_http_span_exporter/0", { "error.type": "rejected" }, 4],
      ["otel.sdk.processor.span.processed", "{span}", "batching_span_processor/0", { "error.type": "queue_full" }, 3],
      ["otel.sdk.processor.span.queue.size", "{span}", "batching_span_processor/0", {}, 1],
      ["otel.sdk.exporter.span.inflight", "{span}", "otlp_http_span_exporter/0", {}, 2],
      ["otel.sdk.processor.log.queue.capacity", "{log}", "batching_log_processor/0", {}, 2048],
      [points, "{data_point}", "otlp_http_metric_exporter/0", {}, 7],
      [points, "{data_point}", "otlp_http_metric_exporter/0", { "error.type": "rejected" }, 2]
    ])
  })

  it("gives the time of exports the name of OpenTelemetry, with the exporter and the error", () => {
    const value = { counts: [1, 0], count: 1, sum: 0.5 }
    const series = [["spans", ""], ["log records", "unreachable"], ["metrics", "rejected"]].map((
      [signal = "", error = ""]
    ) => ({ attributes: { signal, error_type: error }, startMillis: 0, value, exemplars: [] }))
    const metrics = withSdkNames([{
      type: "histogram",
      name: "tasker_export_duration_seconds",
      help: "Time.",
      unit: "seconds",
      attributes: ["signal", "error_type"],
      buckets: [1],
      series
    }])
    const name = "otel.sdk.exporter.operation.duration"
    assert.deepStrictEqual(values(metrics), [
      [name, "seconds", "otlp_http_span_exporter/0", {}, value],
      [name, "seconds", "otlp_http_log_exporter/0", { "error.type": "unreachable" }, value],
      [name, "seconds", "otlp_http_metric_exporter/0", { "error.type": "rejected" }, value]
    ])
  })

  it("gives other metrics back as they are", () => {
    const metrics = [numbers("gauge", "load", { value: 1 })]
    assert.strictEqual(withSdkNames(metrics), metrics)
  })
})
