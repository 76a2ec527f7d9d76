/**
 * Lets parts that collect output write it when the process ends. The runtime
 * provides the hook. Without it, collected output is written only when the scope
 * closes.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

/**
 * What a hook writes. Reports about held back lines are lines and records. Writing records may give lines. So lines that
 * wait for their reader are the last.
 */
export const stages = ["reports", "records", "lines"] as const

export type Stage = (typeof stages)[number]

export interface Options {
  readonly stage: Stage
  /**
   * Writes everything out, synchronously. `isLast` says that the event loop does not run again; `why` says why the process
   * ends.
   */
  readonly drain: (isLast: boolean, why: string) => void
  /** Whether to listen for signals. */
  readonly signals: boolean
}

export interface ExitHook {
  /** Listens for signals from now on. It is called when something waits, and costs nothing when it is called again. */
  readonly arm: () => void
}

/** Installs a hook until the scope closes. */
export type Install = (options: Options) => Effect.Effect<ExitHook, never, Scope.Scope>

export const InstallExitHook: Context.Reference<Install> = Context.Reference<Install>(
  "tasker-telemetry/internal/ExitHooks/InstallExitHook",
  { defaultValue: () => () => Effect.succeed({ arm: () => {} }) }
)
