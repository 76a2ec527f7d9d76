/**
 * Writes out what is collected when the process ends, in whatever way it ends,
 * without changing how.
 *
 * **Details**
 *
 * `exit` and `uncaughtExceptionMonitor` only watch. A listener for SIGTERM or
 * SIGINT keeps Node from ending the process, so ours removes itself and raises
 * the signal again if nobody else listens; under `runMain` somebody does, and
 * the layer's scope is closed in order. Where somebody else listens it stays, for
 * the next signal. Ours is called first, while listeners that remove themselves
 * can still be seen. Of several hooks, those that were
 * installed last are called first: what they still write, the others write out.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

/** What our listeners are told from those of others by, also those of another hook. */
const ours = Symbol("tasker-telemetry/logging/NodeExitHooks")

const signals = ["SIGTERM", "SIGINT"] as const

/** Installs the hooks until the scope closes. */
export const install = (options: {
  /** Writes everything out, synchronously. */
  readonly drain: () => void
  /** Whether to listen for SIGTERM and SIGINT. */
  readonly signals: boolean
}): Effect.Effect<void, never, Scope.Scope> => {
  const onSignal = Object.assign((signal: NodeJS.Signals) => {
    options.drain()
    if (!process.listeners(signal).every((listener) => ours in listener)) return
    process.removeListener(signal, onSignal)
    if (process.listenerCount(signal) === 0) process.kill(process.pid, signal)
  }, { [ours]: true })
  return Effect.asVoid(Effect.acquireRelease(
    Effect.sync(() => {
      process.prependListener("exit", options.drain)
      process.prependListener("uncaughtExceptionMonitor", options.drain)
      if (options.signals) { for (const signal of signals) process.prependListener(signal, onSignal) }
    }),
    () =>
      Effect.sync(() => {
        process.removeListener("exit", options.drain)
        process.removeListener("uncaughtExceptionMonitor", options.drain)
        for (const signal of signals) process.removeListener(signal, onSignal)
      })
  ))
}

/** Calls `drain` until `isEmpty`, at most this long, without the event loop. */
export const drainBlocking = (drain: () => void, isEmpty: () => boolean): void => {
  const pause = new Int32Array(new SharedArrayBuffer(4))
  for (let tries = 0; tries < mostTries; tries++) {
    drain()
    if (isEmpty()) return
    Atomics.wait(pause, 0, 0, pauseMillis)
  }
}

const pauseMillis = 2
const mostTries = 500

/** Calls `reopen` on SIGHUP until the scope closes; the signal no longer ends the process. */
export const onHangup = (reopen: () => void): Effect.Effect<void, never, Scope.Scope> =>
  Effect.asVoid(Effect.acquireRelease(
    Effect.sync(() => process.on("SIGHUP", reopen)),
    () => Effect.sync(() => process.removeListener("SIGHUP", reopen))
  ))
