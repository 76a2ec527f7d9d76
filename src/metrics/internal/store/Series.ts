/**
 * One series of a metric: where its numbers are, and since when.
 *
 * @internal
 */
import type * as Metric from "effect/Metric"
import type { TraceDecision } from "../../../internal/TraceDecision.ts"
import type { Exemplar } from "../../MetricSnapshot.ts"

/** An exemplar and the interval between two readings that it was kept in. */
export interface KeptExemplar {
  readonly exemplar: Exemplar
  readonly interval: number
  /** Whether its trace is kept; `undefined` for a span of another tracer. */
  readonly decision: TraceDecision | undefined
  /** The exemplar that it replaced, for a reading that began before. */
  readonly before: Omit<KeptExemplar, "before"> | undefined
}

export class Series {
  /** Place of its numbers in the storage of the metric. */
  readonly base: number
  /** Attribute values in the order of the keys; `undefined` for the overflow series. */
  readonly values: ReadonlyArray<string> | undefined
  readonly attributes: Readonly<Record<string, string>>
  /** For a series of worker threads, the earliest start among the threads. */
  startMillis: number
  /** How many worker threads have a part of it in their memory. */
  threads = 0
  /** False once it has expired: its numbers may belong to another series. */
  live = true
  /** When it was last known to have been recorded to. */
  recordedMillis: number
  /** By position: the bucket of a histogram, 0 for a counter. */
  exemplars: Array<KeptExemplar | undefined> | undefined = undefined
  /** Its place in Effect's registry; `undefined` where it has none. */
  registration: Metric.Registration | undefined = undefined

  constructor(
    base: number,
    values: ReadonlyArray<string> | undefined,
    attributes: Readonly<Record<string, string>>,
    startMillis: number
  ) {
    this.base = base
    this.values = values
    this.attributes = attributes
    this.startMillis = startMillis
    this.recordedMillis = startMillis
  }
}

/** By attribute values, the overflow series last. */
export const compare = (left: Series, right: Series): number => {
  const a = left.values
  const b = right.values
  if (a === undefined || b === undefined) return a === b ? 0 : a === undefined ? 1 : -1
  for (let position = 0; position < a.length; position++) {
    const x = a[position] as string
    const y = b[position] as string
    if (x !== y) return x < y ? -1 : 1
  }
  return 0
}
