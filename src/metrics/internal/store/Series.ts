/**
 * One series of a metric: the position of its numbers, and its start.
 */
import type { TraceDecision } from "../../../internal/TraceDecision.ts"
import type { Exemplar } from "../../MetricSnapshot.ts"

/** An exemplar, and the interval between two readings in which it was recorded. */
export interface KeptExemplar {
  readonly exemplar: Exemplar
  readonly interval: number
  /** Whether its trace is kept; `undefined` for a span of another tracer. */
  readonly decision: TraceDecision | undefined
  /** The exemplar before, for a reading that has begun already. */
  readonly before: Omit<KeptExemplar, "before"> | undefined
}

/** An entry of Effect's registry. */
interface Registration {
  readonly remove: () => void
}

export class Series {
  /** Position of its numbers in the storage of the metric. */
  readonly base: number
  /** Attribute values in the order of the keys; `undefined` for the overflow series. */
  readonly values: ReadonlyArray<string> | undefined
  readonly attributes: Readonly<Record<string, string>>
  /** For a series of worker threads, the earliest start among the threads. */
  startMillis: number
  /** Number of worker threads that have a part of the series in their memory. */
  threads = 0
  /** `false` after the series has expired. Then its numbers may belong to another series. */
  live = true
  /** The last time at which a recording was noticed. */
  recordedMillis: number
  /** Exemplars by position: the bucket of a histogram, 0 for a counter. */
  exemplars: Array<KeptExemplar | undefined> | undefined = undefined
  /** The next series with its place in the index. */
  sibling: Series | undefined = undefined
  /** Its registration in Effect's registry; `undefined` if it has none. */
  registration: Registration | undefined = undefined

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

/** The order of series: by attribute values, the overflow series last. */
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
