/**
 * Exports to a target as late as its metrics allow, see `exportTiming`.
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as exportTiming from "./exportTiming.ts"
import type { TargetState } from "./TargetState.ts"

export interface Options {
  readonly limits: exportTiming.Limits
  /** Lets the metrics last at least so long from now. */
  readonly hold: (time: Duration.Duration) => Effect.Effect<void>
  /** Exports to the target. An export that another instance does is a success. */
  readonly exportOnce: Effect.Effect<"ended" | "failed">
}

/** Follows the schedule, and never ends. */
export const follow = Effect.fnUntraced(function*(
  state: TargetState,
  { exportOnce, hold, limits }: Options
): Effect.fn.Return<never> {
  const extend = (nowMillis: number, expiryMillis: number, extensionMillis: number) =>
    extensionMillis === 0 ? Effect.void : hold(Duration.millis(expiryMillis + extensionMillis - nowMillis))
  let exportedMillis = yield* Clock.currentTimeMillis
  let failures = 0
  let held = 0

  while (true) {
    const before = yield* Clock.currentTimeMillis
    // Another trigger, or a request, may have exported in the meantime.
    exportedMillis = Math.max(exportedMillis, state.lastSuccessMillis ?? 0)
    const expiryMillis = exportedMillis + limits.windowMillis + held
    const planned = failures === 0
      ? exportTiming.plan(before, expiryMillis, limits)
      : exportTiming.retry(before, expiryMillis, failures, limits)
    state.planned(planned)
    if (failures > 0) {
      yield* extend(before, expiryMillis, planned.extensionMillis)
      held += planned.extensionMillis
    }
    yield* Effect.sleep(Duration.millis(planned.exportMillis - before))

    if ((state.lastSuccessMillis ?? 0) > exportedMillis) {
      failures = 0
      held = 0
      continue
    }
    const now = yield* Clock.currentTimeMillis
    const started = exportTiming.start(now, exportedMillis + limits.windowMillis + held, limits)
    if (started.extensionMillis > 0) state.planned(started)
    yield* extend(now, exportedMillis + limits.windowMillis + held, started.extensionMillis)
    held += started.extensionMillis
    failures = (yield* exportOnce) === "failed" ? failures + 1 : 0
    if (failures > 0 && failures <= exportTiming.mostRetries) continue
    // What could not be exported for so long is given up, so that ended instances do not stay for ever.
    failures = 0
    held = 0
    exportedMillis = now
  }
})
