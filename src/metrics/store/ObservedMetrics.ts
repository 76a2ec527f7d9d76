/**
 * Metrics whose values somebody else keeps; they are asked for before every
 * reading.
 *
 * @internal
 */
import type * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type { Observation, ObservedDeclaration } from "../MetricStoreShape.ts"
import * as CompensatedSum from "./CompensatedSum.ts"
import type { MetricState } from "./MetricState.ts"
import type { Series } from "./Series.ts"

type Read = ObservedDeclaration<string>["read"]

/** Values of a family by who keeps them; those of the last reading stay if the next one fails. */
type Kept = Map<symbol, Reading>

type Observing = Effect.Effect<Iterable<Observation<string>>, unknown>

interface Reading {
  readonly read: Read
  values: ReadonlyArray<Observation<string>>
  /** The effect that was started last; it may be done. */
  running: Fiber.Fiber<Iterable<Observation<string>>, unknown> | undefined
}

/** How long an effect may take to give its values. */
const longest = "1 second"

export class ObservedMetrics {
  readonly #observed = new Map<MetricState, Kept>()
  /** Told the metric whose values could not be had. */
  readonly #onError: (metric: string, cause: Cause.Cause<unknown>) => void

  readonly #keepsTotals: boolean

  constructor(onError: (metric: string, cause: Cause.Cause<unknown>) => void, keepsTotals: boolean) {
    this.#onError = onError
    this.#keepsTotals = keepsTotals
  }

  /** Asks for the values of a family from now on, beside those that are asked already; gives what ends it. */
  add(state: MetricState, read: Read): () => void {
    state.observed = true
    const key = Symbol(state.declaration.name)
    const kept: Kept = this.#observed.get(state) ?? new Map()
    this.#observed.set(state, kept.set(key, { read, values: [], running: undefined }))
    return () => {
      kept.delete(key)
      if (kept.size === 0) this.#observed.delete(state)
      this.#replace(state, kept)
    }
  }

  /** Brings all observed families up to date; never fails. */
  readonly refresh: Effect.Effect<void> = Effect.suspend(() =>
    Effect.forEach([...this.#observed], ([state, kept]) => this.#refreshFamily(state, kept), {
      concurrency: "unbounded",
      discard: true
    })
  )

  #refreshFamily(state: MetricState, kept: Kept): Effect.Effect<void> {
    const readings = Effect.forEach([...kept.values()], (one) => this.#refreshOne(state, one), {
      concurrency: "unbounded"
    })
    // Values that nobody brings up to date any more become idle.
    return Effect.map(readings, (done) => done.includes(true) ? this.#replace(state, kept) : undefined)
  }

  #replace(state: MetricState, kept: Kept): void {
    replace(state, [...kept.values()].flatMap(({ values }) => values), this.#keepsTotals)
  }

  #refreshOne(state: MetricState, one: Reading): Effect.Effect<boolean> {
    const { read } = one
    const observations = Effect.isEffect(read) ? withinTime(one, read) : Effect.sync(read)
    return Effect.flatMap(observations, (values) =>
      Effect.sync(() => {
        // All of them are had before one is shown: a reading that breaks off must not look like a reset.
        one.values = Array.from(values, (observation) => taken(state, observation))
        return true
      })).pipe(
        Effect.catchCause((cause) => Effect.as(Effect.sync(() => this.#onError(state.declaration.name, cause)), false))
      )
  }
}

/**
 * An effect that cannot be interrupted must not keep the reading, and is not
 * started once more while it runs: readings at the same time share it.
 */
const withinTime = (one: Reading, read: Observing): Observing =>
  Effect.suspend(() => {
    const { running } = one
    if (running !== undefined && running.pollUnsafe() === undefined) return Effect.succeed(running)
    return Effect.tap(Effect.forkDetach(read), (fiber) => Effect.sync(() => one.running = fiber))
  }).pipe(
    Effect.flatMap((fiber) =>
      Effect.tapError(
        Effect.timeout(Fiber.join(fiber), longest),
        () => Effect.sync(() => fiber.interruptUnsafe())
      )
    )
  )

/** A copy, because the caller may go on to change its object. */
const taken = (state: MetricState, { attributes, value }: Observation<string>): Observation<string> => {
  const { declaration, parts } = state
  if (typeof value !== "number") throw new TypeError(`an observed value is a number, got ${typeof value}`)
  if (declaration.type === "counter" && !(value >= 0 && value < Infinity)) {
    throw new RangeError(`the total of counter "${declaration.name}" is not negative and finite, got ${value}`)
  }
  return { attributes: Object.fromEntries(parts.keys.map((key) => [key, attributes[key] ?? ""])), value }
}

/**
 * Puts the values in place of those of before; what shares a series, as in an
 * overflow, is added up.
 *
 * **Details**
 *
 * Each series goes from its value of before to its new one without one in
 * between, which another thread might read.
 *
 * @param keepsTotals whether a counter stays that is not given any more, because it is part of a sum that must not fall
 */
export const replace = (
  state: MetricState,
  observations: ReadonlyArray<Observation<string>>,
  keepsTotals: boolean
): void => {
  const { declaration: { type }, parts: { index, storage } } = state
  const totals = new Map<Series, number>()
  for (const { attributes, value } of observations) {
    const series = index.find(attributes)
    totals.set(series, (totals.get(series) ?? 0) + value)
  }
  const { values } = storage
  for (const [{ base }, total] of totals) {
    values[base] = 1
    if (type === "gauge") values[base + 1] = total
    else CompensatedSum.set(values, base + 1, total)
  }
  if (keepsTotals && type === "counter") return
  for (const series of index.all) if (!totals.has(series)) state.expire(series)
}
