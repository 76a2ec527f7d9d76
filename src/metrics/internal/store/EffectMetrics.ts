/**
 * Reads metrics of Effect's own `Metric`, which a program or library has recorded.
 *
 * **Details**
 *
 * Names and attribute keys are changed to valid Prometheus names. If a name belongs to a declared metric, or to an
 * earlier metric of another kind, the metric is left out and reported once. Series that become equal are added up.
 *
 * @see https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/
 */
import type * as Context from "effect/Context"
import type * as Metric from "effect/Metric"
import type { MetricView } from "../../../config/internal/metricView.ts"
import { orElse } from "../../../internal/guard.ts"
import type * as TimeSlice from "../../../internal/TimeSlice.ts"
import * as TimeSlicedSort from "../../../internal/timeSlicedSort.ts"
import * as MetricMerge from "../../MetricMerge.ts"
import type { MetricData, MetricType, SeriesSnapshot } from "../../MetricSnapshot.ts"
import { haveOneKind } from "../model/metricData.ts"
import * as PrometheusName from "../model/PrometheusName.ts"
import { isOverflow, keyer } from "../model/SeriesKey.ts"
import * as EffectRegistry from "./EffectRegistry.ts"
import * as views from "./views.ts"

export interface Options {
  readonly registry: Metric.MetricRegistry
  /** Gives the number of our metrics in the registry. */
  readonly countOurs: () => number
  readonly context: Context.Context<never>
  /** The start of the series: Effect does not know their own start. */
  readonly startMillis: number
  readonly views: ReadonlyArray<MetricView>
  readonly redact: (key: string, value: string) => string
  /** Redacts the name of a metric or an attribute, or a help text. */
  readonly redactName: (name: string) => string
  /** Called once for each name. */
  readonly onConflict: (sentence: string) => void
}

/** Metrics that are read in one piece of work. */
const piece = 1024

/** Prometheus needs a help text; Effect does not. */
const defaultHelp = "Recorded with Effect's Metric."

/** Reads all metrics of Effect's registry. `isTaken` tells whether a metric of the store has this name already. */
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
      const view = views.changesTo(options.views, recorded)
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
      // An attribute value that cannot become text must not stop the reading of other metrics.
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

/** The keys of the attributes may differ between series. */
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

/** Adds up series that have become equal. */
function* joined(found: MetricData): TimeSlice.Work<MetricData> {
  const parts = [{ ...found, series: [] } as MetricData, found]
  const { snapshot } = yield* MetricMerge.steps(parts.map((part) => ({ timeMillis: 0, metrics: [part] })))
  return snapshot.metrics[0] as MetricData
}

// --- Foreign metrics in the registry ---

type Metadata = Metric.MetricRegistry extends ReadonlyMap<string, infer Value> ? Value : never

/**
 * Finds foreign metrics. Most of a registry is ours, and to search all of it takes as long as a scrape. So it searches
 * again only if the number of metrics has changed, or if a foreign metric has gone.
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
 * Collects foreign metrics of the next piece; gives `true` if there may be more. It is a function of its own, because a
 * loop in a generator makes an object for each step.
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

// --- One metric ---

type EffectMetric = Metric.Metric.Snapshot

const typeOf = (metric: EffectMetric): MetricType => {
  switch (metric.type) {
    case "Counter":
      return metric.state.incremental ? "counter" : "upDownCounter"
    case "Frequency":
      return "counter"
    case "Gauge":
      return "gauge"
    case "Histogram":
      return "histogram"
    case "Summary":
      return "summary"
  }
}

/** The Prometheus name, which for a counter ends in `_total`. */
const nameOf = (id: string, type: MetricType): string => {
  const name = PrometheusName.metricName(id)
  return type === "counter" && !name.endsWith("_total") ? `${name}_total` : name
}

type SeriesOptions = Pick<Options, "startMillis" | "redact" | "redactName"> & {
  /** Tells whether an attribute is kept, by its Prometheus name; `undefined` if all are kept. */
  readonly keeps: ((key: string) => boolean) | undefined
}

/** Gives the series of a metric. It throws if an attribute value cannot become text. */
const seriesOf = (metric: EffectMetric, options: SeriesOptions): ReadonlyArray<SeriesSnapshot> => {
  const { startMillis } = options
  const series = (value: SeriesSnapshot["value"], more: Readonly<Record<string, string>> = {}): SeriesSnapshot => ({
    attributes: attributesOf({ ...metric.attributes, ...more }, options),
    startMillis,
    value,
    exemplars: []
  })
  switch (metric.type) {
    case "Counter":
      return [series(Number(metric.state.count))]
    case "Gauge":
      return [series(Number(metric.state.value))]
    case "Frequency":
      return Array.from(metric.state.occurrences, ([key, count]) => series(count, { key }))
    case "Summary": {
      const { count, quantiles, sum } = metric.state
      return [series({ count, sum, quantiles: quantiles.map(([quantile, value]) => [quantile, value ?? Number.NaN]) })]
    }
    case "Histogram": {
      const { buckets, count, sum } = metric.state
      let below = 0
      const counts = buckets.filter(([bound]) => bound < Infinity).map(([, cumulative]) => {
        const inBucket = cumulative - below
        below = cumulative
        return inBucket
      })
      return [series({ counts: [...counts, count - below], count, sum })]
    }
  }
}

/** If several keys become the same name, their values are joined, in the order of the keys. */
const attributesOf = (
  given: Readonly<Record<string, unknown>>,
  { keeps, redact, redactName }: SeriesOptions
): Readonly<Record<string, string>> => {
  const byName = new Map<string, string>()
  for (const key of Object.keys(given).toSorted()) {
    const label = PrometheusName.labelName(redactName(key))
    const name = reserved.has(label) ? `exported_${label}` : label
    if (keeps?.(name) === false) continue
    const value = redact(key, String(given[key]).toWellFormed())
    const before = byName.get(name)
    byName.set(name, before === undefined ? value : `${before};${value}`)
  }
  return Object.fromEntries(byName)
}

/** Labels that the format adds to samples of histograms and summaries. */
const reserved = new Set(["le", "quantile"])

const boundsOf = ({ buckets }: Metric.HistogramState) =>
  buckets.map(([bound]) => bound).filter((bound) => bound < Infinity)
