/**
 * Tells from successive snapshots whether a threshold of a strategy is reached.
 */
import type * as TimeSlice from "../../internal/TimeSlice.ts"
import * as namePattern from "../../metrics/internal/model/namePattern.ts"
import * as SeriesList from "../../metrics/internal/model/SeriesList.ts"
import type { MetricData, MetricSnapshot, SeriesSnapshot } from "../../metrics/MetricSnapshot.ts"
import type { CompiledStrategy } from "./compiledStrategy.ts"

/** What a strategy needs to know of a snapshot. */
interface Reading {
  readonly samples: number
  readonly isBeyond: boolean
  /** Values of series by metric and attributes: the series that `change` names, or all of them for `bytes`. */
  readonly values: ReadonlyMap<string, number>
  /** Bytes of the series whose value is another one than at the last export. */
  readonly changedBytes: number
  /** Whether a series has changed by the percentage. */
  readonly isChanged: boolean
}

/** Metrics of exports about themselves. If they counted, an export would start the next one. */
const ownMetrics = /^tasker_export/

/** A line has so many bytes beside its name and labels. */
const bytesOfNumbers = 24

const seriesPerStep = 500

export class Thresholds {
  readonly #strategy: CompiledStrategy
  readonly #isCrossing: (name: string) => boolean
  readonly #isChanging: (name: string) => boolean
  #exported: Pick<Reading, "samples" | "values"> = { samples: 0, values: new Map() }
  #wasBeyond = false
  #last: Reading | undefined

  constructor(strategy: CompiledStrategy) {
    this.#strategy = strategy
    this.#isCrossing = matcherOf(strategy.crossing?.metric)
    this.#isChanging = matcherOf(strategy.change?.metric)
  }

  /** Looks at a snapshot. Gives the name of the threshold that is reached. */
  *check(snapshot: MetricSnapshot): TimeSlice.Work<string | undefined> {
    const reading = yield* this.#read(snapshot)
    const wasBeyond = this.#wasBeyond
    this.#wasBeyond = reading.isBeyond
    this.#last = reading
    // Counters that start again at 0 must not hold back the threshold.
    if (reading.samples < this.#exported.samples) this.#exported = { ...this.#exported, samples: reading.samples }
    const { bytes, samples } = this.#strategy
    if (samples !== undefined && reading.samples - this.#exported.samples >= samples) return "samples"
    if (reading.isBeyond && !wasBeyond) return "crossing"
    if (reading.isChanged) return "change"
    return bytes !== undefined && reading.changedBytes >= bytes ? "bytes" : undefined
  }

  /** A snapshot has been exported, and later ones are compared with it. */
  *exported(snapshot: MetricSnapshot): TimeSlice.Work<void> {
    const { samples, values } = yield* this.#read(snapshot)
    this.#exported = { samples, values }
  }

  /** Lets a crossing count again, because its export has failed. */
  failed(): void {
    if (this.#last?.isBeyond === true) this.#wasBeyond = false
  }

  *#read({ metrics }: MetricSnapshot): TimeSlice.Work<Reading> {
    const { bytes, change, crossing } = this.#strategy
    const values = new Map<string, number>()
    let [samples, changedBytes, isBeyond, isChanged] = [0, 0, false, false]
    for (const metric of metrics) {
      if (ownMetrics.test(metric.name)) continue
      const [isCrossing, isChanging] = [this.#isCrossing(metric.name), this.#isChanging(metric.name)]
      const counts = countsSamples(metric)
      const isKept = isChanging || bytes !== undefined
      if (!(counts || isCrossing || isKept)) continue
      const list = SeriesList.of(metric)
      for (let index = 0; index < list.length; index++) {
        if (index % seriesPerStep === seriesPerStep - 1) yield
        const series = list.peek(index)
        const value = numberOf(series.value)
        if (counts) samples += value
        if (isCrossing) isBeyond ||= value > (crossing?.above ?? Infinity) || value < (crossing?.below ?? -Infinity)
        if (!isKept) continue
        const key = metric.name + JSON.stringify(series.attributes)
        values.set(key, value)
        const before = this.#exported.values.get(key)
        if (value === before) continue
        changedBytes += (key.length + bytesOfNumbers) * linesOf(series.value)
        const least = Math.abs(before ?? 0) * (change?.percent ?? 0) / 100
        isChanged ||= isChanging && Math.abs(value - (before ?? 0)) >= least && value !== (before ?? 0)
      }
    }
    return { samples, isBeyond, values, changedBytes, isChanged }
  }
}

const matcherOf = (pattern: string | undefined): (name: string) => boolean => {
  if (pattern === undefined) return () => false
  return (name) => namePattern.matches(pattern, name)
}

/** An observed counter has no samples: the store asks for its value. */
const countsSamples = (metric: MetricData): boolean =>
  metric.type === "counter"
    ? metric.observed !== true
    : metric.type === "histogram" || metric.type === "exponentialHistogram"

const numberOf = (value: SeriesSnapshot["value"]): number => typeof value === "number" ? value : value.count

const linesOf = (value: SeriesSnapshot["value"]): number =>
  typeof value === "number"
    ? 1
    : "counts" in value
    ? value.counts.length + 2
    : "quantiles" in value
    ? value.quantiles.length + 2
    : value.positive.counts.length + value.negative.counts.length + 2
