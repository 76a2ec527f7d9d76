/**
 * Writes out what is held back when the process ends, without changing how it ends.
 *
 * **Details**
 *
 * `exit` and `uncaughtExceptionMonitor` only watch. A listener for a signal keeps Node from ending the process, so
 * listeners for signals come with the first thing that is held back. Ours removes itself and raises the signal again
 * if every other listener is ours too; under `runMain` another one listens, and the layer's scope is closed in order.
 * Where another one listens ours stays, for the next signal. Ours is called first, while listeners that remove
 * themselves can still be seen.
 *
 * The first of our listeners drains all hooks, stage by stage, so the order does not depend on which hook came first.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import { type Install, InstallExitHook, type Options } from "../../internal/ExitHooks.ts"

/** Marks our listeners, also those of another hook, and holds what they drain. */
const ours = Symbol("tasker-telemetry/node/internal/ExitHooks")

/**
 * Signals that end a process and may come from outside. Left out are signals that report a fault of the process, ask
 * for its image (`SIGABRT`), or belong to the inspector and the profiler.
 */
const signals = [
  "SIGTERM",
  "SIGINT",
  "SIGHUP",
  "SIGQUIT",
  "SIGUSR2",
  "SIGALRM",
  "SIGVTALRM",
  "SIGXCPU",
  "SIGIO",
  "SIGPWR",
  "SIGSTKFLT",
  "SIGBREAK"
] as const

type Listener = NodeJS.SignalsListener & { readonly [ours]: Options }

const isOurs = (listener: object): listener is Listener => ours in listener

/** The listeners of an event that are called, as far as they are there yet. */
const listenersOf = (event: string): ReadonlyArray<object> => process.listeners(event as NodeJS.Signals)

/** Drains what all hooks hold, if the listener is the first of ours: the others would only do it again. */
const drainAll = (event: string, listener: object, isLast: boolean): boolean => {
  const hooks = listenersOf(event).filter(isOurs)
  if (hooks[0] !== listener) return false
  for (const stage of ["reports", "lines"]) {
    for (const hook of hooks) if (hook[ours].stage === stage) hook[ours].drain(isLast)
  }
  return true
}

/** Installs the hooks until the scope closes. */
export const install: Install = (options) => {
  const mark = { [ours]: options }
  const onExit = Object.assign(() => void drainAll("exit", onExit, true), mark)
  const onException = Object.assign(() => void drainAll("uncaughtExceptionMonitor", onException, false), mark)
  const onSignal = Object.assign((signal: NodeJS.Signals) => {
    if (!drainAll(signal, onSignal, false)) return
    const listeners = listenersOf(signal)
    if (!listeners.every(isOurs)) return
    for (const listener of listeners) process.removeListener(signal, listener)
    process.kill(process.pid, signal)
  }, mark)
  let isArmed = !options.signals
  return Effect.acquireRelease(
    Effect.sync(() => {
      process.prependListener("exit", onExit)
      process.prependListener("uncaughtExceptionMonitor", onException)
      return {
        arm: () => {
          if (isArmed) return
          isArmed = true
          for (const signal of signals) process.prependListener(signal, onSignal)
        }
      }
    }),
    () =>
      Effect.sync(() => {
        isArmed = true
        process.removeListener("exit", onExit)
        process.removeListener("uncaughtExceptionMonitor", onException)
        for (const signal of signals) process.removeListener(signal, onSignal)
      })
  )
}

/** Lets every part of the program install hooks. */
export const layer: Layer.Layer<never> = Layer.succeed(InstallExitHook, install)

/** Drains without the event loop until nothing is left, each time for `mostTries` pauses at most; the last times share these. */
export const blockingDrain = (drain: () => void, isEmpty: () => boolean): (isLast: boolean) => void => {
  const pause = new Int32Array(new SharedArrayBuffer(4))
  let lastTries = mostTries
  return (isLast) => {
    drain()
    for (let left = isLast ? lastTries : mostTries; left > 0 && !isEmpty(); left--) {
      if (isLast) lastTries--
      Atomics.wait(pause, 0, 0, pauseMillis)
      drain()
    }
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
