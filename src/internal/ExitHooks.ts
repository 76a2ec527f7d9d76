/**
 * What the end of the process does for parts that hold something back. The
 * runtime provides it; without it, nothing is held back beyond the scope.
 *
 * @internal
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

/** What a hook holds: lines that say what was held back come before lines that wait for the reader. */
export type Stage = "reports" | "lines"

export interface Options {
  readonly stage: Stage
  /** Writes everything out, synchronously; `isLast` says that the event loop does not run again. */
  readonly drain: (isLast: boolean) => void
  /** Whether to listen for signals. */
  readonly signals: boolean
}

export interface ExitHook {
  /** Listens for signals from now on. Called when something is held back; cheap when called again. */
  readonly arm: () => void
}

/** Installs a hook until the scope closes. */
export type Install = (options: Options) => Effect.Effect<ExitHook, never, Scope.Scope>

export const InstallExitHook: Context.Reference<Install> = Context.Reference<Install>(
  "tasker-telemetry/internal/ExitHooks/InstallExitHook",
  { defaultValue: () => () => Effect.succeed({ arm: () => {} }) }
)
