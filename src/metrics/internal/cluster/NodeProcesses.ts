/**
 * The processes at the other ends of IPC channels.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import cluster, { type Worker } from "node:cluster"

/** The end of an IPC channel. */
export interface Channel {
  readonly connected: boolean
  readonly pid?: number | undefined
  send(message: object, callback: (error: Error | null) => void): unknown
  on(event: "message", listener: (message: unknown) => void): unknown
  on(event: "disconnect", listener: () => void): unknown
  off(event: "message", listener: (message: unknown) => void): unknown
  off(event: "disconnect", listener: () => void): unknown
}

/** The channel to the process that started this one; `undefined` where it has none. */
export const parent = (): Channel | undefined => {
  return process.send === undefined ? undefined : {
    get connected() {
      return process.connected
    },
    send: (message, callback) => process.send?.(message, undefined, undefined, callback),
    on: (event: "message" | "disconnect", listener: (message: unknown) => void) => process.on(event, listener),
    off: (event: "message" | "disconnect", listener: (message: unknown) => void) => process.off(event, listener)
  }
}

/** Calls `onWorker` with every worker of `node:cluster`, present and future, until the scope closes. */
export const eachWorker = (onWorker: (worker: Channel) => void): Effect.Effect<void, never, Scope.Scope> => {
  const onFork = (worker: Worker) => onWorker(worker.process)
  return Effect.asVoid(Effect.acquireRelease(
    Effect.sync(() => {
      for (const worker of Object.values(cluster.workers ?? {})) if (worker !== undefined) onFork(worker)
      cluster.on("fork", onFork)
    }),
    () => Effect.sync(() => cluster.off("fork", onFork))
  ))
}

/** Calls `onExit` when the process exits, until the scope closes. It has no event loop any more. */
export const atExit = (onExit: () => void): Effect.Effect<void, never, Scope.Scope> =>
  Effect.asVoid(Effect.acquireRelease(
    Effect.sync(() => process.on("exit", onExit)),
    () => Effect.sync(() => process.off("exit", onExit))
  ))
