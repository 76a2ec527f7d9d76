/**
 * Asks for the values of observed metrics before every reading.
 */
import type * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TimeSlice from "../../../internal/TimeSlice.ts"
import type { Observation, ObservedDeclaration } from "../model/MetricStoreShape.ts"
import type { MetricStorage } from "./MetricStorage.ts"
import * as ObservedValues from "./ObservedValues.ts"

type Read = ObservedDeclaration<string>["read"]

type Observing = Effect.Effect<Iterable<Observation<string>>, unknown>

interface Reading {
  readonly read: Read
  /** The values of the last reading, which stay if the next one fails. */
  values: ObservedValues.Values
  /** The fiber of the last reading, which may have ended. */
  running: Fiber.Fiber<Iterable<Observation<string>>, unknown> | undefined
}

/** The time limit of an effect that gives values. */
const longest = "1 second"

/** The readings of one metric. */
interface Kept {
  readonly readings: Map<symbol, Reading>
  readonly shown: ObservedValues.ObservedValues
}

export class ObservedMetrics {
  readonly #observed = new Map<MetricStorage, Kept>()
  /** Called with the name of a metric that could not be read. */
  readonly #onError: (metric: string, cause: Cause.Cause<unknown>) => void

  constructor(onError: (metric: string, cause: Cause.Cause<unknown>) => void) {
    this.#onError = onError
  }

  /** Calls `read` at each reading from now on. Gives a function that ends it. A metric may have several readers. */
  add(storage: MetricStorage, read: Read): () => void {
    const key = Symbol(storage.declaration.name)
    const kept: Kept = this.#observed.get(storage) ??
      { readings: new Map(), shown: new ObservedValues.ObservedValues(storage) }
    this.#observed.set(storage, kept)
    kept.readings.set(key, { read, values: ObservedValues.noValues, running: undefined })
    return () => {
      kept.readings.delete(key)
      if (kept.readings.size === 0) this.#observed.delete(storage)
      TimeSlice.runNow(kept.shown.replace(valuesOf(kept)))
    }
  }

  /** Updates all observed metrics; never fails. */
  readonly refresh: Effect.Effect<void> = Effect.suspend(() =>
    Effect.forEach([...this.#observed], ([storage, kept]) => this.#refreshMetric(storage, kept), {
      concurrency: "unbounded",
      discard: true
    })
  )

  #refreshMetric(storage: MetricStorage, kept: Kept): Effect.Effect<void> {
    const readings = Effect.forEach([...kept.readings.values()], (one) => this.#refreshOne(storage, one), {
      concurrency: "unbounded"
    })
    // If no reading succeeds, the old values stay and become idle.
    return Effect.flatMap(
      readings,
      (done) =>
        done.includes(true) && this.#observed.get(storage) === kept
          ? TimeSlice.run(kept.shown.replace(valuesOf(kept)))
          : Effect.void
    )
  }

  #refreshOne(storage: MetricStorage, one: Reading): Effect.Effect<boolean> {
    const { read } = one
    const observations = Effect.isEffect(read) ? withinTime(one, read) : Effect.sync(read)
    return Effect.flatMap(observations, (values) =>
      Effect.sync(() => {
        // All values are copied before one is shown, because half a reading would look like a reset.
        one.values = ObservedValues.copyOf(storage, values)
        return true
      })).pipe(
        Effect.catchCause((cause) =>
          Effect.as(Effect.sync(() => this.#onError(storage.declaration.name, cause)), false)
        )
      )
  }
}

/**
 * Limits the time of an effect, even if it cannot be interrupted. Readings at the
 * same time share one run of the effect.
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

const valuesOf = ({ readings }: Kept) => Array.from(readings.values(), ({ values }) => values)
