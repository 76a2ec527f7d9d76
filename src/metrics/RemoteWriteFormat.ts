/**
 * Metrics as requests of Prometheus remote write, before compression. Pure.
 *
 * **Details**
 *
 * Names and labels are those of a scrape. Exponential histograms are native histograms, so the receiver must have them
 * switched on. A summary and a histogram with explicit buckets are several series, as in a scrape. Counters and native
 * histograms have their exemplars.
 *
 * **Gotchas**
 *
 * A receiver is not told that a series has ended: its last value stays for 5 minutes.
 *
 * @see https://prometheus.io/docs/specs/prw/remote_write_spec/
 * @since 0.1.0
 */
import * as CumulativeBuckets from "./internal/exposition/CumulativeBuckets.ts"
import * as NativeHistogram from "./internal/exposition/NativeHistogram.ts"
import * as PrometheusFamilies from "./internal/exposition/PrometheusFamilies.ts"
import * as PrometheusSeries from "./internal/exposition/PrometheusSeries.ts"
import * as PrometheusText from "./internal/exposition/PrometheusText.ts"
import * as RemoteWriteMessage from "./internal/exposition/RemoteWriteMessage.ts"
import * as PrometheusLabels from "./internal/model/PrometheusLabels.ts"
import * as SeriesList from "./internal/model/SeriesList.ts"
import type { Exemplar, MetricData, MetricSnapshot, SeriesSnapshot } from "./MetricSnapshot.ts"

/**
 * Version of the protocol. 2.0 is experimental: its specification may still change.
 *
 * @category models
 * @since 0.1.0
 */
export type Version = "1.0" | "2.0"

/**
 * Headers of a request beside those of the connection. The body is compressed
 * with Snappy.
 *
 * @category constants
 * @since 0.1.0
 */
export const headers: Readonly<Record<Version, Readonly<Record<string, string>>>> = {
  "1.0": {
    "content-type": "application/x-protobuf",
    "content-encoding": "snappy",
    "x-prometheus-remote-write-version": "0.1.0"
  },
  "2.0": {
    "content-type": "application/x-protobuf;proto=io.prometheus.write.v2.Request",
    "content-encoding": "snappy",
    "x-prometheus-remote-write-version": "2.0.0"
  }
}

/**
 * Options of the format.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** `1.0` by default. */
  readonly version?: Version | undefined
  /** Labels of every series, such as `job` and `instance`; none by default. A series keeps its own label of a name. */
  readonly labels?: Readonly<Record<string, string>> | undefined
  /** The highest number of series in a request, at least 1; 2000 by default. All series of a histogram stay together. */
  readonly maximumSeries?: number | undefined
}

/**
 * Gives the bodies of all requests, each one made when it is asked for. An empty
 * snapshot has none. An empty body means that work was done that is no request
 * yet, so that a caller can let other fibers run.
 *
 * **Example** (One counter)
 *
 * ```ts
 * import * as RemoteWriteFormat from "tasker-telemetry/metrics/RemoteWriteFormat"
 *
 * const [body] = RemoteWriteFormat.requests({
 *   timeMillis: 1_000,
 *   metrics: [{
 *     type: "counter",
 *     name: "jobs_total",
 *     help: "Jobs done.",
 *     unit: undefined,
 *     attributes: ["kind"],
 *     series: [{ attributes: { kind: "mail" }, startMillis: 0, value: 3, exemplars: [] }]
 *   }]
 * }, { labels: { job: "shop" } })
 * ```
 *
 * @category encoding
 * @since 0.1.0
 */
