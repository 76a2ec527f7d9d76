/**
 * Metrics whose values somebody else keeps; they are asked for before every
 * reading.
 *
 * @internal
 */
import type * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import type { ObservedDeclaration } from "../MetricStoreShape.ts"
import * as CompensatedSum from "./CompensatedSum.ts"
import type { MetricState } from "./MetricState.ts"

type Read = ObservedDeclaration<string>["read"]

interface Observed {
  readonly state: MetricState
  readonly read: Read
}

/** How long an effect may take to give its values. */
const longest = "1 second"

export class ObservedMetrics {
  readonly #observed = new Set<Observed>()
  /** Told the metric whose values could not be had. */
  readonly #onError: (metric: string, cause: Cause.Cause<unknown>) => void

  constructor(onError: (metric: string, cause: Cause.Cause<unknown>) => void) {
    this.#onError = onError
  }

  /** Asks for the values of a family from now on; gives what ends it. */
  add(state: MetricState, read: Read): () => void {
    state.observed = true
    const observed = { state, read }
    this.#observed.add(observed)
    return () => {
      this.#observed.delete(observed)
      for (const series of state.parts.index.all) state.expire(series)
    }
  }

  /** Brings all observed families up to date; never fails. */
  readonly refresh: Effect.Effect<void> = Effect.suspend(() =>
    Effect.forEach(this.#observed, (observed) => this.#refreshOne(observed), {
      concurrency: "unbounded",
      discard: true
    })
  )

  #refreshOne({ read, state }: Observed): Effect.Effect<void> {
    const observations = Effect.isEffect(read) ? Effect.timeout(read, longest) : Effect.sync(read)
    return Effect.flatMap(observations, (values) => Effect.sync(() => replace(state, values))).pipe(
      Effect.catchCause((cause) => Effect.sync(() => this.#onError(state.declaration.name, cause)))
    )
  }
}

/** Puts the values in place of those of before; what shares a series, as in an overflow, is added up. */
const replace = (state: MetricState, observations: ReturnType<Extract<Read, () => unknown>>): void => {
  const { index, storage } = state.parts
  const isSum = state.declaration.type !== "gauge"
  for (const { base } of index.all) storage.values.fill(0, base, base + storage.stride)
  const given = new Set<unknown>()
  for (const { attributes, value } of observations) {
    const series = index.find(attributes)
    given.add(series)
    const { values } = storage
    values[series.base] = 1
    if (isSum) CompensatedSum.add(values, series.base + 1, value)
    else values[series.base + 1] = (values[series.base + 1] as number) + value
  }
  for (const series of index.all) if (!given.has(series)) state.expire(series)
}
