/**
 * Lets a run wait before its start. Until then it is pending, and may be amended.
 */
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import { durationOf } from "../../config/internal/durationInput.ts"
import type { TaskRecord } from "../TaskStore.ts"

export interface StartDelay {
  readonly millis: number
  /** Ends the wait early. */
  readonly wake: Deferred.Deferred<void>
}

/** A run, as far as its wait goes. */
interface Delayed {
  readonly delay: StartDelay | undefined
}

/** The last instant of a `Date`, in epoch milliseconds. */
const lastInstant = 8.64e15

/**
 * Milliseconds of a wait. Throws a `RangeError` for what is no duration, and for a start that no `Date` can have.
 *
 * @param now epoch milliseconds
 */
export const millisOf = (startAfter: Duration.Input | undefined, now: number): number => {
  if (startAfter === undefined) return 0
  const duration = durationOf(startAfter, "startAfter of a run", "10 minutes")
  if (!Duration.isFinite(duration)) throw new RangeError("startAfter of a run: a run that never starts cannot be kept")
  const millis = Math.max(0, Duration.toMillis(duration))
  if (now + millis > lastInstant) {
    throw new RangeError("startAfter of a run: the start is after the year 275760, the last one of a date")
  }
  return millis
}

export const make = (millis: number): StartDelay => ({ millis, wake: Deferred.makeUnsafe() })

/** Waits until the run may start, or is cancelled or interrupted. Gives the exit of the wait. */
export const wait = (
  { millis, wake }: StartDelay,
  restore: <A>(effect: Effect.Effect<A>) => Effect.Effect<A>
): Effect.Effect<Exit.Exit<void>> => Effect.exit(restore(Effect.raceFirst(Effect.sleep(millis), Deferred.await(wake))))

/** Whether a run waits, and will start. */
export const isWaiting = (
  { cancelRequested, delay, record }: Delayed & { readonly record: TaskRecord; readonly cancelRequested: boolean }
): boolean => delay !== undefined && record.state === "pending" && !cancelRequested

/** Ends the wait of a run early, if it waits. */
export const end = ({ delay }: Delayed): void => {
  if (delay !== undefined) Deferred.doneUnsafe(delay.wake, Effect.void)
}
