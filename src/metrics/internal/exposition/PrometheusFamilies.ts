/**
 * Gives each family of an exposition a unique name. Pure.
 *
 * **Details**
 *
 * The rules are from OpenTelemetry's document on compatibility with Prometheus, for every format that Prometheus
 * scrapes.
 *
 * @see https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/
 * @since 0.1.0
 */
import type { MetricData, MetricType } from "../../MetricSnapshot.ts"
import { metricName, unitName } from "../model/PrometheusName.ts"

/**
 * The type of a family in OpenMetrics.
 */
export type OpenMetricsType = "counter" | "gauge" | "histogram" | "info" | "summary" | "unknown"

/** A family with the names of its exposition. */
export interface PrometheusFamily {
  /** Name in the text format 0.0.4 and in protobuf. It ends in `_total` for a counter and in `_info` for an info. */
  readonly name: string
  /** Type in the text format 0.0.4. */
  readonly type: "counter" | "gauge" | "histogram" | "summary"
  readonly help: string
  readonly unit: string | undefined
  /** Name and type in OpenMetrics, in which `_total` and `_info` are not part of the name. */
  readonly openMetrics: { readonly name: string; readonly type: OpenMetricsType }
  /**
   * The metrics of the snapshot with this name. There are several if their names differ only in replaced characters.
   */
  readonly sources: ReadonlyArray<MetricData>
}

/** A part that an exposition leaves out. */
export interface Dropped {
  /** The name of the metric, as it was recorded. */
  readonly name: string
  readonly part: "family" | "help" | "series"
  readonly reason: string
}

/**
 * Gives all families with the names of their exposition, in their order.
 *
 * **Details**
 *
 * The name of a counter gets `_total`, the name of an info `_info`, and before
 * that the unit, if the name does not have them yet.
 *
 * Families with the same name and type become one family, with the help text of
 * the first one. If the types differ, the first family stays and later ones are
 * dropped. So are families whose name is a sample of another family, such as
 * `x_count` beside a histogram `x`: Prometheus would confuse them.
 *
 * OpenMetrics compares names without `_total` and `_info`, and with `_created`.
 * If a counter `x_total` and a gauge `x` exist, the counter is written as type
 * `unknown` with its full name. An info is written as `gauge`. The samples are
 * the same, and nothing is lost.
 */
export const resolve = (
  snapshots: ReadonlyArray<MetricData>
): { readonly families: ReadonlyArray<PrometheusFamily>; readonly dropped: ReadonlyArray<Dropped> } => {
  const found = new Map<string, Named & { readonly sources: Array<MetricData> }>()
  const samples = new Map<string, Named>()
  const dropped: Array<Dropped> = []
  for (const source of snapshots) {
    const named = nameOf(source)
    const known = found.get(named.name)
    if (known !== undefined && known.type === named.type && (known.recorded === "info") === (source.type === "info")) {
      if (source.help !== known.help) {
        dropped.push({ name: source.name, part: "help", reason: `"${known.sources[0]?.name}" has another help text` })
      }
      known.sources.push(source)
      continue
    }
    const claims = sampleSuffixes[named.type].map((suffix) => named.name + suffix)
    const taken = claims.find((claim) => samples.has(claim))
    if (taken !== undefined) {
      const other = samples.get(taken) as Named
      dropped.push({
        name: source.name,
        part: "family",
        reason: `${taken} is taken by the ${other.type} ${other.name}`
      })
      continue
    }
    const family = { ...named, sources: [source] }
    for (const claim of claims) samples.set(claim, family)
    found.set(named.name, family)
  }
  const claimed = new Set<string>()
  const families = Array.from(found.values(), (family): PrometheusFamily => {
    const { help, name, sources, type, unit } = family
    const [usual, plain] = openMetricsNames(family)
    const isFree = (claim: string) => !claimed.has(claim) && (samples.get(claim) ?? family) === family
    const openMetrics = claimsOf(usual).every(isFree) ? usual : plain
    for (const claim of claimsOf(openMetrics)) claimed.add(claim)
    return { name, type, help, unit, openMetrics, sources }
  })
  return { families, dropped }
}

/** Suffixes of the names of samples, after the name of the family. */
const sampleSuffixes = {
  counter: [""],
  gauge: [""],
  histogram: ["", "_bucket", "_sum", "_count", "_created"],
  summary: ["", "_sum", "_count", "_created"]
} as const

const openMetricsSuffixes = {
  ...sampleSuffixes,
  counter: ["", "_total", "_created"],
  info: ["", "_info"],
  unknown: [""]
} as const

type Named = Omit<PrometheusFamily, "openMetrics" | "sources"> & {
  readonly base: string
  readonly recorded: MetricType
}

const types = {
  counter: "counter",
  upDownCounter: "gauge",
  gauge: "gauge",
  info: "gauge",
  histogram: "histogram",
  exponentialHistogram: "histogram",
  summary: "summary"
} as const

const typeSuffixes: { readonly [Type in MetricType]?: string } = { counter: "_total", info: "_info" }

const nameOf = ({ help, name, type, unit: recordedUnit }: MetricData): Named => {
  const suffix = typeSuffixes[type] ?? ""
  const whole = metricName(name)
  const bare = suffix !== "" && whole.length > suffix.length && whole.endsWith(suffix)
    ? whole.slice(0, -suffix.length)
    : whole
  const unit = type === "info" || recordedUnit === undefined || (recordedUnit === "1" && type !== "gauge")
    ? undefined
    : unitName(recordedUnit)
  const measured = unit === undefined || bare === unit || bare.endsWith(`_${unit}`)
    ? bare
    : metricName(`${bare}_${unit}`)
  const base = suffix === "" ? measured : measured.replace(/(.)_$/, "$1")
  return { name: `${base}${suffix}`, base, type: types[type], recorded: type, help, unit }
}

/**
 * The usual name and type of a family in OpenMetrics, and the ones for a conflict: the full name, which no other family
 * uses.
 */
const openMetricsNames = (
  { base, name, recorded, type }: Named
): readonly [usual: PrometheusFamily["openMetrics"], plain: PrometheusFamily["openMetrics"]] => [
  { name: base, type: recorded === "info" ? "info" : type },
  { name, type: recorded === "info" ? "gauge" : "unknown" }
]

const claimsOf = ({ name, type }: PrometheusFamily["openMetrics"]): ReadonlyArray<string> =>
  openMetricsSuffixes[type].map((suffix) => name + suffix)
