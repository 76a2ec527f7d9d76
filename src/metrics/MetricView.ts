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
import type { MetricView as Rule } from "../internal/metricView.ts"
import { type Checked, defaultMaximumBuckets } from "./internal/model/MetricDeclaration.ts"
import { matches } from "./internal/model/namePattern.ts"

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

/**
 * What the views make of a declaration; `undefined` where they deny it.
 *
 * @param isExponential whether a histogram with explicit buckets that no view gives other ones becomes an exponential one
 * @internal
 */
export const apply = (
  views: ReadonlyArray<MetricView>,
  declared: Checked,
  isExponential = false
): Checked | undefined => {
  const fitting = views.filter(({ metric }) => matches(metric, declared.name))
  if (fitting.some(({ deny }) => deny)) return undefined
  const viewed = fitting.reduce(applyOne, declared)
  return isExponential && viewed.type === "histogram" && fitting.every(({ buckets }) => buckets === undefined)
    ? { ...viewed, type: "exponentialHistogram", buckets: undefined, maximumBuckets: defaultMaximumBuckets }
    : viewed
}

const applyOne = (seen: Checked, view: MetricView): Checked => {
  const { buckets, cardinalityLimit, metric, rename } = view
  return {
    ...seen,
    name: rename === undefined || metric.includes("*") ? seen.name : rename,
    attributes: seen.attributes.filter((key) => keepsAttribute(view, key)),
    buckets: seen.buckets === undefined ? undefined : buckets ?? seen.buckets,
    cardinalityLimit: cardinalityLimit ?? seen.cardinalityLimit
  }
}

/**
 * What the views make of a metric whose values somebody else keeps; `undefined` where they deny it. `keeps` says it of
 * attributes, where a view is about them.
 *
 * @internal
 */
export const applyToRead = (
  views: ReadonlyArray<MetricView>,
  name: string
): { readonly rename: string | undefined; readonly keeps: ((key: string) => boolean) | undefined } | undefined => {
  const fitting = views.filter(({ metric }) => matches(metric, name))
  if (fitting.some(({ deny }) => deny)) return undefined
  const thinning = fitting.filter(({ dropAttributes, keepAttributes }) => dropAttributes ?? keepAttributes)
  return {
    rename: fitting.findLast(({ metric, rename }) => rename !== undefined && !metric.includes("*"))?.rename,
    keeps: thinning.length === 0 ? undefined : (key) => thinning.every((view) => keepsAttribute(view, key))
  }
}

const keepsAttribute = ({ dropAttributes, keepAttributes }: MetricView, key: string): boolean =>
  (keepAttributes?.includes(key) ?? true) && !(dropAttributes?.includes(key) ?? false)
