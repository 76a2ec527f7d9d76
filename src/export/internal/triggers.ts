/**
 * Follows the strategy of a target.
 */
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import * as TimeSlice from "../../internal/TimeSlice.ts"
import type { MetricSnapshot } from "../../metrics/MetricSnapshot.ts"
import * as expirySchedule from "./expirySchedule.ts"
import type { TargetState } from "./TargetState.ts"

/**
 * Starts to follow the strategy, until the scope closes.
 *
 * @param expiry exports to the target, and never fails
 */
export const start = Effect.fnUntraced(function*(
  state: TargetState,
  snapshot: Effect.Effect<MetricSnapshot>,
  expiry: expirySchedule.Options
): Effect.fn.Return<void, never, Scope.Scope> {
  const { strategy, thresholds } = state
  const { beforeExpiry, checkInterval, cron, debounce, hasThresholds, interval } = strategy
  if (beforeExpiry) yield* Effect.forkScoped(expirySchedule.follow(state, expiry))
  if (interval === undefined && cron === undefined && !hasThresholds) return
  // One place: further triggers join the one that waits.
  const wakeups = yield* Queue.sliding<void>(1)
  const wake = Effect.asVoid(Queue.offer(wakeups, undefined))
  yield* Queue.take(wakeups).pipe(
    Effect.andThen(Effect.sleep(debounce)),
    Effect.andThen(Queue.clear(wakeups)),
    Effect.andThen(expiry.exportOnce),
    Effect.forever,
    Effect.forkScoped
  )
  if (interval !== undefined) yield* Effect.forkScoped(Effect.schedule(wake, Schedule.windowed(interval)))
  if (cron !== undefined) yield* Effect.forkScoped(Effect.schedule(wake, Schedule.cron(cron)))
  if (!hasThresholds) return
  const check = Effect.flatMap(snapshot, (read) => TimeSlice.run(thresholds.check(read))).pipe(
    Effect.flatMap((reached) => reached === undefined ? Effect.void : wake),
    Effect.ignoreCause({ log: "Warn", message: "thresholds of an export could not be checked" })
  )
  // What was measured before the start does not count.
  yield* Effect.flatMap(snapshot, (read) => TimeSlice.run(thresholds.exported(read))).pipe(
    Effect.andThen(Effect.schedule(check, Schedule.spaced(checkInterval))),
    Effect.forkScoped({ startImmediately: true })
  )
})
