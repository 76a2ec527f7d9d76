/**
 * Metrics that a program or library recorded with Effect's own `Metric`, as
 * families of a snapshot.
 *
 * **Details**
 *
 * Names and attribute keys become those of Prometheus. A name belongs to the
 * metric that had it first: what has the same name and another kind, or the name
 * of a metric of ours, is left out and said once.
 *
 * @see https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/
 * @internal
 */
import type * as Context from "effect/Context"
import type * as Metric from "effect/Metric"
import { orElse } from "../../internal/contain.ts"
import type * as Cooperation from "../../internal/Cooperation.ts"
import * as MetricMerge from "../MetricMerge.ts"
import type { FamilySnapshot, MetricType, SeriesSnapshot } from "../MetricSnapshot.ts"
import * as MetricView from "../MetricView.ts"
import * as PrometheusNames from "../PrometheusNames.ts"
import * as EffectRegistry from "./EffectRegistry.ts"

type Foreign = Metric.Metric.Snapshot

type Metadata = Metric.MetricRegistry extends ReadonlyMap<string, infer Value> ? Value : never

export interface Options {
  readonly context: Context.Context<never>
  readonly registry: Metric.MetricRegistry
  /** How many metrics of the registry are ours. */
  readonly countOurs: () => number
  /** Start of series whose own start nobody knows. */
  readonly startMillis: number
  /** Whether a family of ours has the name. */
  readonly isTaken: (name: string) => boolean
  readonly views: ReadonlyArray<MetricView.MetricView>
  readonly redact: (key: string, value: string) => string
  /** Told once for each name. */
  readonly onConflict: (sentence: string) => void
}

/** Metrics that are looked at in one piece of work; most of them are ours. */
const piece = 1024

export const reader = (options: Options): () => Cooperation.Work<ReadonlyArray<FamilySnapshot>> => {
  const reported = new Set<string>()
  const refuse = (name: string, sentence: string) => {
    if (!reported.has(name)) options.onConflict(sentence)
    reported.add(name)
  }
  const findOthers = finder(options)
  return function*() {
    const families = new Map<string, Mutable>()
    for (const [index, metadata] of (yield* findOthers()).entries()) {
      if (index % piece === piece - 1) yield
      const metric = orElse<Foreign | undefined>(
        () => ({ ...metadata, state: metadata.hooks.get(options.context) }),
        () => undefined
      )
      if (metric === undefined) continue
      const type = typeOf(metric)
      const view = MetricView.applyToRead(options.views, nameOf(metric.id, type))
      if (view === undefined) continue
      const { keeps, name } = view
      if (options.isTaken(name)) {
        refuse(name, `metric ${metric.id} of Effect's registry is left out: a declared metric is called ${name}`)
        continue
      }
      const buckets = metric.type === "Histogram" ? boundsOf(metric.state) : undefined
      const family = families.get(name) ??
        { type, name, help: metric.description ?? defaultHelp, buckets, series: [], joins: false }
      if (family.type !== type || !isSame(family.buckets, buckets)) {
        refuse(name, `metric ${metric.id} of Effect's registry is left out: ${name} is a ${family.type} already`)
        continue
      }
      families.set(name, family)
      family.joins ||= keeps !== undefined
      // What is no text and cannot be made one must not cost the others their reading.
      for (const series of orElse(() => seriesOf(metric, options, keeps), () => [])) family.series.push(series)
    }
    const all: Array<FamilySnapshot> = []
    for (const { buckets, joins, ...family } of families.values()) {
      const plain = { ...family, unit: undefined, attributes: [] }
      const snapshot = (buckets === undefined ? plain : { ...plain, buckets }) as FamilySnapshot
      all.push(joins ? yield* joined(snapshot) : snapshot)
    }
    return all
  }
}

/**
 * Finds the metrics of others. Most of a registry is ours, and a look at all of it takes as long as writing it: it is
 * taken only where there are more metrics than before, or fewer, or where one of others has gone.
 */
const finder = ({ countOurs, registry }: Options): () => Cooperation.Work<ReadonlyArray<Metadata>> => {
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

/** Adds up the series that have become one. */
function* joined(family: FamilySnapshot): Cooperation.Work<FamilySnapshot> {
  const parts = [{ ...family, series: [] } as FamilySnapshot, family]
  const { snapshot } = yield* MetricMerge.steps(parts.map((part) => ({ timeMillis: 0, families: [part] })))
  return snapshot.families[0] as FamilySnapshot
}

/** Prometheus asks for a help text; Effect does not. */
const defaultHelp = "Recorded with Effect's Metric."

interface Mutable {
  readonly type: MetricType
  readonly name: string
  readonly help: string
  readonly buckets: ReadonlyArray<number> | undefined
  readonly series: Array<SeriesSnapshot>
  /** Whether a view may have made one series of several. */
  joins: boolean
}

const typeOf = (metric: Foreign): MetricType => {
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

const nameOf = (id: string, type: MetricType): string => {
  const name = PrometheusNames.metricName(id)
  return type === "counter" && !name.endsWith("_total") ? `${name}_total` : name
}

type Keeps = ((key: string) => boolean) | undefined

const seriesOf = (metric: Foreign, { redact, startMillis }: Options, keeps: Keeps): ReadonlyArray<SeriesSnapshot> => {
  const series = (value: SeriesSnapshot["value"], more: Readonly<Record<string, string>> = {}): SeriesSnapshot => ({
    attributes: attributesOf({ ...metric.attributes, ...more }, redact, keeps),
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

/** Keys that become one name are one attribute: their values are joined in the order of the keys. */
const attributesOf = (
  given: Readonly<Record<string, unknown>>,
  redact: Options["redact"],
  keeps: Keeps
): Readonly<Record<string, string>> => {
  const byName = new Map<string, string>()
  for (const key of Object.keys(given).toSorted()) {
    const name = PrometheusNames.labelName(key)
    if (keeps?.(name) === false) continue
    const value = redact(key, String(given[key]).toWellFormed())
    const before = byName.get(name)
    byName.set(name, before === undefined ? value : `${before};${value}`)
  }
  return Object.fromEntries(byName)
}

const boundsOf = ({ buckets }: Metric.HistogramState) =>
  buckets.map(([bound]) => bound).filter((bound) => bound < Infinity)

const isSame = (left: ReadonlyArray<number> | undefined, right: ReadonlyArray<number> | undefined) =>
  left?.length === right?.length && (left ?? []).every((bound, index) => bound === right?.[index])
