/**
 * The exemplars that a series keeps where several readings become one: the
 * newest of each bucket.
 *
 * @internal
 */
import type { Exemplar } from "../../MetricSnapshot.ts"

/** Whether `left` is to be kept rather than `right`; the ids decide between exemplars of one moment. */
const isNewer = (left: Exemplar, right: Exemplar): boolean =>
  left.timeMillis !== right.timeMillis
    ? left.timeMillis > right.timeMillis
    : left.traceId + left.spanId !== right.traceId + right.spanId
    ? left.traceId + left.spanId > right.traceId + right.spanId
    : left.value > right.value

/** The newest exemplar of each position of a series, by value. */
export const newest = (
  exemplars: ReadonlyArray<Exemplar>,
  positionOf: (exemplar: Exemplar) => number | string
): ReadonlyArray<Exemplar> => {
  if (exemplars.length < 2) return exemplars
  const kept = new Map<number | string, Exemplar>()
  for (const exemplar of exemplars) {
    const position = positionOf(exemplar)
    const other = kept.get(position)
    if (other === undefined || isNewer(exemplar, other)) kept.set(position, exemplar)
  }
  return [...kept.values()].sort((left, right) => left.value - right.value || (isNewer(left, right) ? -1 : 1))
}
