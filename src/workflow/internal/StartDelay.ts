/**
 * Lets a run wait before its start. Until then it is pending, and may be amended.
 */
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
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

/** Milliseconds of a wait. Throws a `RangeError` for what is no duration, and for one without an end. */
export const millisOf = (startAfter: Duration.Input | undefined): number => {
  if (startAfter === undefined) return 0
  const duration = durationOf(startAfter, "startAfter of a run", "10 minutes")
  if (!Duration.isFinite(duration)) throw new RangeError("startAfter of a run: a run that never starts cannot be kept")
  return Math.max(0, Duration.toMillis(duration))
}

export const make = (millis: number): StartDelay => ({ millis, wake: Deferred.makeUnsafe() })

/** Waits until the run may start, or is cancelled or interrupted. Then it starts, too, and ends before its first step. */
export const wait = (
  { millis, wake }: StartDelay,
  restore: <A>(effect: Effect.Effect<A>) => Effect.Effect<A>
): Effect.Effect<void> =>
  Effect.asVoid(Effect.exit(restore(Effect.raceFirst(Effect.sleep(millis), Deferred.await(wake)))))

export const isWaiting = ({ delay, record }: Delayed & { readonly record: TaskRecord }): boolean =>
  delay !== undefined && record.state === "pending"

/** Ends the wait of a run early, if it waits. */
export const end = ({ delay }: Delayed): void => {
  if (delay !== undefined) Deferred.doneUnsafe(delay.wake, Effect.void)
}
