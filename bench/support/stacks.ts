/** What a program gets its telemetry from in the suite of overhead. */
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"

export interface Stack {
  /** Runs a batch and sends everything that it has recorded. */
  readonly run: (batch: Effect.Effect<void>) => Promise<unknown>
  readonly dispose: () => Promise<void>
}

export const make = <R, E>(layer: Layer.Layer<R, E>, flush: Effect.Effect<unknown, never, R>): Stack => {
  const runtime = ManagedRuntime.make(layer)
  return { run: (batch) => runtime.runPromise(Effect.andThen(batch, flush)), dispose: () => runtime.dispose() }
}

/** A batch of the suite has to be sent whole. */
export const queueSize = 20_000
export const batchSize = 512
