/**
 * Metrics that a program or library recorded with Effect's own `Metric`, as
 * metrics of a snapshot.
 *
 * **Details**
 *
 * Names and attribute keys become those of Prometheus. A name belongs to the
 * metric that had it first: what has the same name and another kind, or the name
 * of a metric of ours, is left out and said once. Series that have become the
 * same are added up.
 *
 * @see https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/
 * @internal
 */
import type * as Context from "effect/Context"
import type * as Metric from "effect/Metric"
import { orElse } from "../../../internal/contain.ts"
import type * as Cooperation from "../../../internal/Cooperation.ts"
import * as SlicedSort from "../../../internal/SlicedSort.ts"
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
  /** Start of series whose own start nobody knows. */
  readonly startMillis: number
  readonly views: ReadonlyArray<MetricView>
  readonly redact: (key: string, value: string) => string
  /** What leaves of the name of a metric or an attribute, and of a help text. */
  readonly redactName: (name: string) => string
  /** Told once for each name. */
  readonly onConflict: (sentence: string) => void
}

/** Metrics that are read in one piece of work. */
const piece = 1024

/** Prometheus asks for a help text; Effect does not. */
const defaultHelp = "Recorded with Effect's Metric."

/** Reads all of them; `isTaken` says whether a family of ours has a name. */
export const reader = (
  options: Options
): (isTaken: (name: string) => boolean) => Cooperation.Work<ReadonlyArray<MetricData>> => {
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
      const family = metrics.get(name) ??
        { type, name, help: options.redactName(metric.description ?? defaultHelp), buckets, series: [] }
      if (!haveOneKind(family, { type, buckets })) {
        report(name, `metric ${id} of Effect's registry is left out: ${name} is a ${family.type} already`)
        continue
      }
      metrics.set(name, family)
      // What is no text and cannot be made one must not cost the others their reading.
      const series = orElse(() => seriesOf(metric, { ...options, keeps: view.keeps }), () => [])
      for (const one of series) family.series.push({ key: keyOf(one.attributes), series: one })
    }
    const all: Array<MetricData> = []
    for (const family of metrics.values()) all.push(yield* snapshotOf(family))
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

function* snapshotOf({ buckets, series, ...family }: Found): Cooperation.Work<MetricData> {
  const sorted = yield* SlicedSort.sort(series, compare)
  const snapshot = {
    ...family,
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
function* joined(family: MetricData): Cooperation.Work<MetricData> {
  const parts = [{ ...family, series: [] } as MetricData, family]
  const { snapshot } = yield* MetricMerge.steps(parts.map((part) => ({ timeMillis: 0, metrics: [part] })))
  return snapshot.metrics[0] as MetricData
}

// --- The metrics of others in the registry ---

type Metadata = Metric.MetricRegistry extends ReadonlyMap<string, infer Value> ? Value : never

/**
 * Finds the metrics of others. Most of a registry is ours, and a look at all of it takes as long as writing it: it is
 * taken only where there are more metrics than before, or fewer, or where one of others has gone.
 */
const finder = (
  { countOurs, registry }: Pick<Options, "countOurs" | "registry">
): () => Cooperation.Work<ReadonlyArray<Metadata>> => {
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
    // All at once, as a reading may be interrupted or have company.
    found = others
    all = before[0]
    ours = before[1]
    return others.map(([, metadata]) => metadata)
  }
}

/**
 * Adds those of others among the next metrics; says whether there may be more. Apart from the generator, whose loops
 * make an object for each step.
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
