/**
 * The counts of instances that have ended, as the store has them.
 */
import * as Effect from "effect/Effect"
import * as TimeSlice from "../../internal/TimeSlice.ts"
import * as ClusterTotals from "../../metrics/internal/cluster/ClusterTotals.ts"
import type { MetricSnapshot } from "../../metrics/MetricSnapshot.ts"
import * as slotBody from "./slotBody.ts"

export type EndedInstances = Pick<ClusterTotals.Totals, "young" | "old" | "sinceMillis">

/** No part of a snapshot has an empty line. */
const separator = "\n\n"

export const encode = ({ old, sinceMillis, young }: EndedInstances): Effect.Effect<string> =>
  Effect.map(
    Effect.all([slotBody.encode(young), slotBody.encode(old)]),
    (bodies) => [String(sinceMillis), ...bodies].join(separator)
  )

/** Reads the text. If it is empty, nothing has ended. */
export const decode = Effect.fnUntraced(function*(text: string, nowMillis: number) {
  if (text === "") return ClusterTotals.none(nowMillis)
  const [since = "", young = "", old = ""] = text.split(separator)
  const ended: EndedInstances = {
    young: yield* slotBody.decode(young),
    old: yield* slotBody.decode(old),
    sinceMillis: Number(since)
  }
  return ended
})

/** Adds the last metrics of instances, in the presence of instances that live. */
export const add = (
  ended: EndedInstances,
  last: ReadonlyArray<MetricSnapshot>,
  living: ReadonlyMap<string, MetricSnapshot>,
  nowMillis: number,
  limits: ClusterTotals.Limits
): Effect.Effect<EndedInstances> => TimeSlice.run(adding(ended, last, living, nowMillis, limits))

function* adding(
  ended: EndedInstances,
  last: ReadonlyArray<MetricSnapshot>,
  living: ReadonlyMap<string, MetricSnapshot>,
  nowMillis: number,
  limits: ClusterTotals.Limits
): TimeSlice.Work<EndedInstances> {
  let totals: ClusterTotals.Totals = { ...ended, readings: living }
  for (const [index, snapshot] of last.entries()) {
    const source = `ended ${index}`
    totals = yield* ClusterTotals.replace(totals, source, snapshot, limits)
    totals = yield* ClusterTotals.remove(totals, source, limits)
  }
  return yield* ClusterTotals.expire(totals, nowMillis, limits)
}
