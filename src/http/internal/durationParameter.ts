/**
 * Durations in the query of a request: a text such as `1 hour`, or a number of milliseconds.
 */
import * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"
import { toDuration } from "../../config/internal/durationInput.ts"

/** A duration above zero that ends. It stays a text, which {@link millisOf} reads. */
export const durationParameter = (description: string) =>
  Schema.String.annotate({ description }).check(
    Schema.makeFilter((text) =>
      millisOf(text) !== undefined || "Expected a duration above zero, such as \"1 hour\", or milliseconds"
    )
  )

/** Milliseconds; `undefined` if the text is no duration, or none that ends. */
export const millisOf = (text: string): number | undefined => {
  const duration = toDuration(/^\d+$/.test(text) ? Number(text) : text)
  const millis = duration === undefined ? 0 : Duration.toMillis(duration)
  return millis > 0 && Number.isFinite(millis) ? millis : undefined
}
