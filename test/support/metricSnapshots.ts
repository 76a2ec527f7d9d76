/**
 * Snapshots written by hand.
 */
import type {
  Exemplar,
  ExponentialHistogramFamily,
  ExponentialHistogramValue,
  FamilySnapshot,
  HistogramFamily,
  HistogramValue,
  MetricSnapshot,
  NumberFamily,
  SeriesSnapshot,
  SummaryFamily,
  SummaryValue
} from "../../src/metrics/MetricSnapshot.ts"

export const snapshot = (...families: ReadonlyArray<FamilySnapshot>): MetricSnapshot => ({
  timeMillis: 1_700_000_000_000,
  families
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

const family = <Value extends SeriesSnapshot["value"]>(
  name: string,
  entries: ReadonlyArray<SeriesSnapshot<Value>>,
  { attributes, help = "Help.", unit }: Part
) => ({ name, help, unit, attributes: attributes ?? Object.keys(entries[0]?.attributes ?? {}), series: entries })

export const numbers = (
  type: NumberFamily["type"],
  name: string,
  entries: ReadonlyArray<SeriesSnapshot<number>>,
  part: Part = {}
): NumberFamily => ({ type, ...family(name, entries, part) })

export const histogram = (
  name: string,
  buckets: ReadonlyArray<number>,
  entries: ReadonlyArray<SeriesSnapshot<HistogramValue>>,
  part: Part = {}
): HistogramFamily => ({ type: "histogram", buckets, ...family(name, entries, part) })

export const exponentialHistogram = (
  name: string,
  entries: ReadonlyArray<SeriesSnapshot<ExponentialHistogramValue>>,
  part: Part = {}
): ExponentialHistogramFamily => ({ type: "exponentialHistogram", ...family(name, entries, part) })

export const summary = (
  name: string,
  entries: ReadonlyArray<SeriesSnapshot<SummaryValue>>,
  part: Part = {}
): SummaryFamily => ({ type: "summary", ...family(name, entries, part) })

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
