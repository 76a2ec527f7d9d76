/**
 * Puts the metrics of several instances beside each other: each series says of which instance it is.
 *
 * **Details**
 *
 * The counts of ended instances are left out. Under a name of their own they would grow by what has been counted before,
 * and a receiver would count it again.
 */
import type * as TimeSlice from "../../internal/TimeSlice.ts"
import * as SnapshotParts from "../../metrics/internal/combine/SnapshotParts.ts"
import { mapSeries } from "../../metrics/internal/model/metricData.ts"
import * as MetricMerge from "../../metrics/MetricMerge.ts"
import type { MetricData, MetricSnapshot } from "../../metrics/MetricSnapshot.ts"

const label = "instance"

/** The name that Prometheus gives to a label that it needs itself. */
const renamedLabel = "exported_instance"

/** Series of a part, which is one piece of work. */
const seriesInPart = 500

interface Instance {
  readonly id: string
  readonly snapshot: MetricSnapshot
}

/** Gives the metrics of all instances. Of metrics of one name that differ in kind, the first one stays. */
export function* labelInstances(instances: ReadonlyArray<Instance>): TimeSlice.Work<MetricMerge.Merged> {
  const metrics = new Map<string, Array<MetricData>>()
  const conflicts: Array<MetricMerge.MergeConflict> = []
  let timeMillis = 0
  for (const [index, { id, snapshot }] of instances.entries()) {
    timeMillis = Math.max(timeMillis, snapshot.timeMillis)
    for (const part of yield* SnapshotParts.split(snapshot, seriesInPart)) {
      for (const metric of part.metrics) {
        const labelled = withInstance(metric, id)
        const [first] = metrics.get(metric.name) ?? []
        const difference = first === undefined ? undefined : MetricMerge.differenceOf(first, labelled)
        if (difference !== undefined) conflicts.push({ name: metric.name, difference, snapshot: index })
        else if (first === undefined) metrics.set(metric.name, [labelled])
        else metrics.get(metric.name)?.push(labelled)
      }
      yield
    }
  }
  const joined: Array<MetricData> = []
  for (const name of [...metrics.keys()].toSorted()) {
    joined.push(...SnapshotParts.join([{ timeMillis, metrics: metrics.get(name) ?? [] }]).metrics)
    yield
  }
  return { snapshot: { timeMillis, metrics: joined }, conflicts }
}

const renamed = (name: string): string => name === label ? renamedLabel : name

const withInstance = (metric: MetricData, id: string): MetricData => {
  const labelled = mapSeries(metric, (series) =>
    series.map((one) => {
      const attributes = label in one.attributes
        ? Object.fromEntries(Object.entries(one.attributes).map(([name, value]) => [renamed(name), value]))
        : one.attributes
      return { ...one, attributes: { ...attributes, [label]: id } }
    }))
  // Without keys, each series may have keys of its own.
  const hasKeys = metric.attributes.length > 0
  return hasKeys ? { ...labelled, attributes: [...metric.attributes.map(renamed), label] } : labelled
}
