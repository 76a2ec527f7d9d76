/**
 * Chooses and keeps the exemplars of series.
 *
 * **Details**
 *
 * Each bucket of a histogram series and each counter series keeps one exemplar
 * for each collection interval: the first measurement within a fitting span.
 * Until the next snapshot, further recordings pay only a comparison.
 */
import * as Clock from "effect/Clock"
import * as Fiber from "effect/Fiber"
import type * as TimeSlice from "../../../internal/TimeSlice.ts"
import * as TraceDecision from "../../../internal/TraceDecision.ts"
import type { Exemplar } from "../../MetricSnapshot.ts"
import type { KeptExemplar, Series } from "./Series.ts"

export class ExemplarFilter {
  /** Whether only sampled spans count. The trace of other spans cannot be looked up. */
  readonly #onlySampled: boolean
  /** Counts snapshots. */
  #interval = 1
  #isEmpty = true

  constructor(onlySampled: boolean) {
    this.#onlySampled = onlySampled
  }

  /** Keeps a measurement if it is the first one of the interval at its position, within a fitting span. */
  offer(series: Series, position: number, value: number): void {
    const fiber = Fiber.getCurrent()
    if (fiber !== undefined) this.#offerIn(fiber, series, position, value)
  }

  /** A method of its own, so that {@link offer} stays small enough to be inlined. */
  #offerIn(fiber: Fiber.Fiber<unknown, unknown>, series: Series, position: number, value: number): void {
    const span = fiber.cache.span
    if (span === undefined || (this.#onlySampled && !span.sampled)) return
    const last = series.exemplars?.[position]
    // The trace of the first exemplar may have been dropped since.
    if (last !== undefined && last.interval === this.#interval && last.decision?.isKept !== false) return
    const timeMillis = fiber.getRef(Clock.Clock).currentTimeMillisUnsafe()
    const exemplar = { value, timeMillis, traceId: span.traceId, spanId: span.spanId }
    keep(series, position, { exemplar, interval: this.#interval, decision: TraceDecision.of(span) })
    this.#isEmpty = false
  }

  /** Begins a new interval, in which every position takes a new exemplar. */
  nextInterval(): void {
    this.#interval++
  }

  /** Begins a reading. The result finds the exemplars of this moment. */
  read(): ReadExemplars {
    const interval = this.#interval
    return this.#isEmpty ? noExemplars : (series) => collect(series, interval)
  }
}

/** Finds the exemplars of series; gives `undefined` if no series has one. */
export type ReadExemplars = (series: ReadonlyArray<Series>) => TimeSlice.Work<SeriesExemplars | undefined>

/** Exemplars by the position of a series, each list in the order of the buckets. */
export type SeriesExemplars = ReadonlyArray<ReadonlyArray<Exemplar> | undefined>

/** Series that are searched in one piece of work. */
const piece = 1024

/** The reading of a store without exemplars. */
// oxlint-disable-next-line eslint/require-yield
export function* noExemplars(): TimeSlice.Work<undefined> {
  return undefined
}

function* collect(series: ReadonlyArray<Series>, interval: number): TimeSlice.Work<SeriesExemplars | undefined> {
  let found: Array<ReadonlyArray<Exemplar> | undefined> | undefined
  for (let index = 0; index < series.length; index++) {
    const { exemplars } = series[index] as Series
    if (exemplars !== undefined) {
      found ??= Array.from({ length: series.length })
      found[index] = keptUntil(exemplars, interval)
    }
    if (index % piece === piece - 1) yield
  }
  return found
}

const keptUntil = (kept: ReadonlyArray<KeptExemplar | undefined>, interval: number): ReadonlyArray<Exemplar> => {
  const exemplars: Array<Exemplar> = []
  for (const last of kept) {
    const one = last !== undefined && last.interval <= interval && isVisible(last) ? last : last?.before
    if (one !== undefined && one.interval <= interval && isVisible(one)) exemplars.push(one.exemplar)
  }
  return exemplars
}

/** A reader gets no exemplar before its trace is kept. */
const isVisible = ({ decision }: Omit<KeptExemplar, "before">): boolean =>
  decision === undefined || decision.isKept === true

const keep = (series: Series, position: number, made: Omit<KeptExemplar, "before">) => {
  const kept = series.exemplars ??= []
  while (kept.length <= position) kept.push(undefined)
  const last = kept[position]
  // An exemplar that can be shown stays, while newer ones wait for a decision.
  const before = last === undefined || isVisible(last) ? last : last.before
  kept[position] = {
    ...made,
    before: before && { exemplar: before.exemplar, interval: before.interval, decision: before.decision }
  }
}
