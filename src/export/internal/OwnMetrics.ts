/**
 * The metrics of this instance, as its slot gets them.
 *
 * **Details**
 *
 * The counts never fall, also if the store of the instance drops an idle series. If the slot was added to the ended
 * instances while this instance was paused, its later slot has only what was measured since.
 */
import * as Effect from "effect/Effect"
import * as TimeSlice from "../../internal/TimeSlice.ts"
import * as ClusterTotals from "../../metrics/internal/cluster/ClusterTotals.ts"
import { emptySnapshot } from "../../metrics/internal/model/metricData.ts"
import * as MetricDelta from "../../metrics/MetricDelta.ts"
import type { MetricSnapshot } from "../../metrics/MetricSnapshot.ts"

/** A set of metrics that was read. */
export interface Reading {
  /** All that was measured since the start of the instance. */
  readonly whole: MetricSnapshot
  /** What was measured since the slot was last added to the ended instances. */
  readonly rest: MetricSnapshot
}

const source = "own"

export const make = (read: Effect.Effect<MetricSnapshot>, limits: ClusterTotals.Limits, nowMillis: number) => {
  let totals = ClusterTotals.none(nowMillis)
  let base = emptySnapshot
  let isWhole = true

  function* reading(snapshot: MetricSnapshot): TimeSlice.Work<Reading> {
    const replaced = yield* ClusterTotals.replace(totals, source, snapshot, limits)
    totals = yield* ClusterTotals.expire(replaced, snapshot.timeMillis, limits)
    const whole = (yield* ClusterTotals.combine(totals, {})).snapshot
    return { whole, rest: isWhole ? whole : yield* MetricDelta.steps(base, whole, "delta") }
  }

  return {
    read: Effect.flatMap(read, (snapshot) => TimeSlice.run(reading(snapshot))),
    /** Says that the ended instances have a reading. */
    folded: (whole: MetricSnapshot): void => {
      base = whole
      isWhole = false
    }
  }
}
