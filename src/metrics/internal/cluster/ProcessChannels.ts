/**
 * The IPC channels between processes, which the platform provides.
 */
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

/**
 * A process at the other end of an IPC channel, such as `ChildProcess` of
 * `node:child_process`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Channel {
  readonly connected: boolean
  readonly pid?: number | undefined
  send(message: object, callback: (error: Error | null) => void): unknown
  on(event: "message", listener: (message: unknown) => void): unknown
  on(event: "disconnect", listener: () => void): unknown
  off(event: "message", listener: (message: unknown) => void): unknown
  off(event: "disconnect", listener: () => void): unknown
}

/**
 * Gives the channels of the process that the program runs in.
 *
 * @category models
 * @since 0.1.0
 */
export interface ProcessChannelsShape {
  /** The channel to the process that started this process; `undefined` if there is none. */
  readonly parent: () => Channel | undefined
  /** Calls `onWorker` with every worker process, present and future, until the scope closes. */
  readonly eachWorker: (onWorker: (worker: Channel) => void) => Effect.Effect<void, never, Scope.Scope>
  /** Calls `onExit` when the process exits, until the scope closes. The event loop no longer runs then. */
  readonly atExit: (onExit: () => void) => Effect.Effect<void, never, Scope.Scope>
}