export function* requests(
  snapshot: MetricSnapshot,
  { labels = {}, maximumSeries = 2000, version = "1.0" }: Options = {}
): Generator<Uint8Array<ArrayBuffer>, void> {
  const message = version === "1.0" ? RemoteWriteMessage.makeFirst() : RemoteWriteMessage.makeSecond()
  const time = Math.trunc(snapshot.timeMillis)
  let isLarge = false
  for (const family of PrometheusFamilies.resolve(snapshot.metrics).families) {
    const distinct = PrometheusSeries.distinct(family, () => {})
    let step = distinct.next()
    while (step.done !== true) {
      yield nothing
      step = distinct.next()
    }
    const isNative = step.value.every(({ type }) => type === "exponentialHistogram")
    for (const source of step.value) {
      const add = adder(message, family, source, isNative, labels, time)
      const list = SeriesList.of(source)
      for (let index = 0; index < list.length; index++) {
        add(list.at(index))
        isLarge = message.count >= maximumSeries
        if (isLarge) yield message.take()
        else if (index % seriesPerStep === seriesPerStep - 1) yield nothing
      }
    }
  }
  if (message.count > 0) yield message.take()
}

const nothing = new Uint8Array(0)

const seriesPerStep = 500

/** Adds everything that a series of a metric is in Prometheus. */
const adder = (
  message: RemoteWriteMessage.RemoteWriteMessage,
  family: PrometheusFamilies.PrometheusFamily,
  source: MetricData,
  isNative: boolean,
  common: Readonly<Record<string, string>>,
  time: number
): (series: SeriesSnapshot) => void => {
  const reserved = PrometheusSeries.reservedOf(family)
  const put = (
    { attributes }: SeriesSnapshot,
    suffix: string,
    point: RemoteWriteMessage.Point,
    own: Readonly<Record<string, string>> = {},
    exemplars: ReadonlyArray<Exemplar> = []
  ): void => {
    const labels = new Map(Object.entries(common))
    for (const [name, value] of PrometheusLabels.labelsOf(attributes, reserved)) labels.set(name, value)
    for (const [name, value] of Object.entries(own)) labels.set(name, value)
    labels.set("__name__", family.name + suffix)
    // An empty label is no label, and the protocol forbids it.
    const sorted = [...labels].filter(([, value]) => value !== "").sort(([left], [right]) => left < right ? -1 : 1)
    message.add(family, sorted, point, time, exemplars.filter(({ timeMillis }) => Number.isFinite(timeMillis)))
  }
  const putBuckets = (
    series: SeriesSnapshot<{ readonly sum: number; readonly count: number }>,
    bounds: ReadonlyArray<number>,
    cumulative: ReadonlyArray<number>
  ): void => {
    const count = Math.max(cumulative.at(-1) ?? 0, series.value.count)
    let highest = -Infinity
    bounds.forEach((bound, index) => {
      // Bounds that do not ascend, or are infinite, are skipped. Their observations are in the next bucket.
      if (!(bound > highest && bound < Infinity)) return
      highest = bound
      put(series as SeriesSnapshot, "_bucket", cumulative[index] ?? 0, { le: PrometheusText.shortest(bound) })
    })
    put(series as SeriesSnapshot, "_bucket", count, { le: "+Inf" })
    put(series as SeriesSnapshot, "_sum", series.value.sum)
    put(series as SeriesSnapshot, "_count", count)
  }
  return (series) => {
    const { exemplars, value } = series
    if (typeof value === "number") {
      const newest = source.type === "counter" ? exemplars.slice(-1) : []
      put(series, "", value, {}, newest)
    } else if ("quantiles" in value) {
      for (const [quantile, estimate] of value.quantiles) {
        put(series, "", estimate, { quantile: PrometheusText.shortest(quantile) })
      }
      put(series, "_sum", value.sum)
      put(series, "_count", value.count)
    } else if ("counts" in value) {
      let total = 0
      const cumulative = value.counts.map((count) => total += count)
      putBuckets({ ...series, value }, source.type === "histogram" ? source.buckets : [], cumulative.slice(0, -1))
    } else if (isNative) {
      put(series, "", { native: NativeHistogram.make(value), sum: value.sum }, {}, exemplars)
    } else {
      const { bounds, counts } = CumulativeBuckets.make(value)
      putBuckets({ ...series, value }, bounds, counts)
    }
  }
}
