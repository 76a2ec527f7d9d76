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
import type { Exemplar } from "../MetricSnapshot.ts"
import type { Series } from "./Series.ts"

const none: ReadonlyArray<Exemplar> = []

export class ExemplarFilter {
  /** Spans that are not sampled are no use to somebody who looks for the trace. */
  readonly #onlySampled: boolean
  /** Counts snapshots. */
  #interval = 1

  constructor(onlySampled: boolean) {
    this.#onlySampled = onlySampled
  }

  /** Keeps the measurement if it is the first of the interval at its position and was made in a fitting span. */
  offer(series: Series, position: number, value: number): void {
    const fiber = Fiber.getCurrent()
    if (fiber !== undefined) this.#offerIn(fiber, series, position, value)
  }

  /** Apart from {@link offer}, which is small enough to become part of its callers. */
  #offerIn(fiber: Fiber.Fiber<unknown, unknown>, series: Series, position: number, value: number): void {
    const span = fiber.cache.span
    if (span === undefined || (this.#onlySampled && !span.sampled)) return
    const exemplars = series.exemplars
    if (exemplars !== undefined && exemplars.intervals[position] === this.#interval) return
    const timeMillis = fiber.getRef(Clock.Clock).currentTimeMillisUnsafe()
    keep(series, position, this.#interval, { value, timeMillis, traceId: span.traceId, spanId: span.spanId })
  }

  /** From now on every position keeps a new one. */
  nextInterval(): void {
    this.#interval++
  }
}

const keep = (series: Series, position: number, interval: number, exemplar: Exemplar) => {
  const exemplars = series.exemplars ??= { kept: [], intervals: [] }
  while (exemplars.kept.length <= position) {
    exemplars.kept.push(undefined)
    exemplars.intervals.push(0)
  }
  exemplars.kept[position] = exemplar
  exemplars.intervals[position] = interval
}

/** The exemplars of a series, in the order of its buckets. */
export const of = ({ exemplars }: Series): ReadonlyArray<Exemplar> =>
  exemplars === undefined ? none : exemplars.kept.filter((exemplar) => exemplar !== undefined)
