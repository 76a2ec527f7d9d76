/**
 * The values of all metrics at one instant.
 *
 * @since 0.1.0
 */
import type { SelfCounter } from "../internal/SelfStatistics.ts"
import type { Checked, MetricType } from "./MetricDeclaration.ts"
import { histogramStride, type Slots } from "./MetricFamily.ts"
import type { SeriesIndex } from "./SeriesIndex.ts"

/**
 * The value of a histogram series.
 *
 * @category models
 * @since 0.1.0
 */
export interface HistogramValue {
  /** Observations per bucket, not cumulated; the last one is above the highest bound. */
  readonly counts: ReadonlyArray<number>
  readonly count: number
  readonly sum: number
}

/**
 * One series of a family.
 *
 * @category models
 * @since 0.1.0
 */
export interface SeriesSnapshot {
  /** Values by key, in the order of the family's keys; `{ otel_metric_overflow: "true" }` for the overflow series. */
  readonly attributes: Readonly<Record<string, string>>
  /** A number, or the distribution of a histogram. */
  readonly value: number | HistogramValue
}

/**
 * A metric with its series, sorted by their attribute values.
 *
 * @category models
 * @since 0.1.0
 */
export interface FamilySnapshot {
  readonly name: string
  readonly help: string
  readonly type: MetricType
  readonly attributes: ReadonlyArray<string>
  /** Upper bounds of a histogram's buckets. */
  readonly buckets: ReadonlyArray<number> | undefined
  readonly series: ReadonlyArray<SeriesSnapshot>
}

/**
 * The value of a series, `undefined` where the snapshot has no such series.
 *
 * **Example** (Reading a counter)
 *
 * ```ts
 * import * as Effect from "effect/Effect"
 * import { MetricStore } from "tasker-telemetry/metrics/MetricStore"
 * import * as MetricSnapshot from "tasker-telemetry/metrics/MetricSnapshot"
 *
 * const completed = Effect.gen(function*() {
 *   const store = yield* MetricStore
 *   const snapshot = yield* store.snapshot
 *   return MetricSnapshot.valueOf(snapshot, "tasker_tasks_total", { task: "greet", status: "complete" })
 * })
 * ```
 *
 * @param attributes the value of every key of the family
 * @category computations
 * @since 0.1.0
 */
export const valueOf = (
  snapshot: ReadonlyArray<FamilySnapshot>,
  name: string,
  attributes: Readonly<Record<string, string>>
): number | HistogramValue | undefined => {
  const wanted = Object.entries(attributes)
  return snapshot.find((family) => family.name === name)?.series.find((series) =>
    Object.keys(series.attributes).length === wanted.length &&
    wanted.every(([key, value]) => series.attributes[key] === value)
  )?.value
}

const overflowAttributes = { otel_metric_overflow: "true" }

/** @internal */
export const readValue = (declaration: Checked, slots: Slots, slot: number): number | HistogramValue => {
  if (declaration.buckets === undefined) return slots.values[slot] as number
  const stride = histogramStride(declaration.buckets)
  const counts = Array.from(slots.values.subarray(slot * stride, slot * stride + declaration.buckets.length + 1))
  return {
    counts,
    count: counts.reduce((sum, count) => sum + count, 0),
    sum: slots.values[slot * stride + declaration.buckets.length + 1] as number
  }
}

/** @internal */
export const readFamily = (declaration: Checked, index: SeriesIndex, slots: Slots): FamilySnapshot => ({
  name: declaration.name,
  help: declaration.help,
  type: declaration.type,
  attributes: declaration.attributes,
  buckets: declaration.buckets,
  series: index.series
    .map((values, slot) => ({ values, slot }))
    .sort((left, right) => compare(left.values, right.values))
    .map(({ slot, values }) => ({
      attributes: values === undefined
        ? overflowAttributes
        : Object.fromEntries(declaration.attributes.map((key, position) => [key, values[position] as string])),
      value: readValue(declaration, slots, slot)
    }))
})

/** The overflow series comes last. */
const compare = (left: ReadonlyArray<string> | undefined, right: ReadonlyArray<string> | undefined): number => {
  if (left === undefined || right === undefined) return left === right ? 0 : left === undefined ? 1 : -1
  for (let position = 0; position < left.length; position++) {
    const [a, b] = [left[position] as string, right[position] as string]
    if (a !== b) return a < b ? -1 : 1
  }
  return 0
}

/** @internal */
export const fromSelf = (counters: ReadonlyArray<SelfCounter>): ReadonlyArray<FamilySnapshot> =>
  counters.map((counter) => ({
    name: counter.name,
    help: counter.help,
    type: "counter",
    attributes: counter.attributes,
    buckets: undefined,
    series: counter.values.map(({ attributes, value }) => ({
      attributes: Object.fromEntries(counter.attributes.map((key, position) => [key, attributes[position] ?? ""])),
      value
    }))
  }))
