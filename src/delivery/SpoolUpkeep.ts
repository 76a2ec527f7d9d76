/**
 * Keeps the files of a spool up to date with memory, also when the process ends.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { inBackground } from "../internal/BackgroundClock.ts"
import { InstallExitHook } from "../internal/ExitHooks.ts"
import type { Spool } from "./Spool.ts"

export interface Options<A> {
  readonly spool: Spool<A>
  /** Time between two writes. */
  readonly interval: Duration.Duration
  /** Whether to write when a signal ends the process. */
  readonly signals: boolean
  /** Gives the ended records that are not done. */
  readonly pending: () => ReadonlyArray<A>
  /** Called before the last write, with the reason why the process ends. */
  readonly onExit: (why: string) => void
}

export interface SpoolUpkeep {
  /** Takes note of a new record. */
  readonly recorded: () => void
}

/** Time between two signs of life. */
const betweenRenewals = Duration.seconds(10)

/** Starts the upkeep until the scope closes. */
export const make = Effect.fnUntraced(function*<A>(
  { interval, onExit, pending, signals, spool }: Options<A>
): Effect.fn.Return<SpoolUpkeep, never, Scope.Scope> {
  let isOver = false
  const sync = () => spool.sync(pending())
  yield* Effect.addFinalizer(() =>
    Effect.sync(() => {
      sync()
      spool.release()
    })
  )
  const hook = yield* (yield* InstallExitHook)({
    stage: "records",
    drain: (isLast, why) => {
      if (isLast) onExit(why)
      sync()
      if (!isLast) return
      isOver = true
      spool.release()
    },
    signals
  })
  // A signal may end the process before anything is written.
  hook.arm()
  const repeat = (pause: Duration.Duration, action: () => void) =>
    Effect.forkScoped(inBackground(Effect.forever(Effect.andThen(Effect.sleep(pause), Effect.sync(action)))))
  yield* repeat(interval, sync)
  yield* repeat(betweenRenewals, () => spool.renew())
  return {
    recorded: () => {
      // No other write comes any more.
      if (isOver) sync()
    }
  }
})
