/**
 * Views: what operators change about metrics without touching the program that
 * records them.
 *
 * **Details**
 *
 * A view applies to the metrics whose name it gives; `*` stands for any text.
 * All views that fit are applied, in their order: a later one sees the metric
 * under the name it was declared with, too. What a view leaves out is not
 * collected at all, so dropping an attribute joins the series it told apart.
 *
 * Metrics that a program or library records with Effect's own `Metric` are
 * denied, renamed and rid of attributes as well, by the names that Prometheus has
 * for them; the series that this joins are added up. Their buckets and the number
 * of their series are theirs. So it is with what the telemetry counts about itself.
 *
 * Views are given as the option `metrics.views`, in the variable
 * `TASKER_METRICS_VIEWS` as JSON.
 *
 * **Example** (Fewer series, other buckets)
 *
 * ```ts
 * import * as Telemetry from "tasker-telemetry/Telemetry"
 *
 * const TelemetryLayer = Telemetry.layer({
 *   metrics: {
 *     views: [
 *       { metric: "tasker_step_queue_seconds", deny: true },
 *       { metric: "tasker_step_*", dropAttributes: ["step"] },
 *       { metric: "*_duration_seconds", buckets: [0.1, 1, 10] }
 *     ]
 *   }
 * })
 * ```
 *
 * @see https://opentelemetry.io/docs/specs/otel/metrics/sdk/#view
 * @since 0.1.0
 */
import type { MetricView as Rule } from "../config/internal/metricView.ts"

/**
 * A view.
 *
 * **Details**
 *
 * `metric`: name, `*` for any text. `deny`: nothing is recorded. `rename`: the
 * name it is shown under; a view with a wildcard cannot rename. `keepAttributes`:
 * the other attributes are dropped. `dropAttributes`: these are dropped.
 * `buckets`: upper bounds of a histogram with explicit buckets, ascending.
 * `cardinalityLimit`: series of this metric.
 *
 * @category models
 * @since 0.1.0
 */
export type MetricView = typeof Rule.Type
