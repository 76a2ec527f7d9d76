/**
 * Brings the times that exports take from delivery to the metrics. Delivery knows no metrics.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"

/** One request, from its first attempt to its outcome. */
export interface ExportDuration {
  /** Such as `spans`. */
  readonly signal: string
  readonly seconds: number
  /** Why the request was not taken, or not in full; empty if it was. */
  readonly errorType: string
}

type Record = (duration: ExportDuration) => void

export interface Registry {
  /** Adds a function that gets each duration until the scope closes. */
  readonly register: (record: Record) => Effect.Effect<void, never, Scope.Scope>
  readonly record: Record
}

const make = (): Registry => {
  const records = new Set<Record>()
  return {
    register: (record) =>
      Effect.asVoid(Effect.acquireRelease(
        Effect.sync(() => records.add(record)),
        () => Effect.sync(() => records.delete(record))
      )),
    record: (duration) => {
      for (const record of records) record(duration)
    }
  }
}

/** The way of one telemetry layer; nothing is measured outside of one. */
export const ExportDurations: Context.Reference<Registry> = Context.Reference<Registry>(
  "tasker-telemetry/internal/ExportDurations",
  { defaultValue: () => ({ register: () => Effect.void, record: () => {} }) }
)

export const layer: Layer.Layer<never> = Layer.sync(ExportDurations, make)
