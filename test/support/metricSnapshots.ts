/**
 * Snapshots written by hand.
 */
import type {
  Exemplar,
  ExponentialHistogramData,
  ExponentialHistogramValue,
  HistogramData,
  HistogramValue,
  MetricData,
  MetricSnapshot,
  NumberData,
  SeriesSnapshot,
  SummaryData,
  SummaryValue
} from "../../src/metrics/MetricSnapshot.ts"

export const snapshot = (...metrics: ReadonlyArray<MetricData>): MetricSnapshot => ({
  timeMillis: 1_700_000_000_000,
  metrics
})

type Attributes = Readonly<Record<string, string>>

export const series = <Value extends SeriesSnapshot["value"]>(
  attributes: Attributes,
  value: Value,
  part: { readonly startMillis?: number; readonly exemplars?: ReadonlyArray<Exemplar> } = {}
): SeriesSnapshot<Value> => ({ attributes, startMillis: 1_520_430_000_123, value, exemplars: [], ...part })

interface Part {
  readonly help?: string
  readonly unit?: string
  readonly attributes?: ReadonlyArray<string>
}

const metric = <Value extends SeriesSnapshot["value"]>(
  name: string,
  entries: ReadonlyArray<SeriesSnapshot<Value>>,
  { attributes, help = "Help.", unit }: Part
) => ({ name, help, unit, attributes: attributes ?? Object.keys(entries[0]?.attributes ?? {}), series: entries })

export const numbers = (
  type: NumberData["type"],
  name: string,
  entries: ReadonlyArray<SeriesSnapshot<number>>,
  part: Part = {}
): NumberData => ({ type, ...metric(name, entries, part) })

export const histogram = (
  name: string,
  buckets: ReadonlyArray<number>,
  entries: ReadonlyArray<SeriesSnapshot<HistogramValue>>,
  part: Part = {}
): HistogramData => ({ type: "histogram", buckets, ...metric(name, entries, part) })

export const exponentialHistogram = (
  name: string,
  entries: ReadonlyArray<SeriesSnapshot<ExponentialHistogramValue>>,
  part: Part = {}
): ExponentialHistogramData => ({ type: "exponentialHistogram", ...metric(name, entries, part) })

export const summary = (
  name: string,
  entries: ReadonlyArray<SeriesSnapshot<SummaryValue>>,
  part: Part = {}
): SummaryData => ({ type: "summary", ...metric(name, entries, part) })

/** An exponential histogram that has counted nothing but what the part says. */
export const exponential = (part: Partial<ExponentialHistogramValue>): ExponentialHistogramValue => ({
  scale: 0,
  zeroCount: 0,
  zeroThreshold: 0,
  positive: { offset: 0, counts: [] },
  negative: { offset: 0, counts: [] },
  count: 0,
  sum: 0,
  min: undefined,
  max: undefined,
  ...part
})

/** A histogram value with the count that its buckets have. */
export const counted = (counts: ReadonlyArray<number>, sum: number): HistogramValue => ({
  counts,
  count: counts.reduce((total, count) => total + count, 0),
  sum
})
