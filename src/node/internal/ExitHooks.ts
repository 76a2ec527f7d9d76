/**
 * Writes out what waits when the process ends, without changing how the process ends.
 *
 * **Details**
 *
 * `exit` and `uncaughtExceptionMonitor` only watch. A listener for a signal stops Node from ending the process. So the
 * hook adds listeners for signals only when something waits. If all listeners of the signal are ours, our listener
 * removes them and raises the signal again. Under `runMain` there is another listener, and it closes the layer's scope
 * in order. Then our listener stays for the next signal. It is the first listener, so it still sees listeners that
 * remove themselves.
 *
 * The first of our listeners drains all hooks, stage by stage. So the order of the hooks does not matter.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import { type Install, InstallExitHook, type Options, stages } from "../../internal/ExitHooks.ts"
import { orElse } from "../../internal/guard.ts"

/** Marks the listeners of all our hooks, and holds what they drain. */
const ours = Symbol("tasker-telemetry/node/internal/ExitHooks")

/**
 * Signals that end a process and may come from outside. The list has no signals that report a fault, ask for a core
 * dump (`SIGABRT`), or belong to the inspector or the profiler.
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

/** The listeners of an event that are still registered. */
const listenersOf = (event: string): ReadonlyArray<object> => process.listeners(event as NodeJS.Signals)

/** Drains all hooks, if the listener is the first of ours. The other listeners would only repeat that. */
const drainAll = (event: string, listener: object, isLast: boolean, why: string): boolean => {
  if (listenersOf(event).find(isOurs) !== listener) return false
  for (const stage of stages) {
    // An earlier stage may have added a hook: it gave lines that wait now.
    for (const hook of listenersOf(event).filter(isOurs)) {
      if (hook[ours].stage === stage) hook[ours].drain(isLast, why)
    }
  }
  return true
}

/** Whether the program goes on after an exception that no code has caught. */
const isExceptionHandled = (): boolean =>
  process.listenerCount("uncaughtException") > 0 || process.hasUncaughtExceptionCaptureCallback()

/** Installs a hook until the scope closes. */
export const install: Install = (options) => {
  const mark = { [ours]: options }
  let why = "the process has ended"
  const onExit = Object.assign(() => void drainAll("exit", onExit, true, why), mark)
  const onException = Object.assign((error: unknown) => {
    if (!isExceptionHandled()) why = `the process was ended by ${orElse(() => String(error), () => "an exception")}`
    drainAll("uncaughtExceptionMonitor", onException, false, why)
  }, mark)
  const onSignal = Object.assign((signal: NodeJS.Signals) => {
    const isLast = listenersOf(signal).every(isOurs)
    if (!drainAll(signal, onSignal, isLast, `the process was ended by ${signal}`)) return
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

/** Provides the hooks of the Node process. */
export const layer: Layer.Layer<never> = Layer.succeed(InstallExitHook, install)

/**
 * Drains until nothing is left, without the event loop. Each call makes at most `mostTries` pauses. All last calls
 * share this number.
 */
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
