/**
 * The clock of a process that is paused or killed: its time goes on, and no timer of it fires.
 */
import { type Clock, Effect } from "effect"

/** @param sleep for a process whose timers fire late */
export const timerless = (clock: Clock.Clock, sleep: Clock.Clock["sleep"] = () => Effect.never): Clock.Clock => ({
  currentTimeMillisUnsafe: () => clock.currentTimeMillisUnsafe(),
  currentTimeMillis: clock.currentTimeMillis,
  currentTimeNanosUnsafe: () => clock.currentTimeNanosUnsafe(),
  currentTimeNanos: clock.currentTimeNanos,
  monotonicTimeNanosUnsafe: () => clock.monotonicTimeNanosUnsafe(),
  monotonicTimeNanos: clock.monotonicTimeNanos,
  sleep
})
