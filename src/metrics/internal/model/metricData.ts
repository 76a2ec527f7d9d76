/**
 * Metrics of a snapshot, of every type. Pure.
 *
 * @internal
 */
import type { MetricData, MetricSnapshot, SeriesSnapshot } from "../../MetricSnapshot.ts"

export const emptySnapshot: MetricSnapshot = { timeMillis: 0, metrics: [] }

/** The metric with other series. */
export const mapSeries = (
  metric: MetricData,
  f: <Value>(series: ReadonlyArray<SeriesSnapshot<Value>>) => ReadonlyArray<SeriesSnapshot<Value>>
): MetricData => withSeries(metric, f<SeriesSnapshot["value"]>(metric.series))

/** The metric with other series, whose values are of the kind that its type has. */
export const withSeries = (metric: MetricData, series: ReadonlyArray<SeriesSnapshot>): MetricData =>
  ({ ...metric, series }) as MetricData

interface Described extends Pick<MetricData, "type"> {
  readonly buckets?: ReadonlyArray<number> | undefined
}

/** Whether the values of two metrics are of one kind: their types are the same, and the bounds of their buckets. */
export const haveOneKind = (left: Described, right: Described): boolean =>
  left.type === right.type && haveSameBuckets(left, right)

export const haveSameBuckets = (left: Omit<Described, "type">, right: Omit<Described, "type">): boolean =>
  left.buckets?.length === right.buckets?.length &&
  (left.buckets ?? []).every((bound, index) => bound === right.buckets?.[index])
