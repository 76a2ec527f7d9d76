/**
 * Changes and compares metrics of a snapshot, of every type. Pure.
 */
import type { MetricData, MetricSnapshot, SeriesSnapshot } from "../../MetricSnapshot.ts"

export const emptySnapshot: MetricSnapshot = { timeMillis: 0, metrics: [] }

/** Changes the series of a metric. */
export const mapSeries = (
  metric: MetricData,
  f: <Value>(series: ReadonlyArray<SeriesSnapshot<Value>>) => ReadonlyArray<SeriesSnapshot<Value>>
): MetricData => withSeries(metric, f<SeriesSnapshot["value"]>(metric.series))

/** Replaces the series of a metric. Their values must fit its type. */
export const withSeries = (metric: MetricData, series: ReadonlyArray<SeriesSnapshot>): MetricData =>
  ({ ...metric, series }) as MetricData

interface Described extends Pick<MetricData, "type"> {
  readonly buckets?: ReadonlyArray<number> | undefined
}

/** Whether two metrics have the same type and the same bounds of buckets. */
export const haveOneKind = (left: Described, right: Described): boolean =>
  left.type === right.type && haveSameBuckets(left, right)

export const haveSameBuckets = (left: Omit<Described, "type">, right: Omit<Described, "type">): boolean =>
  left.buckets?.length === right.buckets?.length &&
  (left.buckets ?? []).every((bound, index) => bound === right.buckets?.[index])
