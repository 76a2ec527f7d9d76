/**
 * The exemplars that a series keeps where several readings become one: the
 * newest of each bucket.
 *
 * @internal
 */
import type { Exemplar, MetricData, SeriesSnapshot } from "../../MetricSnapshot.ts"
import { indexOf } from "../aggregation/ExponentialHistogram.ts"

/** What distinguishes the places of exemplars within a series. */
const placeOf = (metric: MetricData, value: SeriesSnapshot["value"]): (exemplar: Exemplar) => number | string => {
  if (metric.type === "histogram") {
    return (exemplar) => {
      const bucket = metric.buckets.findIndex((bound) => exemplar.value <= bound)
      return bucket === -1 ? metric.buckets.length : bucket
    }
  }
  if (metric.type === "exponentialHistogram" && typeof value === "object" && "scale" in value) {
    return (exemplar) =>
      Math.abs(exemplar.value) <= value.zeroThreshold
        ? "zero"
        : `${Math.sign(exemplar.value)} ${indexOf(Math.min(Math.abs(exemplar.value), Number.MAX_VALUE), value.scale)}`
  }
  return () => 0
}

/** Whether `left` is to be kept rather than `right`; the ids decide between exemplars of one moment. */
const isNewer = (left: Exemplar, right: Exemplar): boolean =>
  left.timeMillis !== right.timeMillis
    ? left.timeMillis > right.timeMillis
    : left.traceId + left.spanId !== right.traceId + right.spanId
    ? left.traceId + left.spanId > right.traceId + right.spanId
    : left.value > right.value

/** The newest exemplar of each place of a series, by value. */
export const newest = (
  metric: MetricData,
  value: SeriesSnapshot["value"],
  exemplars: ReadonlyArray<Exemplar>
): ReadonlyArray<Exemplar> => {
  if (exemplars.length < 2) return exemplars
  const place = placeOf(metric, value)
  const kept = new Map<number | string, Exemplar>()
  for (const exemplar of exemplars) {
    const at = place(exemplar)
    const other = kept.get(at)
    if (other === undefined || isNewer(exemplar, other)) kept.set(at, exemplar)
  }
  return [...kept.values()].sort((left, right) => left.value - right.value || (isNewer(left, right) ? -1 : 1))
}
