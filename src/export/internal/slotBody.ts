/**
 * The text of a snapshot in a slot: a document of JSON for each part, so that no part takes long to write or to read.
 */
import * as Effect from "effect/Effect"
import * as TimeSlice from "../../internal/TimeSlice.ts"
import * as SnapshotParts from "../../metrics/internal/combine/SnapshotParts.ts"
import * as JsonFormat from "../../metrics/JsonFormat.ts"
import type { MetricSnapshot } from "../../metrics/MetricSnapshot.ts"

/** Series in a part. */
const seriesInPart = 100

const separator = "\n"

export const encode = (snapshot: MetricSnapshot): Effect.Effect<string> => TimeSlice.run(encoding(snapshot))

function* encoding(snapshot: MetricSnapshot): TimeSlice.Work<string> {
  const texts: Array<string> = []
  for (const part of yield* SnapshotParts.split(snapshot, seriesInPart)) {
    texts.push(JsonFormat.format(part))
    yield
  }
  return texts.length === 0 ? JsonFormat.format(snapshot) : texts.join(separator)
}

/** Reads the text. An empty one is an empty snapshot. */
export const decode = (text: string) =>
  Effect.map(
    Effect.forEach(
      text === "" ? [] : text.split(separator),
      (part) => Effect.tap(JsonFormat.decode(part), () => Effect.yieldNow)
    ),
    SnapshotParts.join
  )
