/**
 * What the exporters of a telemetry layer have achieved, for pages about the health of the process.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"

/** The state of one exporter. */
export interface ExporterState {
  /** Epoch milliseconds of the last request that the receiver took. */
  readonly lastSuccess: number | undefined
  /** Requests without success since then. */
  readonly consecutiveFailures: number
  /** Records that ended, if the exporter queues records. */
  readonly ended?: number
  /** The accounts of the records that are queued. */
  readonly records?: object
  /** The accounts of data points. */
  readonly points?: Readonly<Record<string, number>>
  readonly queue?: { readonly size: number; readonly capacity: number }
}

export interface Registry {
  /** Adds an exporter until the scope closes. */
  readonly register: (signal: string, state: () => ExporterState) => Effect.Effect<void, never, Scope.Scope>
  /** The states by signal. */
  readonly read: () => Readonly<Record<string, ExporterState>>
}

const make = (): Registry => {
  const exporters = new Map<string, () => ExporterState>()
  return {
    register: (signal, state) =>
      Effect.asVoid(Effect.acquireRelease(
        Effect.sync(() => exporters.set(signal, state)),
        () =>
          Effect.sync(() => {
            if (exporters.get(signal) === state) exporters.delete(signal)
          })
      )),
    read: () => Object.fromEntries(Array.from(exporters, ([signal, state]) => [signal, state()]))
  }
}

/** The exporters of the telemetry layer; none are registered outside of one. */
export const ExporterStates: Context.Reference<Registry> = Context.Reference<Registry>(
  "tasker-telemetry/internal/ExporterStates",
  { defaultValue: () => ({ register: () => Effect.void, read: () => ({}) }) }
)

export const layer: Layer.Layer<never> = Layer.sync(ExporterStates, make)
