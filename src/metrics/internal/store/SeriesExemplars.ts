/**
 * Which measurements are kept as exemplars, and where.
 *
 * **Details**
 *
 * Every bucket of a histogram series and every counter series keeps the first
 * measurement of each collection interval that was made in a fitting span. After
 * that one, recording pays a comparison until the next snapshot.
 *
 * @internal
 */
import * as Clock from "effect/Clock"
import * as Fiber from "effect/Fiber"
import type * as TimeSlice from "../../../internal/TimeSlice.ts"
import * as TraceDecision from "../../../internal/TraceDecision.ts"
import type { Exemplar } from "../../MetricSnapshot.ts"
import type { KeptExemplar, Series } from "./Series.ts"

export class ExemplarFilter {
  /** Whether only sampled spans count: a span that is not sampled has no trace to look at. */
  readonly #onlySampled: boolean
  /** Counts snapshots. */
  #interval = 1
  #isEmpty = true

  constructor(onlySampled: boolean) {
    this.#onlySampled = onlySampled
  }

  /** Keeps the measurement if it is the first of the interval at its position and was made in a fitting span. */
  offer(series: Series, position: number, value: number): void {
    const fiber = Fiber.getCurrent()
    if (fiber !== undefined) this.#offerIn(fiber, series, position, value)
  }

  /** A method of its own, so that {@link offer} stays small enough to be inlined. */
  #offerIn(fiber: Fiber.Fiber<unknown, unknown>, series: Series, position: number, value: number): void {
    const span = fiber.cache.span
    if (span === undefined || (this.#onlySampled && !span.sampled)) return
    const last = series.exemplars?.[position]
    // The trace of the one that was kept first may have been dropped since.
    if (last !== undefined && last.interval === this.#interval && last.decision?.isKept !== false) return
    const timeMillis = fiber.getRef(Clock.Clock).currentTimeMillisUnsafe()
    const exemplar = { value, timeMillis, traceId: span.traceId, spanId: span.spanId }
    keep(series, position, { exemplar, interval: this.#interval, decision: TraceDecision.of(span) })
    this.#isEmpty = false
  }

  /** From now on every position keeps a new one. */
  nextInterval(): void {
    this.#interval++
  }

  /** Begins a reading. The result finds the exemplars that series have at this moment. */
  read(): ReadExemplars {
    const interval = this.#interval
    return this.#isEmpty ? noExemplars : (series) => collect(series, interval)
  }
}

/** Finds the exemplars of series; gives nothing where none of them has any. */
export type ReadExemplars = (series: ReadonlyArray<Series>) => TimeSlice.Work<SeriesExemplars | undefined>

/** By the place of a series; each in the order of its buckets. */
export type SeriesExemplars = ReadonlyArray<ReadonlyArray<Exemplar> | undefined>

/** Series that are looked at in one piece of work. */
const piece = 1024

/** Where no exemplars are kept. */
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

/** A reader shows no trace that is not kept yet. */
const isVisible = ({ decision }: Omit<KeptExemplar, "before">): boolean =>
  decision === undefined || decision.isKept === true

const keep = (series: Series, position: number, made: Omit<KeptExemplar, "before">) => {
  const kept = series.exemplars ??= []
  while (kept.length <= position) kept.push(undefined)
  const last = kept[position]
  // One that can be shown stays behind those that wait for a decision.
  const before = last === undefined || isVisible(last) ? last : last.before
  kept[position] = {
    ...made,
    before: before && { exemplar: before.exemplar, interval: before.interval, decision: before.decision }
  }
}
