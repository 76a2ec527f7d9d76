/**
 * Reads the metrics that a program or library recorded with Effect's own `Metric`.
 *
 * **Details**
 *
 * Names and attribute keys are changed to names that Prometheus takes. A metric is
 * left out and reported once if its name belongs to a declared metric, or to a
 * metric of another kind that was there first. Series that have the same
 * attributes then are added up.
 *
 * @see https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/
 * @internal
 */
import type * as Context from "effect/Context"
import type * as Metric from "effect/Metric"
import { orElse } from "../../../internal/guard.ts"
import type * as TimeSlice from "../../../internal/TimeSlice.ts"
import * as TimeSlicedSort from "../../../internal/timeSlicedSort.ts"
import * as MetricMerge from "../../MetricMerge.ts"
import type { MetricData, MetricType, SeriesSnapshot } from "../../MetricSnapshot.ts"
import type { MetricView } from "../../MetricView.ts"
import { haveOneKind } from "../model/metricData.ts"
import { isOverflow, keyer } from "../model/SeriesKey.ts"
import { boundsOf, type EffectMetric, nameOf, seriesOf, typeOf } from "./EffectMetricSeries.ts"
import * as EffectRegistry from "./EffectRegistry.ts"
import * as views from "./views.ts"

export interface Options {
  readonly registry: Metric.MetricRegistry
  /** How many metrics of the registry are ours. */
  readonly countOurs: () => number
  readonly context: Context.Context<never>
  /** The start of the series: Effect does not know their own start. */
  readonly startMillis: number
  readonly views: ReadonlyArray<MetricView>
  readonly redact: (key: string, value: string) => string
  /** Makes the name of a metric or an attribute, or a help text, fit to be shown. */
  readonly redactName: (name: string) => string
  /** Called once for each name. */
  readonly onConflict: (sentence: string) => void
}

/** Metrics that are read in one piece of work. */
const piece = 1024

/** Prometheus asks for a help text; Effect does not. */
const defaultHelp = "Recorded with Effect's Metric."

/** Reads all of them; `isTaken` says whether a metric of the store has a name. */
export const reader = (
  options: Options
): (isTaken: (name: string) => boolean) => TimeSlice.Work<ReadonlyArray<MetricData>> => {
  const report = views.reporter(options.onConflict)
  const findOthers = finder(options)

  return function*(isTaken) {
    const metrics = new Map<string, Found>()
    for (const [index, metadata] of (yield* findOthers()).entries()) {
      if (index % piece === piece - 1) yield
      const metric = orElse<EffectMetric | undefined>(
        () => ({ ...metadata, state: metadata.hooks.get(options.context) }),
        () => undefined
      )
      if (metric === undefined) continue
      const type = typeOf(metric)
      const id = options.redactName(metric.id)
      const recorded = nameOf(id, type)
      const view = views.ofRead(options.views, recorded)
      if (view === undefined) continue
      const name = views.renamed({ name: recorded, type, unit: undefined }, view.rename, isTaken, report)
      if (isTaken(name)) {
        report(name, `metric ${id} of Effect's registry is left out: a declared metric is called ${name}`)
        continue
      }
      const buckets = metric.type === "Histogram" ? boundsOf(metric.state) : undefined
      const found = metrics.get(name) ??
        { type, name, help: options.redactName(metric.description ?? defaultHelp), buckets, series: [] }
      if (!haveOneKind(found, { type, buckets })) {
        report(name, `metric ${id} of Effect's registry is left out: ${name} is a ${found.type} already`)
        continue
      }
      metrics.set(name, found)
      // An attribute value that cannot become text must not fail the reading of the other metrics.
      const series = orElse(() => seriesOf(metric, { ...options, keeps: view.keeps }), () => [])
      for (const one of series) found.series.push({ key: keyOf(one.attributes), series: one })
    }
    const all: Array<MetricData> = []
    for (const found of metrics.values()) all.push(yield* snapshotOf(found))
    return all
  }
}

interface Found {
  readonly type: MetricType
  readonly name: string
  readonly help: string
  readonly buckets: ReadonlyArray<number> | undefined
  readonly series: Array<Keyed>
}

/** A series and the text of its attributes. */
interface Keyed {
  readonly key: string
  readonly series: SeriesSnapshot
}

/** The keys of the attributes differ from series to series. */
const keyOf = keyer([])

function* snapshotOf({ buckets, series, ...found }: Found): TimeSlice.Work<MetricData> {
  const sorted = yield* TimeSlicedSort.sort(series, compare)
  const snapshot = {
    ...found,
    unit: undefined,
    attributes: [],
    ...(buckets === undefined ? {} : { buckets }),
    series: sorted.map((keyed) => keyed.series)
  } as MetricData
  return sorted.some(({ key }, index) => key === sorted[index - 1]?.key) ? yield* joined(snapshot) : snapshot
}

const compare = (left: Keyed, right: Keyed): number => {
  const last = isOverflow(left.series.attributes)
  if (last !== isOverflow(right.series.attributes)) return last ? 1 : -1
  return left.key === right.key ? 0 : left.key < right.key ? -1 : 1
}

/** Adds up the series that have become one. */
function* joined(found: MetricData): TimeSlice.Work<MetricData> {
  const parts = [{ ...found, series: [] } as MetricData, found]
  const { snapshot } = yield* MetricMerge.steps(parts.map((part) => ({ timeMillis: 0, metrics: [part] })))
  return snapshot.metrics[0] as MetricData
}

// --- The metrics of others in the registry ---

type Metadata = Metric.MetricRegistry extends ReadonlyMap<string, infer Value> ? Value : never

/**
 * Finds the metrics of others. Most of a registry is ours, and to look at all of it takes as long as a scrape. So the
 * finder looks again only if the number of metrics has changed, or if a metric of others has gone.
 */
const finder = (
  { countOurs, registry }: Pick<Options, "countOurs" | "registry">
): () => TimeSlice.Work<ReadonlyArray<Metadata>> => {
  let all = -1
  let ours = -1
  let found: ReadonlyArray<readonly [key: string, metadata: Metadata]> = []
  return function*() {
    const isCurrent = registry.size === all && countOurs() === ours &&
      found.every(([key, metadata]) => registry.get(key) === metadata)
    if (isCurrent) return found.map(([, metadata]) => metadata)
    const before = [registry.size, countOurs()] as const
    const others: Array<readonly [key: string, metadata: Metadata]> = []
    const metrics = registry.entries()
    while (moveOthers(metrics, others)) yield
    // Set together, because another reading may run at the same time.
    found = others
    all = before[0]
    ours = before[1]
    return others.map(([, metadata]) => metadata)
  }
}

/**
 * Adds the metrics of others among the next ones; gives `true` if there may be more. A function of its own: a loop in a
 * generator makes an object for each step.
 */
const moveOthers = (
  metrics: Iterator<readonly [key: string, metadata: Metadata]>,
  others: Array<readonly [key: string, metadata: Metadata]>
): boolean => {
  for (let seen = 0; seen < piece; seen++) {
    const { done, value } = metrics.next()
    if (done === true) return false
    if (!EffectRegistry.isOurs(value[1])) others.push(value)
  }
  return true
}
